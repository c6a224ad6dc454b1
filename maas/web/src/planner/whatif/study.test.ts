import { expect, test } from "vitest";

import { bodyOf, draftOf, isSame, newDraft, noChange, type Change, type Question } from "./study";

const everything: Change = {
  name: "全部", more: [{ like: "van-1", count: 2, from: "09:00", to: "11:00" }, { like: "van-2", count: 1, from: "", to: "" }], without: ["van-3"],
  shifts: { "van-1": { from: "07:00", to: "19:00" } }, opens: "07:30", closes: "18:00", deadline: 60, window: 30,
  area: "drawn", corners: [[34.8, 133.6], [34.9, 133.6], [34.9, 133.7]], free: "days", freeDays: ["mon"], timetable: 3, percent: 120,
};
const asked = (variants: Change[], serves?: number) => bodyOf({ ...newDraft("2026-10-01", "2026-10-31"), variants }, "town", "名前", (at) => `案${at + 1}`, serves);
// The server keeps the edition as a text.
const kept = (variants: Change[]): Question => { const { variants: all, ...rest } = asked(variants); return { ...rest, variants: all!.map(({ timetable, ...one }) => ({ ...one, ...(timetable ? { timetable: String(timetable) } : {}) })) } as Question; };

test("what is left empty is not asked for", () => {
  const [variant] = asked([noChange()]).variants!;
  expect(variant).toEqual({ name: "案1", more: [], without: [], shifts: {}, hours: {}, booking: {}, tariff: {}, demand_percent: 100 });
});

test("every change is asked for as the town's file has it", () => {
  const variant = asked([everything]).variants![0]!;
  expect(variant.more).toEqual([{ like: "van-1", count: 2, shift: "09:00/11:00" }, { like: "van-2", count: 1 }]);
  expect(variant.shifts).toEqual({ "van-1": "07:00/19:00" });
  expect([variant.hours, variant.booking]).toEqual([{ from: "07:30", to: "18:00" }, { deadline_min: 60, window_min: 30 }]);
  expect(variant.free).toEqual({ weekdays: ["mon"], tags: [] });
  expect(variant.zones![0]).toMatchObject({ area: "town", id: "what-if", polygons: [everything.corners] });
  expect(variant.relations![0]).toMatchObject({ from: ["what-if"], to: ["what-if"] });
  expect([variant.timetable, variant.demand_percent]).toEqual([3, 120]);
});

test("a question asked before comes back into the form as it was", () => {
  const again = draftOf(kept([everything, { ...noChange(), name: "b", area: "none", free: "all" }]));
  expect(again.variants[0]).toEqual(everything);
  expect(again.variants[1]).toEqual({ ...noChange(), name: "b", area: "none", free: "all" });
});

test("half a time span changes nothing, nor does a vehicle that is left out", () => {
  const change = { ...noChange(), shifts: { a: { from: "07:00", to: "" }, b: { from: "07:00", to: "08:00" } }, without: ["b"] };
  expect(asked([change]).variants![0]!.shifts).toEqual({});
});

test("the smallest fleet is looked for without the variants", () => {
  const body = asked([everything], 98);
  expect([body.variants, body.smallest]).toEqual([[], { serves_percent: 98 }]);
});

test("a variant with nothing but a name is the town as it is", () => {
  expect(isSame({ ...noChange(), name: "x" })).toBe(true);
  expect(isSame({ ...noChange(), window: 20 })).toBe(false);
});
