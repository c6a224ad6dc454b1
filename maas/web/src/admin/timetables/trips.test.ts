import { expect, test } from "vitest";

import { timetableJa } from "../../words/timetable.ja";
import type { Trip, Week } from "../types";
import { daysOf, daysText, rowsOf, secondsOf, shifted, spanOf, tripOf } from "./trips";

const call = (stop_id: string, arrival: string | null, departure = arrival) => ({
  stop_id, arrival, departure, boards: true, alights: true, timepoint: true,
});
const TRIP: Trip = {
  kind: "trip", id: "t", route_id: "r", service_id: "s", headsign: { ja: "駅", kana: "えき", en: "Station" }, direction_id: 0,
  block_id: "", shape_id: "", calls: [call("a", "08:05:00"), call("b", null), call("c", "25:10:00", "25:11:30")],
};
const name = (stop: string) => stop.toUpperCase();

test("a trip that nobody changed is written back as it was", () => {
  expect(rowsOf(TRIP).map(({ arrival, departure }) => [arrival, departure])).toEqual([["8:05", "8:05"], ["", ""], ["25:10", "25:11:30"]]);
  expect(tripOf(TRIP, rowsOf(TRIP), name, timetableJa)).toEqual(TRIP);
});

test("one time alone is arrival and departure, in full width too", () => {
  const rows = rowsOf(TRIP);
  rows[1] = { stop_id: "b", arrival: "", departure: "９：００" };
  expect(tripOf(TRIP, rows, name, timetableJa).calls[1]).toMatchObject({ arrival: "09:00:00", departure: "09:00:00" });
});

test("a time that is none, or before the one before, is named with its stop", () => {
  const rows = rowsOf(TRIP);
  expect(() => tripOf(TRIP, [rows[0]!, { stop_id: "b", arrival: "8時", departure: "" }, rows[2]!], name, timetableJa)).toThrow("「B」");
  expect(() => tripOf(TRIP, [rows[0]!, { stop_id: "b", arrival: "8:00", departure: "" }, rows[2]!], name, timetableJa)).toThrow(timetableJa.backwards("B"));
  expect([secondsOf("24:00"), secondsOf("8:60"), secondsOf("")]).toEqual([86_400, undefined, undefined]);
});

test("a whole trip is shifted, and never before midnight", () => {
  expect(shifted(rowsOf(TRIP), 10)[0]!.arrival).toBe("8:15");
  expect(shifted(rowsOf(TRIP), 10)[2]!.departure).toBe("25:21:30");
  expect(shifted(rowsOf(TRIP), -600)[0]!.arrival).toBe("0:00");
  expect(spanOf(TRIP)).toEqual(["8:05", "25:11:30"]);
});

test("days are read as they are listed", () => {
  expect(daysOf("2026-12-30、2026-12-31", timetableJa)).toEqual(["2026-12-30", "2026-12-31"]);
  expect(() => daysOf("12/31", timetableJa)).toThrow("12/31");
  expect(daysText({ weekdays: [true, false, true, false, false, false, false] } as Week, timetableJa)).toBe("月水");
});
