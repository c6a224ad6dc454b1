import { expect, test } from "vitest";

import { marksIn, remarksIn, targetAt } from "./remarks";

const event = (id: string, first: string, last: string, taken_back_by: string | null = null) => ({ id, first, last, taken_back_by });

test("an event stands at every month it touches, under its number", () => {
  const events = remarksIn([event("a", "2026-01-30", "2026-02-02"), event("b", "2026-02-10", "2026-02-10"), event("c", "2026-03-01", "2026-03-01", "planner"), event("d", "2025-01-01", "2025-01-02")], "2026-01-01", "2026-03-31");
  expect(events.map((one) => one.id)).toEqual(["a", "b"]);
  expect([...marksIn(events, ["2026-01-01", "2026-02-01", "2026-03-01"], false)]).toEqual([["2026-01-01", "(1)"], ["2026-02-01", "(1)(2)"]]);
  expect([...marksIn(events, ["2026-02-09", "2026-02-10"], true)]).toEqual([["2026-02-10", "(2)"]]);
});

test("the target that began last holds, and none may be set", () => {
  const targets = [{ figure: "riders", value: null, valid_from: "2026-10-01" }, { figure: "riders", value: 9000, valid_from: "2026-04-01" }];
  expect([targetAt(targets, "riders", "2026-09-30"), targetAt(targets, "riders", "2026-10-01"), targetAt(targets, "riders", "2026-01-01")]).toEqual([9000, null, undefined]);
});
