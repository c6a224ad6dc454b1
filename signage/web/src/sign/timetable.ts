import type { components } from "../lib/openapi";
import type { Departure } from "../lib/types";

/** Two weeks of one stop, kept on the device. */
export type Timetable = components["schemas"]["TimetableOut"];

/** How far ahead a board looks, as the server's own does. */
const AHEAD_S = 24 * 3600;
const GONE_S = 30;

/** The planned departures still ahead of a kept timetable; one called off stays, and says so. */
export function planned(timetable: Timetable, now_s: number, off: ReadonlySet<string>): Departure[] {
  return timetable.departures
    .filter(([at]) => at > now_s - GONE_S && at <= now_s + AHEAD_S)
    .map(([at, line, id]) => ({
      ...timetable.lines[line]!,
      id,
      trip: "",
      scheduled: at,
      expected: null,
      low: null,
      high: null,
      be_there_by: at,
      state: off.has(id) || timetable.off.includes(id) ? "cancelled" : "scheduled",
      delay_s: null,
      vehicle: null,
    }));
}

/** Whether a kept timetable still says what happens at an instant. */
export const covers = (timetable: Timetable | undefined, now_s: number): boolean =>
  timetable !== undefined && now_s < timetable.until;
