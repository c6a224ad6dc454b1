import { expect, test } from "vitest";

import { againOn } from "./lastweek";

// 26 November 2026 is a Thursday.
test.each([
  ["thu", "10:00", 0],
  ["thu", "09:00", 7],
  ["fri", "09:00", 1],
  ["wed", "10:00", 6],
] as const)("a trip of a %s at %s is due in %i days", (weekday, time, days) => {
  expect(againOn({ weekday, time }, "2026-11-26", "09:30")).toBe(days);
});
