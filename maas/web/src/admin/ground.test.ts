import { expect, test } from "vitest";

import { apart, crosses, flat, holds, km2, stepped, withCorner, type LatLon } from "./ground";

const SQUARE: LatLon[] = [[34.8, 133.6], [34.8, 133.7], [34.9, 133.7], [34.9, 133.6]];

test("a point of the drawing is the place that was drawn there", () => {
  const drawing = flat(SQUARE);
  for (const place of SQUARE) {
    const [x, y] = drawing.at(place);
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(1000);
    expect(y).toBeLessThanOrEqual(drawing.height);
    expect(apart(drawing.back(x, y), place)).toBeLessThan(0.01);
  }
});

test("an arrow moves a place by so many metres", () => {
  const at: LatLon = [34.85, 133.65];
  for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]) {
    expect(apart(at, stepped(at, key, 50)!)).toBeCloseTo(50, -0.5);
  }
  expect(stepped(at, "ArrowUp", 50)![0]).toBeGreaterThan(at[0]);
  expect(stepped(at, "Enter", 50)).toBeUndefined();
});

test("a corner comes between its two nearest neighbours", () => {
  expect(withCorner(SQUARE, [34.8, 133.65])[1]).toEqual([34.8, 133.65]);
  expect(withCorner(SQUARE, [34.85, 133.59]).at(-1)).toEqual([34.85, 133.59]);
  expect(withCorner([[1, 1]], [2, 2])).toEqual([[1, 1], [2, 2]]);
});

test("a bow tie crosses itself, a square does not", () => {
  expect(crosses(SQUARE)).toBe(false);
  expect(crosses([SQUARE[0]!, SQUARE[2]!, SQUARE[1]!, SQUARE[3]!])).toBe(true);
});

test("what lies in a square, and how large it is", () => {
  expect(holds(SQUARE, [34.85, 133.65])).toBe(true);
  expect(holds(SQUARE, [34.95, 133.65])).toBe(false);
  // 11.12 km by 9.13 km
  expect(km2(SQUARE)).toBeGreaterThan(100);
  expect(km2(SQUARE)).toBeLessThan(103);
  expect(km2([])).toBe(0);
});
