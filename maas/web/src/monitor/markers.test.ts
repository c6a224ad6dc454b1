import { expect, test } from "vitest";

import { haloOf, nearest, paintOf, sidesOf, type Marker, type Point } from "./markers";

const at = (id: string, x: number, y: number, chosen = false): Marker & Point => ({
  id, x, y, chosen, kind: "van", label: "１号車", at: [0, 0], bearing: null, age_s: 0, silent: false,
});

test("a name alone stands below its vehicle", () => {
  expect([...sidesOf([at("a", 0, 0)])]).toEqual([["a", "below"]]);
});

test("names give way to each other, and the last finds no room", () => {
  const here = ["a", "b", "c", "d", "e"].map((id) => at(id, 0, 0));
  expect([...sidesOf(here).values()]).toEqual(["below", "above", "right", "left"]);
});

test("the chosen vehicle's name comes first", () => {
  const sides = sidesOf([at("a", 0, 0), at("b", 0, 0, true)]);
  expect([sides.get("b"), sides.get("a")]).toEqual(["below", "above"]);
});

test("names far apart do not move each other", () => {
  expect([...sidesOf([at("a", 0, 0), at("b", 60, 0)]).values()]).toEqual(["below", "below"]);
});

test("a press takes the nearest vehicle within reach", () => {
  const both = [at("a", 0, 0), at("b", 30, 0)];
  expect(nearest(both, { x: 18, y: 0 })?.id).toBe("b");
  expect(nearest(both, { x: 60, y: 0 })).toBeUndefined();
});

test("a silent vehicle is grey and its halo wide and pale", () => {
  expect(paintOf({ ...at("a", 0, 0), silent: true })).not.toBe(paintOf(at("a", 0, 0)));
  expect(haloOf(0)).toEqual({ width: 32, opacity: 0.35 });
  expect(haloOf(6000).width).toBe(88);
  expect(haloOf(6000).opacity).toBeCloseTo(0.12);
});
