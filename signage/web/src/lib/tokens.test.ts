import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { contrast, difference, palette, readableOn, type Eye } from "./colour";
import { APART, GLANCE, LOOKS, PAIRS } from "./tokens";

const css = readFileSync(fileURLToPath(new URL("tokens.css", import.meta.url)), "utf-8");
const EYES: Eye[] = ["usual", "protan", "deutan", "tritan"];

for (const [look, selector] of Object.entries(LOOKS)) {
  const colours = palette(css, selector);

  test.each(PAIRS)(`${look}: %s on %s can be read (%d)`, (text, ground, least) => {
    expect(contrast(colours[text]!, colours[ground]!)).toBeGreaterThanOrEqual(least);
  });

  for (const eye of EYES) {
    test.each(APART)(`${look}: the ${eye} eye tells %s from %s`, (one, other) => {
      expect(difference(colours[one]!, colours[other]!, eye)).toBeGreaterThanOrEqual(GLANCE);
    });
  }
}

test("contrast, and what an eye without a cone confuses, are computed as published", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrast("#000", "#fff")).toBeCloseTo(21);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  // A red and a green of one brightness: far apart for most, one colour for a deuteranope.
  expect(difference("#a06428", "#7a7818")).toBeGreaterThan(30);
  expect(difference("#a06428", "#7a7818", "deutan")).toBeLessThan(10);
});

test("the letters of a badge are whichever can be read on it", () => {
  expect([readableOn("#ffd166"), readableOn("#0b4f43")]).toEqual(["#000000", "#ffffff"]);
});

test("nothing slants", () => expect(css).not.toMatch(/font-style:\s*(italic|oblique)/));
