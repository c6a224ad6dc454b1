import { expect, test } from "vitest";

import { spread } from "./flowmap";

const spot = (key: string, x: number, y: number, size = 1) => ({ key, name: "賀陽病院", title: "", at: [0, 0] as [number, number], size, xy: [x, y] as [number, number], r: 9 });

test("names of spots side by side do not touch, the larger spot's comes first", () => {
  const found = spread([spot("small", 500, 300, 1), spot("large", 505, 302, 9)]);
  expect(found.map((one) => one.key)).toEqual(["large", "small"]);
  expect(found[0]!.anchor === found[1]!.anchor && Math.abs(found[0]!.y - found[1]!.y) < 24).toBe(false);
});

test("a name that would leave the map is written on the other side", () => {
  expect(spread([spot("east", 980, 300)])[0]!.anchor).toBe("end");
});
