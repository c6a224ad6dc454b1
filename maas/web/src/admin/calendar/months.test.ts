import { expect, test } from "vitest";

import { daysOf, later } from "./months";

test("a month ends on its own last day", () => {
  expect(daysOf("2026-11")).toEqual({ from: "2026-11-01", to: "2026-11-30" });
  expect(daysOf("2028-02").to).toBe("2028-02-29");
});

test("months go over the year", () => {
  expect([later("2026-12", 1), later("2026-01", -1), later("2026-05", 0)]).toEqual(["2027-01", "2025-12", "2026-05"]);
});
