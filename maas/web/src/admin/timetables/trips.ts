import type { TimetableWords } from "../../words/timetable.ja";
import type { Trip, Week } from "../types";

/** A call of a trip as it is typed: times without seconds, empty where the timetable has none. */
export type Row = { stop_id: string; arrival: string; departure: string };

const short = (clock: string | null | undefined): string => clock?.replace(/:00$/, "").replace(/^0(?=\d)/, "") ?? "";

export const rowsOf = (trip: Trip): Row[] =>
  trip.calls.map((call) => ({ stop_id: call.stop_id, arrival: short(call.arrival), departure: short(call.departure) }));

/** Seconds of "8:05", "25:10:30"; undefined for anything else. */
export function secondsOf(text: string): number | undefined {
  const match = /^([0-4]?\d):([0-5]\d)(?::([0-5]\d))?$/.exec(text.normalize("NFKC").trim());
  return match ? Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0) : undefined;
}

export function clockOf(seconds: number): string {
  const [hour, minute, second] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return [hour, minute, second].map((part) => String(part).padStart(2, "0")).join(":");
}

/**
 * A trip with the times that were typed. One time alone is both; both empty is a stop without a
 * time of its own. Throws `SyntaxError` with the sentence of the first wrong one.
 */
export function tripOf(trip: Trip, rows: Row[], nameOf: (stop: string) => string, said: TimetableWords): Trip {
  let last = -1;
  const calls = rows.map((row, at) => {
    const name = nameOf(row.stop_id);
    const read = (text: string) => {
      const seconds = secondsOf(text);
      if (seconds === undefined) throw new SyntaxError(said.wrongTime(name));
      if (seconds < last) throw new SyntaxError(said.backwards(name));
      last = seconds;
      return clockOf(seconds);
    };
    const [arrival, departure] = [row.arrival || row.departure, row.departure || row.arrival];
    const times = arrival ? { arrival: read(arrival), departure: read(departure) } : { arrival: null, departure: null };
    return { ...trip.calls[at]!, ...times };
  });
  return { ...trip, calls };
}

/** The same rows some minutes later, or earlier; never before midnight. */
export function shifted(rows: Row[], minutes: number): Row[] {
  const known = rows.flatMap((row) => [secondsOf(row.arrival), secondsOf(row.departure)]).filter((one) => one !== undefined);
  const by = Math.max(minutes * 60, -Math.min(...known, Infinity));
  const move = (text: string) => {
    const seconds = secondsOf(text);
    return seconds === undefined ? text : short(clockOf(seconds + by));
  };
  return rows.map((row) => ({ ...row, arrival: move(row.arrival), departure: move(row.departure) }));
}

/** The first and last time of a trip. */
export function spanOf(trip: Trip): [string, string] {
  const times = trip.calls.flatMap((call) => [call.arrival, call.departure]).filter((one) => one !== null && one !== undefined);
  return [short(times[0]), short(times.at(-1))];
}

/** "月火水木金" of a week of days. */
export const daysText = (week: Week | undefined, said: TimetableWords): string =>
  week ? week.weekdays.flatMap((runs, at) => (runs ? [said.weekdays[at] ?? ""] : [])).join(said.between) : "";

/** The days of a list as typed; throws `SyntaxError` with the sentence of the first that is none. */
export function daysOf(text: string, said: TimetableWords): string[] {
  const days = text.normalize("NFKC").split(/[、,\s]+/).filter(Boolean);
  for (const day of days) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day))) throw new SyntaxError(said.badDay(day));
  }
  return days;
}
