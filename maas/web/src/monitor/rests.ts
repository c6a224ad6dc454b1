import { epochOf, noonOf, onTimetable } from "$shared/times";

import type { Duty } from "../lib/types";
import type { DeskWords } from "../words/desk.ja";

/** When a vehicle stands for its driver to rest; without an end it still does. */
export type Rest = { from_s: number; to_s: number | undefined };

/** The breaks of the town's rules ("12:00/13:00") and those its drivers told of, by their beginning. */
export function restsOf(vehicle: string, duties: readonly Duty[], date: string, spans: readonly string[]): Rest[] {
  const taken = duties
    .filter((duty) => duty.vehicle_id === vehicle)
    .flatMap(({ turns }) => turns.flatMap(({ rests }) => rests))
    .map(({ since, until }) => ({ from_s: epochOf(since), to_s: until === null ? undefined : epochOf(until) }));
  const ruled = spans.map((span) => {
    const [from_s, to_s] = span.split("/").map((clock) => onDay(date, clock));
    return { from_s: from_s!, to_s };
  });
  return [...ruled, ...taken].sort((one, other) => one.from_s - other.from_s);
}

/** A break in words: "休憩 12:00〜13:00". */
export function restText({ from_s, to_s }: Rest, zone: string, said: DeskWords): string {
  return said.rest(onTimetable(from_s, zone), to_s === undefined ? "" : onTimetable(to_s, zone));
}

/** The instant of a service day's "25:10". */
function onDay(date: string, clock: string): number {
  const [hours, minutes] = clock.split(":").map(Number);
  return noonOf(date) + (hours! - 12) * 3600 + minutes! * 60;
}
