import { expect, test } from "vitest";

import { daysAhead, readLine, withoutPlaces } from "./line";

const plain = {
  places: [], day: undefined, time: null, anchor: "depart",
  riders: undefined, wheelchairs: undefined, back: undefined,
};

test.each([
  ["", plain],
  ["1030", { ...plain, time: "10:30" }],
  ["930", { ...plain, time: "09:30" }],
  ["10:30", { ...plain, time: "10:30" }],
  ["着1000", { ...plain, time: "10:00", anchor: "arrive" }],
  ["a1000", { ...plain, time: "10:00", anchor: "arrive" }],
  ["１０３０　ｒ？", { ...plain, time: "10:30", back: "open" }],
  ["130", { ...plain, time: "13:30" }],
  ["0630", { ...plain, time: "06:30" }],
  ["午後1時半", { ...plain, time: "13:30" }],
  ["10時", { ...plain, time: "10:00" }],
  ["着9時5分", { ...plain, time: "09:05", anchor: "arrive" }],
  ["午前1230", { ...plain, time: "00:30" }],
  ["1030 +2 w", { ...plain, time: "10:30", riders: 2, wheelchairs: 1 }],
  ["+3", { ...plain, riders: 3 }],
  ["w2 a1415", { ...plain, time: "14:15", anchor: "arrive", wheelchairs: 2 }],
  ["1030 r1200", { ...plain, time: "10:30", back: { time: "12:00" } }],
  ["1030r1200", { ...plain, time: "10:30", back: { time: "12:00" } }],
  ["1030+2w r?", { ...plain, time: "10:30", riders: 2, wheelchairs: 1, back: "open" }],
  ["r", { ...plain, back: "open" }],
  ["r130", { ...plain, back: { time: "13:30" } }],
  ["1 1030", { ...plain, places: [1], time: "10:30" }],
  ["kayo 1030", { ...plain, places: ["kayo"], time: "10:30" }],
  ["1 賀陽病院 明日 1030", {
    ...plain, places: [1, "賀陽病院"], time: "10:30", day: { kind: "ahead", days: 1 },
  }],
  ["火 1030", { ...plain, time: "10:30", day: { kind: "weekday", weekday: 2 } }],
  ["fri", { ...plain, day: { kind: "weekday", weekday: 5 } }],
  ["12/3 900", { ...plain, time: "09:00", day: { kind: "date", month: 12, date: 3 } }],
  ["28日", { ...plain, day: { kind: "date", month: undefined, date: 28 } }],
])("“%s” is understood", (typed, line) => {
  expect(readLine(typed)).toEqual(line);
});

test.each([["wakaba"], ["rokkaku"], ["aoba"], ["w1030"], ["r1299x"], ["賀陽123"]])(
  "“%s” begins like a command and is a place all the same",
  (typed) => expect(readLine(typed)).toEqual({ ...plain, places: [typed] }),
);

test.each([["1099"], ["2430"], ["+0"], ["10305"], ["a2 b2 c2", "c2"], ["1030 99", "99"]])(
  "“%s” is not understood",
  (typed, wrong = typed) => expect(readLine(typed)).toEqual({ wrong }),
);

test("chosen places leave the rest of the line", () => {
  expect(withoutPlaces("きび 賀陽 1030 +2 r?")).toBe("1030 +2 r?");
  expect(withoutPlaces("kayo")).toBe("");
});

const ahead = (typed: string, nowTime: string, today = "2026-11-26") => {
  const line = readLine(typed);
  if ("wrong" in line) throw new Error(line.wrong);
  return daysAhead(line, today, nowTime);
};

test("without a day, a time gone by today means tomorrow", () => {
  expect(ahead("0900", "09:30")).toBe(1);
  expect(ahead("1000", "09:30")).toBe(0);
  expect(ahead("", "09:30")).toBe(0);
});

test("a day that is said is that day", () => {
  expect(ahead("今日 0900", "09:30")).toBe(0);
  expect(ahead("あさって 0900", "09:30")).toBe(2);
  expect(ahead("木 1000", "09:30")).toBe(0); // 26 November 2026 is a Thursday
  expect(ahead("木 0900", "09:30")).toBe(7);
  expect(ahead("水 0900", "09:30")).toBe(6);
  expect(ahead("12/3", "09:30")).toBe(7);
  expect(ahead("1/5", "09:30")).toBe(40);
  expect(ahead("3日", "09:30")).toBe(7);
});
