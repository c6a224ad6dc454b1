import { expect, test } from "vitest";

import { dateOf, dayText, epochOf, noonOf, onTimetable, shortClock, spoken, spokenSpan } from "./times";

const ZONE = "Asia/Tokyo";
const at = (time: string) => epochOf(`2026-11-25T${time}+09:00`);

test("a timetable counts to 24, a voice does not", () => {
  expect(onTimetable(at("13:05:00"), ZONE)).toBe("13:05");
  expect(onTimetable(at("00:00:00"), ZONE)).toBe("0:00");
  expect(spoken(at("13:05:00"), ZONE, "ja")).toBe("午後1時5分");
  expect(spoken(at("09:00:00"), ZONE, "ja")).toBe("午前9時");
  expect(spoken(at("12:30:00"), ZONE, "ja")).toBe("午後0時30分");
  expect(spokenSpan(at("10:00:00"), at("10:15:00"), ZONE, "ja")).toEqual(["午前10時", "10時15分"]);
  expect(spokenSpan(at("11:50:00"), at("12:05:00"), ZONE, "ja")).toEqual(["午前11時50分", "午後0時5分"]);
  expect(spokenSpan(at("10:00:00"), at("10:15:00"), ZONE, "en")).toEqual(["10:00 am", "10:15 am"]);
  expect(spoken(at("12:30:00"), ZONE, "en")).toBe("12:30 pm");
  expect(spoken(at("00:07:00"), ZONE, "en")).toBe("12:07 am");
});

test("a rule's clock is written like every other", () => {
  expect(["09:05", "00:30", "10:00", "25:10"].map(shortClock)).toEqual(["9:05", "0:30", "10:00", "25:10"]);
});

test("seconds do not round a minute up", () => {
  expect(onTimetable(at("09:59:59"), ZONE)).toBe("9:59");
});

test("a day is the town's day, with its weekday", () => {
  const beforeMidnight = epochOf("2026-11-25T14:59:00Z");
  expect(dateOf(beforeMidnight, ZONE)).toBe("2026-11-25");
  expect(dateOf(beforeMidnight + 60, ZONE)).toBe("2026-11-26");
  expect(dayText(beforeMidnight, ZONE, "ja")).toBe("11月25日(水)");
});

test("days ahead are counted on the calendar", () => {
  expect(dateOf(noonOf("2026-11-30", 1), ZONE)).toBe("2026-12-01");
});

test("the other languages have times and days of their own", () => {
  expect(spoken(at("13:05:00"), ZONE, "zh-Hans")).toBe("13:05");
  expect(spoken(at("00:05:00"), ZONE, "ko")).toContain("12:05");
  expect(spoken(at("13:05:00"), ZONE, "vi")).toBe("13:05");
  expect(dayText(at("13:05:00"), ZONE, "zh-Hans")).toBe("11月25日周三");
  expect(dayText(at("13:05:00"), ZONE, "ko")).toBe("11월 25일 (수)");
  expect(dayText(at("13:05:00"), ZONE, "vi")).toContain("25 tháng 11");
});
