import { expect, test } from "vitest";

import { head, lateBy, needsBus, trust } from "./status";
import type { RidePage } from "./types";

const NOW = Date.parse("2026-11-26T09:00:00+09:00") / 1000;
const at = (time: string): string => `2026-11-26T${time}+09:00`;
const RIDE = {
  now: NOW,
  state: "booked",
  reference: "4821",
  pickup_from: at("09:05:00"),
  pickup_to: at("09:15:00"),
  arrive_by: at("09:40:00"),
  expected: at("09:08:30"),
  seen_at: at("08:59:50"),
  without_vehicle: false,
} as RidePage;

const shown = (changed: Partial<RidePage>, answered_s = 0) => {
  const ride = { ...RIDE, ...changed };
  const trusted = trust(ride, answered_s);
  return { head: head(ride, NOW, trusted), trust: trusted };
};

test("a vehicle that is seen comes in so many minutes, rounded down", () => {
  expect(shown({})).toEqual({ head: { kind: "minutes", minutes: 8 }, trust: { kind: "live", age_s: 10 } });
  expect(shown({ expected: at("09:00:40") }).head).toEqual({ kind: "soon" });
});

test("nobody is told minutes of a vehicle that is not seen", () => {
  expect(shown({ expected: null, seen_at: null })).toEqual({ head: { kind: "window" }, trust: { kind: "planned" } });
  expect(shown({ seen_at: at("08:54:00") }).head).toEqual({ kind: "window" });
  expect(shown({ seen_at: at("08:57:00") })).toEqual({
    head: { kind: "minutes", minutes: 8 },
    trust: { kind: "stale", age_s: 180 },
  });
});

test("what is known grows old by the seconds of the device", () => {
  expect(shown({}, 85).trust).toEqual({ kind: "stale", age_s: 95 });
});

test("without a connection there are no minutes", () => {
  expect(shown({}, 91)).toEqual({ head: { kind: "window" }, trust: { kind: "offline" } });
  expect(shown({ state: "cancelled" }, 91).head).toEqual({ kind: "cancelled" });
});

test("more than an hour ahead the time says more than minutes", () => {
  expect(shown({ expected: at("10:00:00") }).head).toEqual({ kind: "window" });
  expect(shown({ expected: at("09:59:59") }).head).toEqual({ kind: "minutes", minutes: 59 });
});

test("every state has words of its own", () => {
  expect(shown({ state: "arrived" }).head).toEqual({ kind: "here" });
  expect(shown({ state: "aboard", expected: at("09:21:10") }).head).toEqual({ kind: "aboard", minutes: 21 });
  expect(shown({ state: "aboard", expected: null }).head).toEqual({ kind: "aboard", minutes: undefined });
  expect(shown({ state: "done" })).toEqual({ head: { kind: "done" }, trust: { kind: "settled" } });
  expect(shown({ state: "no_show" }).head).toEqual({ kind: "noShow" });
  expect(shown({ without_vehicle: true }).head).toEqual({ kind: "searching" });
  expect(shown({ state: "held" }).head).toEqual({ kind: "held" });
});

test("late is told from two minutes on, and only of a ride that has not begun", () => {
  const late = (changed: Partial<RidePage>) => lateBy({ ...RIDE, ...changed }, { kind: "live", age_s: 0 });
  expect(late({})).toBe(0);
  expect(late({ expected: at("09:16:50") })).toBe(0);
  expect(late({ expected: at("09:22:30") })).toBe(7);
  expect(late({ expected: at("09:22:30"), state: "aboard" })).toBe(0);
});

test("who has no vehicle is told of the bus", () => {
  expect(needsBus(RIDE)).toBe(false);
  expect(needsBus({ ...RIDE, state: "cancelled" })).toBe(true);
  expect(needsBus({ ...RIDE, without_vehicle: true })).toBe(true);
});
