import { expect, test } from "vitest";

import type { Place, PlannedRest, PlanStop } from "../lib/types";
import { aheadOf, breakNow, breaksOf, isDark, isNight, OLD_READING_S, wantsReading, type Battery, type Break, type Shift } from "./shift";

const at = (clock: string) => `2026-11-26T${clock}:00+09:00`;
const second = (clock: string) => Date.parse(at(clock)) / 1000;
const stop = (clock: string) => ({ planned: at(clock), booking_id: clock }) as PlanStop;
const pause = (since: string, until: string | null): Break => ({
  by: "driver", since: at(since), until: until && at(until),
});
const battery = (read: string | null): Battery => ({
  percent: 50, at: read && at(read), range_m: 1000, ahead_m: 1000, lasts: "tight",
});

test("breaks stand among the stops by their time; those that are over are gone", () => {
  const ahead = aheadOf(
    [stop("11:40"), stop("13:10")],
    [pause("09:00", "09:15"), pause("12:00", "13:00"), pause("11:00", null)],
    second("11:30"),
  );
  expect(ahead.map((one) => one.at)).toEqual(
    ["11:00", "11:40", "12:00", "13:10"].map(at),
  );
});

test("the driver's break is the one that lasts, and no stop is due before its end", () => {
  const town: Break = { ...pause("12:00", "13:00"), by: "town" };
  const now = (clock: string, next?: string, breaks = [town]) =>
    breakNow(breaks, next === undefined ? undefined : stop(next), second(clock))?.since;

  expect(["11:59", "12:00", "12:59", "13:00"].map((clock) => now(clock))).toEqual([undefined, at("12:00"), at("12:00"), undefined]);
  expect(now("12:10", "13:00")).toBe(at("12:00"));
  expect(now("12:10", "12:20")).toBeUndefined();
  // Whoever says that the break has begun has it, also when somebody waits and when its end is open.
  expect(now("12:30", "12:20", [pause("12:05", null)])).toBe(at("12:05"));
});

test("the office's breaks are the plan's, with their place, not the shift's of a minute ago", () => {
  const place = { name: "車庫" } as Place;
  const planned: PlannedRest = { id: "r", since: at("14:00"), until: at("14:30"), place };
  const shift = { breaks: [pause("12:00", "13:00"), { ...pause("13:30", "14:00"), by: "office" }], battery: null } as Shift;
  expect(breaksOf(shift, [planned])).toEqual([
    pause("12:00", "13:00"),
    { by: "office", since: at("14:00"), until: at("14:30"), place },
  ]);
  expect(breaksOf(undefined, [])).toEqual([]);
});

test("a reading is wanted when there is none, and again two hours later", () => {
  expect(wantsReading(battery(null), second("12:00"))).toBe(true);
  expect(wantsReading(battery("10:00"), second("10:00") + OLD_READING_S)).toBe(false);
  expect(wantsReading(battery("10:00"), second("10:00") + OLD_READING_S + 1)).toBe(true);
});

test("the screen follows the hour until somebody turns it, and again when the hour has come round", () => {
  expect([5, 6, 17, 18].map(isNight)).toEqual([true, false, false, true]);
  const date = "2026-11-26";
  const tunnel = { dark: true, byHour: false, date };
  expect([isDark(undefined, false, date), isDark(undefined, true, date)]).toEqual([false, true]);
  expect(isDark(tunnel, false, date)).toBe(true);
  expect(isDark({ dark: false, byHour: true, date }, true, date)).toBe(false);
  expect(isDark({ dark: false, byHour: true, date }, false, date)).toBe(false);
  expect(isDark({ dark: false, byHour: false, date }, true, date)).toBe(true);
  expect(isDark(tunnel, false, "2026-11-27")).toBe(false);
});
