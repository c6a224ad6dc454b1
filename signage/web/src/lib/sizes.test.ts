import { expect, test } from "vitest";

import { fontPx } from "./sizes";

// Table of the sign's specification: CSS px on a 1920 x 1080 panel by inches and distance.
const TABLE: [number, number[]][] = [
  [21.5, [41, 90, 180, 359]],
  [27, [33, 72, 143, 286]],
  [32, [28, 61, 121, 241]],
  [43, [21, 45, 90, 180]],
  [50, [18, 39, 78, 155]],
  [55, [16, 36, 71, 141]],
  [65, [14, 30, 60, 119]],
];

test.each(TABLE)("a %s inch panel is readable at 2, 5, 10 and 20 m", (inches, expected) => {
  [2, 5, 10, 20].forEach((distance_m, index) => {
    const px = fontPx(distance_m, inches, 1920, 1080);
    expect(px).toBeGreaterThanOrEqual(expected[index]! - 1);
    expect(px).toBeLessThanOrEqual(expected[index]! + 1);
  });
});

test("half the pixels on the same panel need half the font", () => {
  expect(fontPx(10, 32, 960, 540)).toBe(Math.ceil(fontPx(10, 32, 1920, 1080) / 2));
});
