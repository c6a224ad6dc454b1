import type { components } from "../lib/openapi";
import { dateOf, onTimetable } from "../lib/times";

export type Timetable = components["schemas"]["TimetableOut"];
type Line = Timetable["lines"][number];

/** The buses of one line to one place on a day: each hour with its minutes, as on the post of a stop. */
export type Column = { line: Line; hours: { hour: string; minutes: Minute[] }[] };
export type Minute = { id: string; text: string; off: boolean };

/** The days that a timetable tells of, today first. */
export function daysOf(timetable: Timetable, now_s: number, zone: string): string[] {
  const today = dateOf(now_s, zone);
  const all = timetable.departures.map(([at]) => dateOf(at, zone));
  return [...new Set([today, ...all])].filter((day) => day >= today).sort();
}

/** The departures of a day by line and hour, in the order in which the lines first leave. */
export function columnsOf(timetable: Timetable, day: string, zone: string): Column[] {
  const columns = new Map<string, Column>();
  for (const [at, number, id] of timetable.departures) {
    if (dateOf(at, zone) !== day) continue;
    const line = timetable.lines[number]!;
    const key = `${line.route_name} ${line.headsign} ${line.platform}`;
    const column = columns.get(key) ?? { line, hours: [] };
    columns.set(key, column);
    const [hour = "", text = ""] = onTimetable(at, zone).split(":");
    let row = column.hours.at(-1);
    if (row?.hour !== hour) column.hours.push((row = { hour, minutes: [] }));
    row.minutes.push({ id, text, off: timetable.off.includes(id) });
  }
  return [...columns.values()];
}
