import { expect, test } from "vitest";

import { dayFor, readTime } from "./ask";

const plain = { time: null, anchor: "depart", riders: undefined, wheelchairs: undefined };

test.each([
  ["", plain],
  ["1030", { ...plain, time: "10:30" }],
  ["930", { ...plain, time: "09:30" }],
  ["10:30", { ...plain, time: "10:30" }],
  ["着1000", { ...plain, time: "10:00", anchor: "arrive" }],
  ["a1000", { ...plain, time: "10:00", anchor: "arrive" }],
  ["１０３０", { ...plain, time: "10:30" }],
  ["130", { ...plain, time: "13:30" }],
  ["0630", { ...plain, time: "06:30" }],
  ["1030 +2 w", { ...plain, time: "10:30", riders: 2, wheelchairs: 1 }],
  ["+3", { ...plain, riders: 3 }],
  ["w2 a1415", { ...plain, time: "14:15", anchor: "arrive", wheelchairs: 2 }],
])("“%s” is understood", (typed, asked) => {
  expect(readTime(typed)).toEqual(asked);
});

test.each([["1099"], ["2430"], ["kayo"], ["+0"], ["10305"]])("“%s” is not a time", (typed) => {
  expect(readTime(typed)).toEqual({ wrong: typed });
});

test("only the word that is wrong is named", () => {
  expect(readTime("1030 xx")).toEqual({ wrong: "xx" });
});

test("a time gone by today means tomorrow, unless the day was chosen", () => {
  expect(dayFor("09:00", undefined, "09:30")).toBe(1);
  expect(dayFor("10:00", undefined, "09:30")).toBe(0);
  expect(dayFor(null, undefined, "09:30")).toBe(0);
  expect(dayFor("09:00", 0, "09:30")).toBe(0);
  expect(dayFor("09:00", 3, "09:30")).toBe(3);
});
