import { expect, test } from "vitest";

import { afterTen, stopOf, TEN, vanWith } from "../lib/samples";
import type { Booking } from "../lib/types";
import { near, nextRide } from "./nextride";

const booking = (change: Partial<Booking> = {}) =>
  ({
    id: "b", state: "booked", date: "2026-11-25", pickup_from: "2026-11-25T10:20:00+09:00",
    pickup_planned: afterTen(20), arrive_planned: afterTen(40), ...change,
  }) as Booking;
const seen = (age: number) => ({ lat: 34, lon: 133, bearing: null, ts: TEN - age });

test("the plan as of now says when the vehicle comes, and how many stops are before it", () => {
  const van = vanWith([stopOf("a", "pickup", 5), stopOf("b", "pickup", 23)], { position: seen(8) });
  expect(nextRide(booking(), van, TEN)).toEqual({
    at: TEN + 23 * 60, minutes: 23, before: 1, age: 8, seen: "live",
  });
});

test("who sits in the vehicle asks when they arrive", () => {
  const van = vanWith([stopOf("b", "dropoff", 12)]);
  expect(nextRide(booking({ state: "aboard" }), van, TEN).minutes).toBe(12);
});

test("without a plan there is what was told, and nothing about the vehicle", () => {
  expect(nextRide(booking(), undefined, TEN)).toEqual({
    at: TEN + 20 * 60, minutes: 20, before: undefined, age: undefined, seen: "never",
  });
});

test("after a minute without a sign a vehicle is silent, in a fast demo later", () => {
  const van = vanWith([], { position: seen(61) });
  expect(nextRide(booking(), van, TEN).seen).toBe("silent");
  expect(nextRide(booking(), van, TEN, 10).seen).toBe("live");
});

test("only bookings of that day around that time are shown as near", () => {
  const all = [booking(), booking({ id: "c", date: "2026-11-26" }), booking({ id: "d", state: "cancelled" })];
  expect(near(all, "2026-11-25", "10:30").map((one) => one.id)).toEqual(["b"]);
  expect(near(all, "2026-11-25", "13:00")).toEqual([]);
  expect(near(all, "2026-11-25", null).map((one) => one.id)).toEqual(["b"]);
});
