import { expect, test } from "vitest";

import { fit, linesOf, pages, roomBeside, within } from "./fit";
import { share } from "./share";

const panel = (inches: number, distance_m: number) => fit({ width: 1920, height: 1080, inches, distance_m });

test("letters have the size of the guideline, and rows are as many as there is room for", () => {
  expect([panel(32, 10).base, panel(43, 10).base, panel(21.5, 5).base]).toEqual([121, 90, 90]);
  expect([panel(21.5, 10), panel(32, 10), panel(43, 10), panel(55, 10)].map((one) => one.room)).toEqual([1, 3, 5, 3]);
});

test("a foot that is higher than reckoned takes whole rows, and the last one never", () => {
  const found = panel(27, 5);
  expect(found.room).toBe(3);
  const row_px = found.base * found.lines;
  expect([Infinity, 3 * row_px, 3 * row_px - 1, 1, 0].map((free_px) => within(found, free_px).room)).toEqual([3, 3, 2, 1, 1]);
});

test("an emergency leaves the rows it does not need to the buses, none where there is only one", () => {
  const large = panel(55, 5);
  expect(roomBeside(large, 1)).toBe(Math.floor(large.space - 3.2 / 2.95));
  expect(roomBeside(large, 30)).toBe(1);
  expect(roomBeside(panel(21.5, 10), 1)).toBe(0);
});

test("a letter of Latin is half as wide, and no text has more lines than there is room for", () => {
  expect([linesOf("あいうえおかきくけこ", { across: 6, down: 9 }), linesOf("abcdefghij", { across: 6, down: 9 })]).toEqual([2, 2]);
  expect(linesOf("あ".repeat(99), { across: 6, down: 3 })).toBe(3);
});

test("a long notice is shown in parts, and nothing of it is lost", () => {
  const text = "大雨のため、全線で運休しています。最新の情報は役場へ。Call 000-000-0000 now.";
  const parts = pages(text, { across: 10, down: 2 });
  expect(parts.join("")).toBe(text);
  expect(parts.length).toBeGreaterThan(2);
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(31);
  expect(pages("短い。", { across: 10, down: 2 })).toEqual(["短い。"]);
  expect(pages("", { across: 10, down: 2 })).toEqual([]);
});

const bus = (id: string, scheduled: number) => ({ id, scheduled, expected: null }) as never;
const car = (id: string, at: number) => ({ id, planned: at }) as never;
const ids = (found: { id: string }[]) => found.map((one) => one.id).join("");

test("booked cars get a third of the rows, or what the buses leave", () => {
  const buses = [bus("a", 1), bus("b", 2), bus("c", 3), bus("d", 4)];
  const cars = [car("x", 1), car("y", 2)];
  expect(ids(share(buses, cars, 4))).toBe("abcx");
  expect(ids(share(buses, [], 4))).toBe("abcd");
  expect(ids(share([bus("a", 1)], cars, 4))).toBe("axy");
  expect(ids(share(buses, cars, 2))).toBe("ax");
});

test("the only row shows what leaves first", () => {
  expect(ids(share([bus("a", 10)], [car("x", 5)], 1))).toBe("x");
  expect(ids(share([bus("a", 10)], [car("x", 15)], 1))).toBe("a");
  expect(ids(share([], [car("x", 15)], 1))).toBe("x");
  expect(ids(share([bus("a", 10)], [], 0))).toBe("");
});
