import { epochOf } from "$shared/times";
import type { components } from "$shared/openapi";

import type { Place, PlannedRest, PlanStop } from "../lib/types";

export type Shift = components["schemas"]["ShiftOut"];
/** The town's, the driver's own, or one the office put into the plan, which says where. */
export type Break = Shift["breaks"][number] & { place?: Place };
export type Battery = NonNullable<Shift["battery"]>;

/** A reading older than this says little of what is left. */
export const OLD_READING_S = 2 * 3600;

/** A stop or a break; `at` is when it begins. */
export type Ahead = { at: string; key: string } & ({ kind: "stop"; stop: PlanStop } | { kind: "pause"; pause: Break });

/** A vehicle's breaks; what the plan knows of the office's is newer than the shift, and says where. */
export const breaksOf = (shift: Shift | undefined, planned: readonly PlannedRest[]): Break[] => [
  ...(shift?.breaks ?? []).filter(({ by }) => by !== "office"),
  ...planned.map(({ since, until, place }) => ({ by: "office" as const, since, until, place })),
];

/**
 * The break that the driver has now, before the next stop.  In the town's, nobody is picked up, but who
 * is on board is taken on: while a stop is due before its end, the driver has no break.
 */
export function breakNow(breaks: readonly Break[], next: PlanStop | undefined, now_s: number): Break | undefined {
  const due_s = next ? epochOf(next.planned) : Number.POSITIVE_INFINITY;
  return breaks.find(({ by, since, until }) => {
    const end_s = until === null ? Number.POSITIVE_INFINITY : epochOf(until);
    return epochOf(since) <= now_s && now_s < end_s && (by === "driver" || end_s <= due_s);
  });
}

/** What comes after the next stop, in its order: some stops, and the breaks that are not over. */
export function aheadOf(stops: readonly PlanStop[], breaks: readonly Break[], now_s: number): Ahead[] {
  const open = breaks.filter(({ until }) => until === null || epochOf(until) > now_s);
  const all: Ahead[] = [
    ...stops.map((stop) => ({ kind: "stop" as const, at: stop.planned, key: stop.booking_id + stop.kind, stop })),
    ...open.map((pause) => ({ kind: "pause" as const, at: pause.since, key: pause.by + pause.since, pause })),
  ];
  return all.sort((one, other) => epochOf(one.at) - epochOf(other.at));
}

/** Whether the driver should look at the battery and say what it shows. */
export const wantsReading = ({ at }: Battery, now_s: number): boolean =>
  at === null || now_s - epochOf(at) > OLD_READING_S;

/** The screen is dark in these hours until somebody says otherwise. */
const NIGHT = { from: 18, to: 6 };
export const isNight = (hour: number): boolean => hour < NIGHT.to || hour >= NIGHT.from;

/**
 * Light or dark as the driver wants it, until the hour itself asks for another: in a tunnel, at dusk.
 * It holds for that day and driver; the next shift begins by the hour.
 */
export type Turned = { dark: boolean; byHour: boolean; date: string };
export const isDark = (turned: Turned | undefined, byHour: boolean, date: string): boolean =>
  turned?.byHour === byHour && turned.date === date ? turned.dark : byHour;
