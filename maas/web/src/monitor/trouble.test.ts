import { expect, test } from "vitest";

import type { RiderChange } from "../lib/types";
import { bodyOf, complete, counts, inOrder, laterMinutes, NOTHING, toggled, type Asked } from "./trouble";

const askedOf = (change: Partial<Asked>): Asked => ({ ...NOTHING, reason: "パンク", ...change });
const place = { lat: 34.8, lon: 133.7, name: "橋" };
const changeOf = (reference: string, change: Partial<RiderChange>) =>
  ({ reference, what: "moved", call_first: null, later_s: 0, ...change }) as RiderChange;

test("a command says what happened, of what, and why", () => {
  expect(complete(NOTHING)).toBe(false);
  expect(complete(askedOf({ kind: "vehicle_out" }))).toBe(false);
  expect(complete(askedOf({ kind: "vehicle_out", vehicles: ["van-1"] }))).toBe(true);
  expect(complete(askedOf({ kind: "vehicle_out", vehicles: ["van-1"], reason: " " }))).toBe(false);
  expect(complete(askedOf({ kind: "road_closed", vehicles: ["van-1"] }))).toBe(false);
  expect(complete(askedOf({ kind: "road_slow", points: [place] }))).toBe(true);
  expect(complete(askedOf({ kind: "road_open" }))).toBe(false);
  expect(complete(askedOf({ kind: "road_open", closure: "c" }))).toBe(true);
});

test("only what belongs to the kind is sent", () => {
  const all = { vehicles: ["van-1"], points: [place], closure: "c", reason: " パンク " };
  expect(bodyOf(askedOf({ ...all, kind: "driver_off" }), true)).toEqual({
    kind: "driver_off", preview: true, reason: "パンク",
    vehicles: ["van-1"], points: [], factor: null, closure: null,
  });
  expect(bodyOf(askedOf({ ...all, kind: "road_slow" }), false)).toEqual({
    kind: "road_slow", preview: false, reason: "パンク",
    vehicles: [], points: [{ lat: 34.8, lon: 133.7 }], factor: 0.5, closure: null,
  });
  expect(bodyOf(askedOf({ ...all, kind: "road_open" }), false)).toMatchObject({
    vehicles: [], points: [], closure: "c",
  });
});

test("a second press takes a vehicle out again", () => {
  expect(toggled(toggled([], "a"), "b")).toEqual(["a", "b"]);
  expect(toggled(["a", "b"], "a")).toEqual(["b"]);
});

test("those to ring come first in their order, then who has no ride, then the latest", () => {
  const riders = [
    changeOf("kept", { what: "shifted", later_s: 60 }),
    changeOf("later", { what: "shifted", later_s: 600 }),
    changeOf("lost", { what: "unplaced", later_s: null }),
    changeOf("second", { call_first: 2, later_s: 900 }),
    changeOf("first", { call_first: 1 }),
  ];
  expect(inOrder(riders).map((one) => one.reference)).toEqual([
    "first", "second", "lost", "later", "kept",
  ]);
});

test("riders are counted by what becomes of them", () => {
  const riders = (["moved", "transfer", "unplaced", "shifted", "shifted", "released"] as const).map(
    (what) => changeOf("", { what }),
  );
  expect(counts(riders)).toEqual({ unplaced: 1, later: 2, kept: 2 });
});

test("a minute begun is a minute later", () => {
  expect(laterMinutes(changeOf("", { later_s: 61 }))).toBe(2);
  expect(laterMinutes(changeOf("", { later_s: -61 }))).toBe(-1);
  expect(laterMinutes(changeOf("", { later_s: null }))).toBeUndefined();
});
