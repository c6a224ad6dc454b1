import { expect, test } from "vitest";

import { afterTen, stopOf, TEN } from "../lib/samples";
import type { PastDay, PastRide } from "../lib/types";
import { happenings, hoursAround, joined, rideAt, ridesAt, seenAt, type Fix } from "./past";

const place = stopOf("x", "pickup", 0).place;
const told = (minutes: number, pickup: number, why = "booked") => ({
  at: afterTen(minutes),
  pickup_from: afterTen(pickup),
  pickup_to: afterTen(pickup + 10),
  arrive_by: afterTen(pickup + 40),
  why,
});
const ride = (id: string, change: Partial<PastRide> = {}): PastRide => ({
  booking_id: id,
  reference: id,
  name: "仮野 勇",
  state: "done",
  riders: 1,
  origin: place,
  destination: place,
  told: [told(-60, 0)],
  assigned: [{ at: afterTen(-60), vehicle_id: "van-1" }],
  arrived: null,
  aboard: null,
  dropped: null,
  ended: null,
  ...change,
});
const day = (rides: PastRide[]): PastDay => ({
  date: "2026-11-25",
  start: TEN - 36_000,
  vehicles: [],
  rides,
  went_wrong: [{ at: TEN + 60, sentence: "1号車が動けません。" }],
});

test("a vehicle is where it was last seen, until that says nothing any more", () => {
  const track: Fix[] = [[100, 1, 1], [160, 2, 2], [220, 3, 3]];
  expect(seenAt(track, 99)).toBeUndefined();
  expect(seenAt(track, 160)).toEqual({ lat: 2, lon: 2, age_s: 0 });
  expect(seenAt(track, 219)).toEqual({ lat: 2, lon: 2, age_s: 59 });
  expect(seenAt(track, 220 + 15 * 60)?.age_s).toBe(900);
  expect(seenAt(track, 221 + 15 * 60)).toBeUndefined();
  expect(seenAt(undefined, 100)).toBeUndefined();
});

test("a ride has the vehicle and the promise that held then, not those of later", () => {
  const moved = ride("a", {
    told: [told(-60, 0), told(10, 20, "vehicle_out")],
    assigned: [
      { at: afterTen(-60), vehicle_id: "van-1" },
      { at: afterTen(-30), vehicle_id: "van-2" },
    ],
    aboard: afterTen(25),
  });
  expect(rideAt(moved, TEN - 3601)).toBeUndefined();
  expect(rideAt(moved, TEN - 3000)?.vehicle).toBe("van-1");
  const before = rideAt(moved, TEN + 599);
  expect([before?.vehicle, before?.told.pickup_from, before?.moved]).toEqual(["van-2", afterTen(0), 0]);
  const after = rideAt(moved, TEN + 600);
  expect([after?.told.pickup_from, after?.moved, after?.stage]).toEqual([afterTen(20), 1, "planned"]);
  expect(rideAt(moved, TEN + 25 * 60)?.stage).toBe("aboard");
});

test("a vehicle's rides: those on board first, then by their promised time", () => {
  const rides = [
    ride("late", { told: [told(-60, 30)] }),
    ride("early", { told: [told(-60, 10)] }),
    ride("on", { aboard: afterTen(0) }),
    ride("off", { dropped: afterTen(0) }),
    ride("gone", { ended: afterTen(0) }),
    ride("other", { assigned: [{ at: afterTen(-60), vehicle_id: "van-2" }] }),
  ];
  expect(ridesAt(day(rides), "van-1", TEN + 60).map((one) => one.ride.reference)).toEqual([
    "on", "early", "late", "off", "gone",
  ]);
});

test("what happened is told up to the moment, newest first, nothing from the days before", () => {
  const rides = [ride("a", { told: [told(-24 * 60, 0)], aboard: afterTen(0), dropped: afterTen(5) })];
  const kinds = (minutes: number) => happenings(day(rides), TEN + 60 * minutes).map((one) => one.kind);
  expect(kinds(4)).toEqual(["wrong", "aboard"]);
  expect(kinds(5)).toEqual(["dropped", "wrong", "aboard"]);
});

test("tracks are asked for by the hour and stay in order", () => {
  expect(hoursAround(36_000 + 10, 0)).toEqual([9, 10]);
  expect(hoursAround(10, 0)).toEqual([0]);
  expect(joined({ a: [[5, 0, 0]] }, { a: [[3, 0, 0]], b: [[1, 0, 0]] })).toEqual({
    a: [[3, 0, 0], [5, 0, 0]],
    b: [[1, 0, 0]],
  });
});
