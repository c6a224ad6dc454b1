import { expect, test } from "vitest";

import { parts, skew } from "./standing";

test("a clock two minutes off is told, in either direction", () => {
  expect([119, -119, 120, -300].map((ahead) => skew(1000, 1000 + ahead))).toEqual([0, 0, 120, -300]);
});

test("an age has minutes and seconds", () => {
  expect(parts(59.9)).toEqual({ minutes: 0, seconds: 59 });
  expect(parts(425)).toEqual({ minutes: 7, seconds: 5 });
});
