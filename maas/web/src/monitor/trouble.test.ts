import { expect, test } from "vitest";

import type { RiderChange } from "../lib/types";
import { bodyOf, complete, counts, inOrder, laterMinutes, NOTHING, toggled, wantsCalls, type Asked } from "./trouble";

const askedOf = (change: Partial<Asked>): Asked => ({ ...NOTHING, reason: "パンク", ...change });
const DAY = "2026-11-27";
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

test("a break needs a vehicle and a length, and no reason", () => {
  const rest = (change: Partial<Asked>) => complete(askedOf({ kind: "rest", vehicles: ["van-1"], reason: "", ...change }));
  expect(rest({})).toBe(true);
  expect(rest({ vehicles: [] })).toBe(false);
  expect([4, 5, 240, 241, 7.5].map((minutes) => rest({ minutes }))).toEqual([false, true, true, false, false]);
  expect(complete(askedOf({ kind: "rest_off", vehicles: ["van-1"] }))).toBe(false);
  expect(complete(askedOf({ kind: "rest_off", rest: "r", reason: "" }))).toBe(true);
});

test("only what belongs to the kind is sent", () => {
  const all = { vehicles: ["van-1"], points: [place], closure: "c", reason: " パンク " };
  const nothing = { vehicles: [], points: [], factor: null, closure: null, at: null, minutes: null, rest: null };
  expect(bodyOf(askedOf({ ...all, kind: "driver_off" }), DAY, true)).toEqual({
    ...nothing, kind: "driver_off", preview: true, reason: "パンク", vehicles: ["van-1"],
  });
  expect(bodyOf(askedOf({ ...all, kind: "road_slow" }), DAY, false)).toEqual({
    ...nothing, kind: "road_slow", preview: false, reason: "パンク",
    points: [{ lat: 34.8, lon: 133.7 }], factor: 0.5,
  });
  expect(bodyOf(askedOf({ ...all, kind: "road_open" }), DAY, false)).toMatchObject({ ...nothing, closure: "c" });
});

test("a break is sent with the instant it should begin, or none for now", () => {
  const rest = { kind: "rest" as const, vehicles: ["van-1"], minutes: 45, rest: "r", reason: "" };
  expect(bodyOf(askedOf({ ...rest, begin: "14:30" }), DAY, true)).toEqual({
    kind: "rest", preview: true, reason: "", vehicles: ["van-1"], points: [], factor: null, closure: null,
    at: "2026-11-27T05:30:00.000Z", minutes: 45, rest: null,
  });
  expect(bodyOf(askedOf(rest), DAY, true).at).toBeNull();
  expect(bodyOf(askedOf({ ...rest, kind: "rest_off", begin: "14:30" }), DAY, true)).toMatchObject({
    vehicles: [], at: null, minutes: null, rest: "r",
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

test("calls are wanted when somebody has to be rung, not when a ride only shifts", () => {
  expect(wantsCalls([])).toBe(false);
  expect(wantsCalls([changeOf("1", { what: "shifted" })])).toBe(false);
  expect(wantsCalls([changeOf("1", { what: "shifted" }), changeOf("2", { call_first: 1 })])).toBe(true);
});
