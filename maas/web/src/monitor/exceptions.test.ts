import { expect, test } from "vitest";

import { afterTen, stopOf, TEN, vanWith } from "../lib/samples";
import type { Booking, BusLink, Handover, OddReport, PhoneTask, VehiclePlan } from "../lib/types";
import { exceptions, nameOf, NO_SHOW_S, type Facts } from "./exceptions";

const factsWith = (change: Partial<Facts> = {}): Facts => ({
  vehicles: [],
  age_s: () => 5,
  silent_s: 60,
  unplaced: [],
  bookings: [],
  links: [],
  reports: [],
  tasks: [],
  notes: [],
  closures: [],
  ...change,
});
const kinds = (change: Partial<Facts>) => exceptions(factsWith(change), TEN).map((one) => one.kind);
const fleetOf = (vehicle: VehiclePlan, age: number | undefined = 5) =>
  kinds({ vehicles: [vehicle], age_s: () => age });

const bookingOf = (id: string, minutes: number, state = "booked") =>
  ({ id, state, pickup_planned: afterTen(minutes) }) as Booking;
const linkOf = (state: BusLink["state"]) => ({ booking_id: "a", state }) as BusLink;
const taskOf = (from: number, due: number) =>
  ({ key: "t", from_at: afterTen(from), due_at: afterTen(due) }) as PhoneTask;

test("a quiet day has no exceptions", () => {
  const vehicles = [vanWith([stopOf("a", "pickup", 5)])];
  expect(kinds({ vehicles, bookings: [bookingOf("a", 5)], links: [linkOf("linked")] })).toEqual([]);
});

test("a promise that will be broken by a minute is one, and names the worst", () => {
  const van = vanWith([
    stopOf("a", "pickup", 5, { slack_s: -60, rider_name: "A" }),
    stopOf("b", "pickup", 9, { slack_s: -200, rider_name: "B" }),
    stopOf("c", "pickup", 9, { slack_s: -900, rider_name: "C", state: "done" }),
  ]);
  const found = exceptions(factsWith({ vehicles: [van] }), TEN);
  expect(found).toEqual([
    { kind: "late", vehicle: van, minutes: 3, who: "B", booking_id: "b" },
  ]);
  expect(fleetOf(vanWith([stopOf("a", "pickup", 5, { slack_s: -59 })]))).toEqual([]);
});

test("silence counts on duty only, and only once there was a position", () => {
  expect(fleetOf(vanWith([]), 61)).toEqual(["silent"]);
  expect(fleetOf(vanWith([]), 60)).toEqual([]);
  expect(kinds({ vehicles: [vanWith([])], age_s: () => undefined })).toEqual([]);
  expect(fleetOf(vanWith([], { shift_to: afterTen(-1) }), 600)).toEqual([]);
});

test("a battery is low below a fifth", () => {
  expect(fleetOf(vanWith([], { battery_percent: 20 }))).toEqual([]);
  expect(fleetOf(vanWith([], { battery_percent: 19 }))).toEqual(["battery"]);
});

test("a call is overdue once they had to know, and not while it may not be made", () => {
  expect(kinds({ tasks: [taskOf(-20, -3)] })).toEqual(["call"]);
  expect(kinds({ tasks: [taskOf(-20, 0)] })).toEqual([]);
  expect(kinds({ tasks: [taskOf(5, -3)] })).toEqual([]);
  const [late] = exceptions(factsWith({ tasks: [taskOf(-20, -3)] }), TEN);
  expect(late).toMatchObject({ minutes: 3 });
});

test("who did not come stays on the list for an hour", () => {
  const minutes = NO_SHOW_S / 60;
  expect(kinds({ bookings: [bookingOf("a", -minutes, "no_show")] })).toEqual(["no_show"]);
  expect(kinds({ bookings: [bookingOf("a", -minutes - 1, "no_show")] })).toEqual([]);
});

test("a bus that is missed or asked to wait brings its booking along", () => {
  const booking = bookingOf("a", 5);
  const found = exceptions(factsWith({ bookings: [booking], links: [linkOf("missed")] }), TEN);
  expect(found).toEqual([{ kind: "missed", link: linkOf("missed"), booking }]);
  expect(kinds({ links: [linkOf("waiting"), linkOf("undone")] })).toEqual(["waiting"]);
});

test("riders without a ride come first, batteries last, and each has a name of its own", () => {
  const facts = factsWith({
    vehicles: [vanWith([stopOf("a", "pickup", 5, { slack_s: -600 })], { battery_percent: 1 })],
    age_s: () => 600,
    unplaced: [bookingOf("u", 5)],
    bookings: [bookingOf("n", -5, "no_show")],
    links: [linkOf("waiting"), linkOf("missed")],
    reports: [{ id: 7 } as OddReport],
    tasks: [taskOf(-9, -1)],
  });
  const found = exceptions(facts, TEN);
  expect(found.map((one) => one.kind)).toEqual([
    "unplaced", "late", "missed", "silent", "call", "no_show", "odd", "waiting", "battery",
  ]);
  expect(new Set(found.map(nameOf)).size).toBe(found.length);
});

test("a note of the shift before stands last, until somebody takes it over", () => {
  const note = { id: "n", author: "a", text: "t" } as Handover;
  const found = exceptions(factsWith({ notes: [note], unplaced: [bookingOf("a", 5)] }), TEN);
  expect(found.map((one) => one.kind)).toEqual(["unplaced", "note"]);
  expect(nameOf(found[1]!)).toBe("note:n");
});
