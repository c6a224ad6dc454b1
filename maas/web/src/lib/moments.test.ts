import { expect, test } from "vitest";

import { readMoment, shownMoment, steppedMoment, typedMoment } from "./moments";

const TODAY = "2026-12-07";

test.each([
  ["date", "2026/12/7", "2026-12-07"],
  ["date", "2026-12-07", "2026-12-07"],
  ["date", "20261207", "2026-12-07"],
  ["date", "１２月７日", "2026-12-07"],
  ["date", "2026年12月7日(月)", "2026-12-07"],
  ["date", "12/7", "2026-12-07"],
  ["date", "2028/2/29", "2028-02-29"],
  ["date", "2027/2/29", undefined],
  ["date", "13/1", undefined],
  ["date", "7", undefined],
  ["date", "あした", undefined],
  ["date", " ", ""],
  ["month", "2026/11", "2026-11"],
  ["month", "202611", "2026-11"],
  ["month", "2026年11月", "2026-11"],
  ["month", "2026/13", undefined],
  ["time", "9:00", "09:00"],
  ["time", "900", "09:00"],
  ["time", "１７：３０", "17:30"],
  ["time", "24:00", "24:00"],
  ["time", "24:01", undefined],
  ["time", "9:60", undefined],
] as const)("a %s typed as %s is %s", (kind, typed, iso) => {
  expect(readMoment(kind, typed, TODAY)).toBe(iso);
});

test("what is shown can be typed again", () => {
  for (const [kind, iso] of [["date", "2026-12-07"], ["month", "2026-11"], ["time", "09:05"]] as const) {
    expect(readMoment(kind, typedMoment(kind, iso), TODAY)).toBe(iso);
    expect(readMoment(kind, shownMoment(kind, iso, "ja"), TODAY)).toBe(iso);
  }
});

test("a day is read with its weekday, in the order of the page's language", () => {
  expect(shownMoment("date", "2026-12-07", "ja")).toBe("2026年12月7日(月)");
  expect(shownMoment("date", "2026-12-07", "en")).toBe("Mon, 7 Dec 2026");
  expect(shownMoment("month", "2026-11", "ja")).toBe("2026年11月");
});

test("arrows go by a day, a month, five minutes", () => {
  expect(steppedMoment("date", "2026-12-31", 1)).toBe("2027-01-01");
  expect(steppedMoment("month", "2026-01", -1)).toBe("2025-12");
  expect(steppedMoment("time", "00:00", -1)).toBe("23:55");
});
