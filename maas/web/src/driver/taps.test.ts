import { expect, test } from "vitest";

import { afterTen, stopOf, TEN, vanWith } from "../lib/samples";
import type { Job, PlannedRest, Step } from "../lib/types";
import type { Kept } from "./events";
import {
  afterTaps, changeBetween, isEmpty, restsBetween, stepsFor, stopsOf, tapsOf, together, waitLeft, type Change, type Tap,
} from "./taps";

const STOPS = [stopOf("a", "pickup", 5), stopOf("b", "pickup", 9), stopOf("a", "dropoff", 20)];

const tap = (booking_id: string, step: Step): Tap => ({ booking_id, step });

const jobOf = (change: Partial<Job> = {}): Job => ({
  vehicle: vanWith(STOPS),
  next: STOPS[0]!,
  then: STOPS.slice(1),
  on_board: [],
  driver: null,
  ride: null,
  waits: [],
  warnings: [],
  ...change,
});

const changeOf = (change: Partial<Change>): Change => ({
  fresh: [], gone: [], moved: [], rests: [], restsOff: [], ...change,
});
const restOf = (id: string, minutes: number, change: Partial<PlannedRest> = {}): PlannedRest => ({
  id, since: afterTen(minutes), until: afterTen(minutes + 30), place: STOPS[0]!.place, ...change,
});
const ids = (rests: PlannedRest[]) => rests.map((rest) => rest.id);

const names = (stops: { booking_id: string; kind: string; state: string }[]) =>
  stops.map((stop) => `${stop.booking_id} ${stop.kind} ${stop.state}`);

test("work is the next stop and what follows, without what is done", () => {
  const then = [...STOPS.slice(1), stopOf("c", "dropoff", 30, { state: "done" })];
  expect(stopsOf(jobOf({ then })).map((stop) => stop.booking_id)).toEqual(["a", "b", "a"]);
});

test("taps on their way to the server already show on the tablet", () => {
  expect(names(afterTaps(STOPS, [tap("a", "arrived")]))[0]).toBe("a pickup arrived");
  expect(names(afterTaps(STOPS, [tap("a", "arrived"), tap("a", "aboard")]))).toEqual([
    "b pickup planned",
    "a dropoff planned",
  ]);
  expect(names(afterTaps(STOPS, [tap("a", "no_show")]))).toEqual(["b pickup planned"]);
  expect(names(afterTaps([STOPS[2]!], [tap("a", "dropped")]))).toEqual([]);
});

test("only this vehicle's steps in the queue are taps", () => {
  const kept = { event: "e", at: "", spot: null };
  const queue: Kept[] = [
    { ...kept, seq: 1, vehicle: "van-1", doing: tap("a", "arrived") },
    { ...kept, seq: 2, vehicle: "van-1", doing: { record: { kind: "break_end" } } },
    { ...kept, seq: 3, vehicle: "van-2", doing: tap("b", "arrived") },
  ];
  expect(tapsOf(queue, "van-1")).toEqual([tap("a", "arrived")]);
});

test("only the steps that are possible now can be tapped", () => {
  const may = { leave: false, moving: false };
  const waiting = stopOf("a", "pickup", 5, { state: "arrived" });
  expect(stepsFor(stopOf("a", "pickup", 5), may)).toEqual(["arrived"]);
  expect(stepsFor(stopOf("a", "pickup", 5, { state: "held" }), may)).toEqual([]);
  expect(stepsFor(waiting, may)).toEqual(["aboard"]);
  expect(stepsFor(waiting, { ...may, leave: true })).toEqual(["aboard", "no_show"]);
  expect(stepsFor(stopOf("a", "dropoff", 5), may)).toEqual(["dropped"]);
});

test("while the vehicle drives only the arrival can be tapped", () => {
  const may = { leave: true, moving: true };
  expect(stepsFor(stopOf("a", "pickup", 5), may)).toEqual(["arrived"]);
  expect(stepsFor(stopOf("a", "pickup", 5, { state: "arrived" }), may)).toEqual([]);
  expect(stepsFor(stopOf("a", "dropoff", 5), may)).toEqual([]);
});

