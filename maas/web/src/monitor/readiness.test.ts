import { expect, test } from "vitest";

import { afterTen, stopOf, TEN, vanWith } from "../lib/samples";
import type { Booking, Disruption, Duty } from "../lib/types";
import { ahead, dutiesOf, notCalled, vehiclesOut } from "./readiness";

const dutyOf = (readiness: Duty["readiness"]) => ({ vehicle_id: "van-1", readiness }) as Duty;
const reported = (kind: Disruption["kind"], ...ids: string[]) =>
  ({ kind, vehicles: ids.map((id) => ({ id, name: id })) }) as Disruption;
const out = (...all: Disruption[]) => vehiclesOut(all).map((one) => one.id);

test("a vehicle on duty needs a roll call that found its driver fit", () => {
  const van = vanWith([]);
  expect(notCalled([van], [], TEN)).toEqual([van]);
  expect(notCalled([van], [dutyOf("not_called")], TEN)).toEqual([van]);
  expect(notCalled([van], [dutyOf("not_fit")], TEN)).toEqual([van]);
  expect(notCalled([van], [dutyOf("ready")], TEN)).toEqual([]);
  expect(notCalled([vanWith([], { shift_from: afterTen(1) })], [], TEN)).toEqual([]);
});

test("the newest report of a vehicle counts, and roads take no vehicle out", () => {
  expect(out(reported("vehicle_out", "a", "b"))).toEqual(["a", "b"]);
  expect(out(reported("back", "a"), reported("driver_off", "a", "b"))).toEqual(["b"]);
  expect(out(reported("vehicle_out", "a"), reported("back", "a"))).toEqual(["a"]);
  expect(out(reported("road_closed"), reported("road_closed", "a"))).toEqual([]);
});

test("tomorrow's drivers are called in the order of their first riders, those without last", () => {
  const plan = [
    vanWith([], { id: "idle" }),
    vanWith([stopOf("b", "pickup", 30), stopOf("a", "pickup", 20), stopOf("a", "dropoff", 40)], { id: "late" }),
    vanWith([stopOf("h", "pickup", 1, { state: "held" }), stopOf("c", "pickup", 10)], { id: "early" }),
  ];
  const duties = dutiesOf({ bookings: [], disruptions: [reported("driver_off", "idle")], plan });
  expect(duties.map((one) => [one.vehicle.id, one.rides, one.out])).toEqual([
    ["early", 1, false], ["late", 2, false], ["idle", 0, true],
  ]);
  expect(duties[1]!.first).toBe(afterTen(20));
});

test("what was cancelled is not tomorrow's, and the rest is by time", () => {
  const of = (id: string, minutes: number, state = "booked") =>
    ({ id, state, pickup_planned: afterTen(minutes) }) as Booking;
  const bookings = [of("b", 9), of("a", 5), of("x", 1, "cancelled"), of("y", 1, "lapsed")];
  expect(ahead({ bookings }).map((one) => one.id)).toEqual(["a", "b"]);
});
