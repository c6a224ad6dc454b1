import { expect, test } from "vitest";

import { columnsOf, daysOf, type Timetable } from "./timetable";

const TOKYO = "Asia/Tokyo";
const at = (iso: string): number => Date.parse(`${iso}+09:00`) / 1000;
const line = (name: string, headsign: string): Timetable["lines"][number] => ({
  route: name,
  route_name: name,
  route_name_en: "",
  headsign,
  headsign_kana: "",
  headsign_en: "",
  color: "",
  text_color: "",
  platform: "",
});

const TABLE: Timetable = {
  until: at("2026-11-28T00:00:00"),
  lines: [line("A", "病院"), line("B", "役場"), line("A", "病院")],
  departures: [
    [at("2026-11-25T23:50:00"), 0, "y"],
    [at("2026-11-26T07:05:00"), 0, "1"],
    [at("2026-11-26T07:40:00"), 2, "2"],
    [at("2026-11-26T08:10:00"), 1, "3"],
    [at("2026-11-26T09:00:00"), 0, "4"],
    [at("2026-11-27T07:05:00"), 0, "5"],
  ],
  off: ["2"],
};

test("a day is by line and hour; one that does not run stays, and says so", () => {
  const [first, second] = columnsOf(TABLE, "2026-11-26", TOKYO);
  expect(first?.line.headsign).toBe("病院");
  expect(first?.hours.map((row) => [row.hour, row.minutes.map((one) => one.text)])).toEqual([
    ["7", ["05", "40"]],
    ["9", ["00"]],
  ]);
  expect(first?.hours[0]?.minutes.map((one) => one.off)).toEqual([false, true]);
  expect(second?.hours.map((row) => row.hour)).toEqual(["8"]);
});

test("the days begin today, even when no bus leaves any more", () => {
  expect(daysOf(TABLE, at("2026-11-26T20:00:00"), TOKYO)).toEqual(["2026-11-26", "2026-11-27"]);
  expect(daysOf({ ...TABLE, departures: [] }, at("2026-11-26T20:00:00"), TOKYO)).toEqual(["2026-11-26"]);
  expect(columnsOf(TABLE, "2026-11-28", TOKYO)).toEqual([]);
});
