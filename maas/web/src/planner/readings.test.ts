import { expect, test } from "vitest";

import { plannerJa } from "../words/planner.ja";
import type { Ridership, Totals } from "./analysis.svelte";
import { chosenNames, endNames, inBins, kept, largest, lostShare, monthsOf, overviewSays, percent, perDay, smallest, TILES } from "./readings";
import { filtersOf } from "./filters";

const totals: Totals = {
  rides: 90, riders: 100, members: 30, shared: 27, fare_yen: 45_000, distance_m: 270_000, kept: 80, late: 10, not_carried: 10, no_show: 5, cancelled: 5, lost: 10,
  refused: 20, declined: 3,
};

test("every figure on top is worked out of the counts as it is explained", () => {
  const shown = Object.fromEntries(TILES.map((tile) => [tile.key, tile.format(tile.of(totals)!)]));
  expect(shown).toEqual({
    riders: "100", members: "30", trips_each: "3.0", shared_share: "30.0", kept_share: "80.0", lost_share: "8.3", no_show_share: "4.8", fare_each: "450", distance_each: "3.0",
  });
  expect([kept({ ...totals, kept: 0, late: 0, not_carried: 0 }), lostShare({ ...totals, rides: 0, lost: 0, not_carried: 0, no_show: 0, cancelled: 0 })]).toEqual([null, null]);
});

test("no share is rounded up to all of them", () => {
  expect([percent(0.9999), percent(1), percent(0.29)]).toEqual(["99.9%", "100.0%", "29.0%"]);
});

const data = {
  now: totals, before: { ...totals, riders: 80 }, vehicles: [{ id: "van-1", name: "1号車", name_en: "Van 1" }],
  heat: [{ weekday: 0, hour: 8, riders: 30 }, { weekday: 1, hour: 10, riders: null }], days_of: [10, 9, 0, 0, 0, 0, 0],
} as unknown as Ridership;

test("the overview says by how much there are more riders than a year before", () => {
  expect(overviewSays(data, plannerJa)).toBe("この期間に、のべ100人（90件）が乗りました。前の年の同じ期間より25%多いです。");
  expect(overviewSays({ ...data, before: null }, plannerJa)).toContain("前の年の記録はありません");
});

test("riders on one such day are those of the cell over the days of the weekday", () => {
  const rows = perDay(data);
  expect(rows.map((row) => row.hour)).toEqual([8, 9, 10]);
  expect([rows[0]!.cells[0], rows[1]!.cells[0], rows[2]!.cells[1], rows[2]!.cells[6]]).toEqual([3, 0, null, 0]);
});

test("filters are said in words", () => {
  expect(chosenNames(filtersOf("?age=85%2B&vehicle=van-1&weekday=2"), data, plannerJa)).toEqual(["水", "85才以上", "1号車"]);
});

test("homes are called by their hamlet", () => {
  const name = endNames([{ key: "h:田土", name: "田土", name_en: "", kind: "hamlet", lat: 0, lon: 0 }, { key: "p:1", name: "病院", name_en: "Clinic", kind: "clinic", lat: 0, lon: 0 }], plannerJa, true);
  expect([name("h:田土"), name("p:1"), name("h:西")]).toEqual(["田土の家", "Clinic", "西"]);
});

test("few people are neither the most nor the least", () => {
  const of = (one: number | null) => one;
  expect([largest([null, 2, 5, 5], of), smallest([null, 2, 5], of), largest([null], of)]).toEqual([5, 2, undefined]);
  expect(inBins([{ over_min: null, to_min: 5, rides: 3 }, { over_min: 5, to_min: null, rides: 1 }], (to) => to !== null)).toBe(0.75);
});

test("a period has a part of every month from its first day's to its last day's", () => {
  expect(monthsOf({ first: "2026-11-30", last: "2027-02-01" })).toEqual(["2026-11", "2026-12", "2027-01", "2027-02"]);
  expect(monthsOf({ first: "2026-12-01", last: "2026-12-31" })).toEqual(["2026-12"]);
});
