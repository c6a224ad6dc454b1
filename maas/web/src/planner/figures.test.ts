import { expect, test } from "vitest";

import { byReason, percent, sum, type Kept, type Refused } from "./figures";

const day = (kept: number, late: number, not_carried = 0): Kept => ({
  date: "2026-11-25", promised: kept + late, kept, kept_as_asked: kept, late, not_carried, no_show: 1, cancelled: 2,
  open: 0, moved: [{ reason: "road", count: 2 }], worst_late_s: late * 60, worst_reference: null, share: null,
});

test("a share of several days is that of all their promises", () => {
  const both = sum([day(1, 0), day(1, 3)]);
  expect([both.due, both.kept, both.share, both.worst_late_s]).toEqual([5, 2, 0.4, 180]);
  expect(sum([]).share).toBeNull();
  expect(sum([day(3, 0, 1)]).share).toBe(0.75);
});

test("no share is rounded up to all of them", () => {
  expect([percent(0.9999), percent(1), percent(null)]).toEqual(["99.9%", "100.0%", "–"]);
});

test("refusals are counted by reason, those declined apart", () => {
  const one = (reason: string, declined: boolean, riders: number) =>
    ({ reason, declined, ask: { riders } }) as unknown as Refused;
  expect(byReason([one("busy", false, 2), one("full", false, 1), one("busy", false, 1), one("busy", true, 1)])).toEqual([
    { reason: "busy", declined: false, asks: 2, people: 3 },
    { reason: "busy", declined: true, asks: 1, people: 1 },
    { reason: "full", declined: false, asks: 1, people: 1 },
  ]);
});
