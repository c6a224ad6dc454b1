import type { components } from "$shared/openapi";

import type { Kept } from "./events";

type Bodies = components["schemas"];
export type BusDay = Bodies["BusDayOut"];
export type BusRun = Bodies["RunOut"];
export type Way = "boarded" | "alighted";

/** One count at a call of a run; `corrects` is the tap it takes the place of. */
export type Tally = {
  date: string;
  trip: string;
  call: number;
  boarded: number;
  alighted: number;
  corrects?: string;
};

/** Where the driver counts: a call of a run. */
export type Spot = { trip: string; call: number };

type Tap = { event: string; boarded: number; alighted: number };

/** A driver starts counting so long before the first stop. */
const EARLY_S = 300;

/** The taps that stand at a call: those the server has, and those on their way to it. */
export function tapsAt(run: BusRun, call: number, queue: readonly Kept[], date: string): Tap[] {
  let taps: Tap[] = [...(run.calls[call]?.taps ?? [])];
  const known = new Set(taps.map((tap) => tap.event));
  for (const { event, doing } of queue) {
    if (!("count" in doing) || known.has(event)) continue;
    const { count } = doing;
    if (count.trip !== run.trip || count.call !== call || count.date !== date) continue;
    taps = taps.filter((tap) => tap.event !== count.corrects);
    taps.push({ event, boarded: count.boarded, alighted: count.alighted });
  }
  return taps;
}

/** How many got on and off at a call by the driver's taps. */
export function sumAt(run: BusRun, call: number, queue: readonly Kept[], date: string) {
  const taps = tapsAt(run, call, queue, date);
  return {
    boarded: taps.reduce((sum, tap) => sum + tap.boarded, 0),
    alighted: taps.reduce((sum, tap) => sum + tap.alighted, 0),
  };
}

/** Who is on board after a call, by the driver's taps up to it; below 0 when more got off than on. */
export function aboardAfter(run: BusRun, call: number, queue: readonly Kept[], date: string): number {
  return run.calls
    .filter((one) => one.call <= call)
    .map((one) => sumAt(run, one.call, queue, date))
    .reduce((load, one) => load + one.boarded - one.alighted, 0);
}

/** One more at a call. */
export function more(spot: Spot, date: string, way: Way): Tally {
  return { date, ...spot, boarded: 0, alighted: 0, [way]: 1 };
}

/** One less at a call: what takes the place of the last tap that said so, none when there is none. */
export function less(
  run: BusRun,
  spot: Spot,
  queue: readonly Kept[],
  date: string,
  way: Way,
): Tally | undefined {
  const last = tapsAt(run, spot.call, queue, date).findLast((tap) => tap[way] > 0);
  if (!last) return undefined;
  const { event, boarded, alighted } = last;
  return { date, ...spot, boarded, alighted, [way]: last[way] - 1, corrects: event };
}

/** Where counting begins: the call that is next on the run that drives now, by the timetable. */
export function spotNow(day: BusDay, now_s: number): Spot | undefined {
  const at_s = now_s - day.start;
  const begun = day.runs.findLast((run) => (run.calls[0]?.at_s ?? 0) - EARLY_S <= at_s);
  const run = begun ?? day.runs[0];
  if (!run) return undefined;
  const next = run.calls.find((call) => (call.at_s ?? 0) >= at_s) ?? run.calls.at(-1);
  return { trip: run.trip, call: next?.call ?? 0 };
}

/** The call before or after another, across runs; the same at either end of the day. */
export function beside(day: BusDay, spot: Spot, step: 1 | -1): Spot {
  const all = day.runs.flatMap((run) => run.calls.map((call) => ({ trip: run.trip, call: call.call })));
  const here = all.findIndex((one) => one.trip === spot.trip && one.call === spot.call);
  return all[here + step] ?? spot;
}
