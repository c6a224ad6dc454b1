import { expect, test } from "vitest";

import { ahead, late, merge, trust, wait } from "./board";
import type { Departure } from "./types";

const NOW = 1_000_000;

const bus = (change: Partial<Departure> = {}): Departure => ({
  id: "1",
  trip: "t",
  route: "r",
  route_name: "高原線",
  route_name_en: "Kogen line",
  headsign: "きびプラザ",
  headsign_kana: "きびぷらざ",
  headsign_en: "Kibi Plaza",
  color: "0B6E4F",
  text_color: "FFFFFF",
  platform: "",
  scheduled: NOW + 600,
  expected: NOW + 600,
  low: null,
  high: null,
  be_there_by: NOW + 600,
  state: "running",
  delay_s: 0,
  vehicle: "bus-1",
  ...change,
});

test("a wait never promises more than there is", () => {
  expect(wait(bus({ expected: NOW + 299 }), NOW, "live")).toEqual({ kind: "minutes", minutes: 4 });
  expect(wait(bus({ expected: NOW + 60 }), NOW, "live")).toEqual({ kind: "minutes", minutes: 1 });
  expect(wait(bus({ expected: NOW + 59 }), NOW, "live")).toEqual({ kind: "soon" });
});

test("minutes go on while the data is stale, and stop when it is too old to mean anything", () => {
  expect(wait(bus(), NOW, "stale")).toEqual({ kind: "minutes", minutes: 10 });
  expect(wait(bus(), NOW, "timetable")).toEqual({ kind: "at", time_s: NOW + 600 });
});

test("a departure known from the timetable only shows its time", () => {
  expect(wait(bus({ expected: null }), NOW, "live")).toEqual({ kind: "at", time_s: NOW + 600 });
});

test("from an hour on the time says more than minutes", () => {
  expect(wait(bus({ expected: NOW + 3599 }), NOW, "live").kind).toBe("minutes");
  expect(wait(bus({ expected: NOW + 3600 }), NOW, "live").kind).toBe("at");
});

test("a cancelled bus is cancelled whatever the clock says", () => {
  for (const trusted of ["live", "stale", "timetable"] as const) {
    expect(wait(bus({ state: "cancelled" }), NOW, trusted)).toEqual({ kind: "cancelled" });
  }
});

test("a bus on a detour comes around a time, for no minute is sure", () => {
  const diverted = bus({ state: "diverted", expected: NOW + 700 });
  expect(wait(diverted, NOW, "live")).toEqual({ kind: "around", time_s: NOW + 700 });
  expect(wait(diverted, NOW, "timetable").kind).toBe("at");
});

test("a bus nobody has seen has its planned time only", () => {
  const ghost = bus({ state: "not_running", expected: null });
  expect(wait(ghost, NOW, "live")).toEqual({ kind: "at", time_s: NOW + 600 });
});

test("lateness counts from one whole minute and never from an old estimate", () => {
  expect(late(bus({ delay_s: 59 }), "live")).toBe(0);
  expect(late(bus({ delay_s: 190 }), "live")).toBe(3);
  expect(late(bus({ delay_s: -200 }), "live")).toBe(0);
  expect(late(bus({ delay_s: 190 }), "timetable")).toBe(0);
  expect(late(bus({ delay_s: 190, state: "cancelled" }), "live")).toBe(0);
});

test("buses are in the order they leave, and gone half a minute after", () => {
  const rows = [
    bus({ id: "late", scheduled: NOW + 10, expected: NOW + 900 }),
    bus({ id: "next", scheduled: NOW + 60, expected: null }),
    bus({ id: "left", expected: NOW - 30 }),
  ];
  expect(ahead(rows, NOW).map((one) => one.id)).toEqual(["next", "late"]);
});

test("data is live for 90 s, stale to 5 min, then a timetable, then nothing", () => {
  expect(trust(90, 3, false)).toBe("live");
  expect(trust(91, 3, false)).toBe("stale");
  expect(trust(300, 3, false)).toBe("stale");
  expect(trust(301, 3, false)).toBe("timetable");
  expect(trust(301, 0, false)).toBe("expired");
  expect(trust(5, 3, true)).toBe("timetable");
});

test("changes replace their own departure, and one that is gone leaves", () => {
  const known = [bus({ id: "a" }), bus({ id: "b" })];
  const changed = [bus({ id: "a", delay_s: 120 }), { ...bus({ id: "b" }), gone: true }];
  expect(merge(known, changed)).toEqual([bus({ id: "a", delay_s: 120 })]);
  expect(merge(known, [bus({ id: "c" })]).length).toBe(3);
});
