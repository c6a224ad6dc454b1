import { expect, test } from "vitest";

import { whatIfJa } from "../../words/whatif.ja";
import { inside, leftS, measureOf, MEASURES, reach, shown, signed, tableOf, verdict } from "./measures";
import type { Compared, Interval, Question, Result } from "./study";
import { changesOf, foundSays, nameOf, sentenceOf } from "./told";

const at = (mean: number, low: number | null, high: number | null): Interval => ({ mean, low, high });
const one = (name: string, vehicles: number, own: Interval, against: Interval): Compared => ({
  name, vehicles, measures: Object.fromEntries(MEASURES.map(({ key }) => [key, own])), against: Object.fromEntries(MEASURES.map(({ key }) => [key, against])),
});
const nothing = at(0, 0, 0);
const result = (smallest: string | null): Result => ({
  variants: [one("今のまま", 5, at(95, 94, 96), nothing), one("増車", 6, at(97.24, 97, 97.5), at(2.24, 2, 2.5)), one("7台", 7, at(99, 98, 100), nothing), one("6台", 6, at(98.2, 98, 98.4), nothing)],
  days: 21, asked: 1000, seeds: 10, smallest, town: "t", hash: "h",
});

test("a difference is told only when its whole interval is on one side", () => {
  const served = measureOf("served_percent"), refused = measureOf("refused"), fares = measureOf("fares_yen");
  expect(verdict(served, at(2, 1, 3))).toBe("better");
  expect(verdict(refused, at(2, 1, 3))).toBe("worse");
  expect(verdict(fares, at(2, 1, 3))).toBe("other");
  expect(verdict(served, at(2, -0.1, 4))).toBe("unsure");
  expect(verdict(served, at(2, null, null))).toBe("once");
  expect(verdict(served, nothing)).toBe("same");
});

test("a sentence says the change, between what it lies, and whether that is better", () => {
  const more = result(null).variants[1]!;
  expect(sentenceOf(more, "増車", "served_percent", whatIfJa)).toBe("増車: 乗れた人の割合は、+2.2 %（+2.0 から +2.5 の間）。よくなります。");
});

test("fleets that were tried stand behind what was asked for, the smallest first", () => {
  const all = shown(result("6台"), 1);
  expect(all.map((each, n) => nameOf(each, n, whatIfJa))).toEqual(["今のまま", "増車", "6台", "7台"]);
});

test("the fleet found is said with what it carries, or up to how many were tried", () => {
  expect(foundSays(result("6台"), 98, whatIfJa)).toContain("6台です。（乗れた人の割合 98.2%）");
  expect(foundSays(result(null), 98, whatIfJa)).toBe("7台までためしましたが、98%には届きませんでした。");
});

test("the table has each figure of each variant with both intervals", () => {
  const variants = result(null).variants;
  const table = tableOf(variants, (each) => each.name, (key) => key, (measure) => measure.unit, whatIfJa.result.heads);
  expect(table.rows).toHaveLength(MEASURES.length * variants.length);
  expect(table.rows[1]).toEqual(["served_percent", "percent", "増車", 97.24, 97, 97.5, 2.24, 2, 2.5]);
});

test("a share is shown between nothing and all, however few repetitions there were", () => {
  expect(inside(measureOf("kept_percent"), at(97, 84, 110))).toEqual(at(97, 84, 100));
  expect(inside(measureOf("km"), at(97, -84, 110))).toEqual(at(97, -84, 110));
});

test("what is nearly nothing has no sign", () => {
  expect([signed(0.04, 1), signed(-0.04, 1), signed(-3, 0), signed(1234.5, 1)]).toEqual(["±0.0", "±0.0", "−3", "+1,234.5"]);
});

test("an axis has room around the whiskers, also for one value", () => {
  expect(reach([at(5, 4, 6)])).toEqual({ from: 3.76, to: 6.24 });
  expect(reach([at(0, null, null)])).toEqual({ from: -1, to: 1 });
});

test("the time left follows how fast it went, and is not known at first", () => {
  expect(leftS([{ at: 0, done: 10 }], 10, 100)).toBeNull();
  expect(leftS([{ at: 0, done: 10 }, { at: 30, done: 40 }], 40, 100)).toBe(60);
});

test("what a variant changes is told, also what only the command line can ask", () => {
  const variant: Question["variants"][number] = {
    name: "x", more: [{ like: "van-1", count: 1, shift: "09:00/11:00" }], without: ["van-2"], shifts: {}, hours: { from: "07:30" }, booking: { window_min: 30, max_party: 4 }, tariff: {},
    free: { weekdays: ["sat"], tags: [] }, zones: [], demand_percent: 110, timetable: "3",
  };
  const names = { vehicle: (id: string) => id, edition: () => "春の時刻表" };
  expect(changesOf(variant, whatIfJa, names)).toEqual([
    "van-1と同じ車を1台ふやす（09:00〜11:00）", "van-2を使わない", "07:30に始める", "迎えの時刻のはばを30分にする", "max_partyを4にする", "区域のきまりをなくす", "土曜日は運賃をただにする",
    "時刻表を「春の時刻表」にする", "予約の数を110%にする",
  ]);
  expect(changesOf({ name: "y", more: [], without: [], shifts: {}, hours: {}, booking: {}, tariff: {}, demand_percent: 100 }, whatIfJa, names)).toEqual(["今のまま"]);
});
