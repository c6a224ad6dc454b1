import { expect, test } from "vitest";

import { stopOf, vanWith } from "../lib/samples";
import type { Job, Step } from "../lib/types";
import { afterTaps, changeBetween, stepsFor, stopsOf, type Tap } from "./taps";

const STOPS = [stopOf("a", "pickup", 5), stopOf("b", "pickup", 9), stopOf("a", "dropoff", 20)];

const tap = (booking_id: string, step: Step): Tap => ({
  key: step,
  vehicle: "van-1",
  booking_id,
  step,
  at: "",
});

const names = (stops: { booking_id: string; kind: string; state: string }[]) =>
  stops.map((stop) => `${stop.booking_id} ${stop.kind} ${stop.state}`);

test("work is the next stop and what follows, without what is done", () => {
  const [next, ...then] = STOPS;
  const job: Job = {
    vehicle: vanWith(STOPS),
    next: next!,
    then: [...then, stopOf("c", "dropoff", 30, { state: "done" })],
    on_board: [],
    driver: null,
    ride: null,
    waits: [],
    warnings: [],
  };
  expect(stopsOf(job).map((stop) => stop.booking_id)).toEqual(["a", "b", "a"]);
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

test("only the steps that are possible now can be tapped", () => {
  expect(stepsFor(stopOf("a", "pickup", 5))).toEqual(["arrived"]);
  expect(stepsFor(stopOf("a", "pickup", 5, { state: "arrived" }))).toEqual(["aboard", "no_show"]);
  expect(stepsFor(stopOf("a", "dropoff", 5))).toEqual(["dropped"]);
});

test("a driver is told of new and of vanished bookings, once each, but not of their own", () => {
  const after = [stopOf("a", "dropoff", 20), stopOf("d", "pickup", 25), stopOf("d", "dropoff", 40)];
  const change = changeBetween(STOPS, after, new Set());
  expect(change.fresh.map((stop) => stop.booking_id)).toEqual(["d"]);
  expect(change.gone.map((stop) => stop.booking_id)).toEqual(["b"]);
  expect(changeBetween(STOPS, after, new Set(["b"])).gone).toEqual([]);
});
