import { expect, test } from "vitest";

import { neighbour, type Spot } from "./rover";

const line = (...spots: [string, number][]): Spot[] => spots.map(([booking, left]) => ({ booking, left }));
const LINES = [line(["b", 50], ["a", 10]), [], line(["c", 45], ["d", 90])];

test("left and right go along the line in the order of time and end there", () => {
  expect(neighbour(LINES, "a", "ArrowRight")).toBe("b");
  expect(neighbour(LINES, "b", "ArrowLeft")).toBe("a");
  expect(neighbour(LINES, "b", "ArrowRight")).toBeUndefined();
});

test("up and down go to the nearest in time on the next line that has rides", () => {
  expect(neighbour(LINES, "b", "ArrowDown")).toBe("c");
  expect(neighbour(LINES, "d", "ArrowUp")).toBe("b");
  expect(neighbour(LINES, "c", "ArrowDown")).toBeUndefined();
  expect(neighbour(LINES, "unknown", "ArrowUp")).toBeUndefined();
});
