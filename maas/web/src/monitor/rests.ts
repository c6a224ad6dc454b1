import { say } from "$shared/language.svelte";
import { epochOf, noonOf, onTimetable } from "$shared/times";

import type { Duty, Place, PlannedRest, VehiclePlan } from "../lib/types";
import type { DeskWords } from "../words/desk.ja";

/**
 * When a vehicle stands for its driver to rest; without an end it still does.  One that the office
 * put into the plan has a number and a place.
 */
export type Rest = { from_s: number; to_s: number | undefined; id?: string; place?: Place };

/**
 * The breaks of the town's rules ("12:00/13:00"), those its driver told of, and the office's that
 * are to come or last still; by their beginning.
 */
export function restsOf(vehicle: VehiclePlan, duties: readonly Duty[], date: string, spans: readonly string[]): Rest[] {
  const taken = duties
    .filter((duty) => duty.vehicle_id === vehicle.id)
    .flatMap(({ turns }) => turns.flatMap(({ rests }) => rests))
    .map(({ since, until }) => ({ from_s: epochOf(since), to_s: until === null ? undefined : epochOf(until) }));
  const ruled = spans.map((span) => {
    const [from_s, to_s] = span.split("/").map((clock) => clockOn(date, clock));
    return { from_s: from_s!, to_s };
  });
  return [...ruled, ...taken, ...vehicle.rests.map(restOf)].sort((one, other) => one.from_s - other.from_s);
}

export const restOf = ({ id, since, until, place }: PlannedRest): Rest & { id: string } => ({
  id, from_s: epochOf(since), to_s: epochOf(until), place,
});

/** Every break that the office put into the plan, with its vehicle. */
export const plannedRests = (cars: readonly VehiclePlan[]): (PlannedRest & { vehicle: VehiclePlan })[] =>
  cars.flatMap((vehicle) => vehicle.rests.map((rest) => ({ ...rest, vehicle })));

/** A break in words: "休憩 12:00〜13:00 車庫". */
export function restText({ from_s, to_s, place }: Rest, zone: string, said: DeskWords): string {
  const span = said.rest(onTimetable(from_s, zone), to_s === undefined ? "" : onTimetable(to_s, zone));
  return place ? `${span} ${say(place.name, place.name_en)}` : span;
}

/** The instant of a service day's "25:10". */
export function clockOn(date: string, clock: string): number {
  const [hours, minutes] = clock.split(":").map(Number);
  return noonOf(date) + (hours! - 12) * 3600 + minutes! * 60;
}