test("a rider is waited for as long as the server says, else five minutes", () => {
  const wait = { booking_id: "a", since: afterTen(4), until: afterTen(12) };
  expect(waitLeft(STOPS[0]!, jobOf({ waits: [wait] }), TEN, TEN + 600)).toBe(120);
  // Promised from 10:05: who comes before that waits until 10:10, who comes at 10:08 until 10:13.
  expect(waitLeft(STOPS[0]!, jobOf(), TEN, TEN + 60)).toBe(540);
  expect(waitLeft(STOPS[0]!, jobOf(), TEN + 480, TEN + 540)).toBe(240);
  expect(waitLeft(STOPS[0]!, jobOf(), TEN, TEN + 1200)).toBe(0);
});

test("a driver is told of new and of vanished bookings, once each, but not of their own", () => {
  const after = [stopOf("a", "dropoff", 20), stopOf("d", "pickup", 25), stopOf("d", "dropoff", 40)];
  const change = changeBetween(STOPS, after, new Set());
  expect(change.fresh.map((stop) => stop.booking_id)).toEqual(["d"]);
  expect(change.gone.map((stop) => stop.booking_id)).toEqual(["b"]);
  expect(changeBetween(STOPS, after, new Set(["b"])).gone).toEqual([]);
});

test("a stop that moves by five minutes or to another place is news, by four it is not", () => {
  const moved = (change: object, minutes = 5) =>
    changeBetween([STOPS[0]!], [stopOf("a", "pickup", minutes, change)], new Set()).moved.length;
  expect(moved({}, 9)).toBe(0);
  expect(moved({}, 10)).toBe(1);
  expect(moved({ place: { ...STOPS[0]!.place, id: 2 } })).toBe(1);
  expect(moved({ riders: 2 })).toBe(1);
});

test("changes that were not acknowledged stay until they are, without work that is gone again", () => {
  const first = changeOf({ fresh: [stopOf("d", "pickup", 25)] });
  const both = together(first, changeOf({ fresh: [stopOf("e", "pickup", 30)] }));
  expect(both.fresh.map((stop) => stop.booking_id)).toEqual(["d", "e"]);
  const gone = together(first, changeOf({ gone: [stopOf("d", "pickup", 25)] }));
  expect([gone.fresh.length, gone.gone.length]).toEqual([0, 1]);
});

test("a driver is told of a break that comes, goes to another time or place, or is taken out", () => {
  const told = (before: PlannedRest[], after: PlannedRest[], now_s = TEN) => {
    const { rests, restsOff } = restsBetween(before, after, now_s);
    return [ids(rests), ids(restsOff)];
  };
  expect(told([], [restOf("r", 60)])).toEqual([["r"], []]);
  expect(told([restOf("r", 60)], [restOf("r", 64)])).toEqual([[], []]);
  expect(told([restOf("r", 60)], [restOf("r", 65)])).toEqual([["r"], []]);
  expect(told([restOf("r", 60)], [restOf("r", 60, { until: afterTen(120) })])).toEqual([["r"], []]);
  expect(told([restOf("r", 60)], [restOf("r", 60, { place: { ...STOPS[0]!.place, id: 2 } })])).toEqual([["r"], []]);
  expect(told([restOf("r", 60)], [])).toEqual([[], ["r"]]);
  // A plan forgets what is over.
  expect(told([restOf("r", 60)], [], TEN + 90 * 60)).toEqual([[], []]);
});

test("a break that was taken out before it was acknowledged is told of as gone alone", () => {
  const first = changeOf({ rests: [restOf("r", 60), restOf("s", 200)] });
  const both = together(first, changeOf({ restsOff: [restOf("r", 60)] }));
  expect([ids(both.rests), ids(both.restsOff)]).toEqual([["s"], ["r"]]);
  expect([isEmpty(both), isEmpty(changeOf({}))]).toEqual([false, true]);
});
