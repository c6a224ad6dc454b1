import { expect, test } from "vitest";

import { stopOf, TEN, vanWith } from "../lib/samples";
import { place, rides, ticks } from "./gantt";

const PER_MINUTE = 100 / 270;

test("now lies half an hour from the left of four and a half hours", () => {
  expect(place(TEN, TEN)).toBeCloseTo(30 * PER_MINUTE);
  expect(place(TEN - 3600, TEN)).toBe(0);
  expect(place(TEN + 5 * 3600, TEN)).toBe(100);
});

test("a ride spans its pick-up to its drop-off, with the promised window", () => {
  const van = vanWith([stopOf("a", "pickup", 30), stopOf("a", "dropoff", 60)]);
  const [ride] = rides(van, TEN);
  expect(ride!.left).toBeCloseTo(60 * PER_MINUTE);
  expect(ride!.width).toBeCloseTo(30 * PER_MINUTE);
  expect(ride!.window!.width).toBeCloseTo(15 * PER_MINUTE);
  expect(ride!.late).toBe(false);
});

test("a rider already on board begins at the left end and has no window", () => {
  const [ride] = rides(vanWith([stopOf("a", "dropoff", 10)]), TEN);
  expect(ride!.left).toBe(0);
  expect(ride!.window).toBeUndefined();
});

test("rides at the same time lie under each other, later ones use a free lane again", () => {
  const van = vanWith([
    stopOf("a", "pickup", 0),
    stopOf("b", "pickup", 10),
    stopOf("a", "dropoff", 40),
    stopOf("b", "dropoff", 50),
    stopOf("c", "pickup", 60),
    stopOf("c", "dropoff", 90),
  ]);
  expect(rides(van, TEN).map((ride) => [ride.booking, ride.lane])).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 0],
  ]);
});

test("a broken promise makes the ride late, unless that stop is done", () => {
  const stops = [stopOf("a", "pickup", 0, { slack_s: -1 }), stopOf("a", "dropoff", 40)];
  expect(rides(vanWith(stops), TEN)[0]!.late).toBe(true);
  stops[0]!.state = "done";
  expect(rides(vanWith(stops), TEN)[0]!.late).toBe(false);
});

test("what is spare lies between the planned drop-off and the promise", () => {
  const stops = [stopOf("a", "pickup", 0), stopOf("a", "dropoff", 40, { slack_s: 600 })];
  const [ride] = rides(vanWith(stops), TEN);
  expect(ride!.spare.left).toBeCloseTo(ride!.left + ride!.width);
  expect(ride!.spare.width).toBeCloseTo(10 * PER_MINUTE);
  stops[1]!.slack_s = -60;
  expect(rides(vanWith(stops), TEN)[0]!.spare.width).toBe(0);
});

test("a seat that is only held is told apart", () => {
  const stops = [stopOf("a", "pickup", 0, { state: "held" }), stopOf("a", "dropoff", 40)];
  expect(rides(vanWith(stops), TEN)[0]!.held).toBe(true);
  expect(rides(vanWith(stops.slice(1)), TEN)[0]!.held).toBe(false);
});

test("ticks are the half hours inside the chart", () => {
  const all = ticks(TEN + 60);
  expect(all[0]).toBe(TEN);
  expect(all.at(-1)).toBe(TEN + 4 * 3600);
});
