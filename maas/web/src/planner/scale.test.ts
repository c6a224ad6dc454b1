import { expect, test } from "vitest";

import { axis, change, every, level } from "./scale";

test("an axis ends at a round number that holds the largest", () => {
  expect(axis(1969)).toEqual({ top: 2000, steps: [0, 500, 1000, 1500, 2000] });
  expect(axis(7).top).toBe(8);
  expect(axis(100)).toEqual({ top: 100, steps: [0, 50, 100] });
  expect(axis(0)).toEqual({ top: 1, steps: [0, 1] });
});

test("the largest cell is the strongest, and nothing has no colour", () => {
  expect([level(0, 10), level(null, 10), level(0.1, 10), level(5, 10), level(10, 10)]).toEqual([0, 0, 1, 2, 4]);
});

test("labels leave room for each other", () => {
  expect([every(60, 40), every(20, 40), every(0, 40)]).toEqual([1, 2, 40]);
});

test("with nothing before there is no change", () => {
  expect([change(110, 100)?.toFixed(2), change(5, 0), change(null, 3), change(5, null)]).toEqual(["0.10", null, null, null]);
});
