import type { Job, PlannedRest, PlanStop, Step } from "../lib/types";
import type { Kept } from "./events";

/** A step at a booking's stop that is on its way to the server. */
export type Tap = { booking_id: string; step: Step };

/** The steps among the events of a queue. */
export function tapsOf(queue: readonly Kept[], vehicle: string): Tap[] {
  return queue
    .filter((one) => one.vehicle === vehicle)
    .flatMap(({ doing }) => ("step" in doing ? [doing] : []));
}

/** All that is left to do, in order. */
export function stopsOf(job: Job): PlanStop[] {
  return (job.next ? [job.next, ...job.then] : job.then).filter((stop) => stop.state !== "done");
}

/** The breaks the office put into the plan; a job kept on the tablet by an older page has none. */
export const restsOf = (job: Job | undefined): PlannedRest[] => job?.vehicle.rests ?? [];

/** What is left to do once the taps have arrived that are still on their way to the server. */
export function afterTaps(stops: PlanStop[], taps: Tap[]): PlanStop[] {
  return taps.reduce(afterTap, stops);
}

function afterTap(stops: PlanStop[], tap: Tap): PlanStop[] {
  const ours = (stop: PlanStop) => stop.booking_id === tap.booking_id;
  const pickup = (stop: PlanStop) => ours(stop) && stop.kind === "pickup";
  if (tap.step === "arrived") {
    return stops.map((stop) => (pickup(stop) ? { ...stop, state: "arrived" as const } : stop));
  }
  if (tap.step === "aboard") return stops.filter((stop) => !pickup(stop));
  return stops.filter((stop) => !ours(stop));
}

/** The steps that can be reported for a stop now: nothing else is on the screen. */
export function stepsFor(stop: PlanStop, may: { leave: boolean; moving: boolean }): Step[] {
  const arriving = stop.kind === "pickup" && stop.state !== "arrived";
  if (arriving) return stop.state === "held" ? [] : ["arrived"];
  if (may.moving) return [];
  if (stop.kind === "dropoff") return ["dropped"];
  return may.leave ? ["aboard", "no_show"] : ["aboard"];
}

/** Seconds until a rider at the stop may be left behind, 0 when now; `since` is when we came. */
export function waitLeft(stop: PlanStop, job: Job, since_s: number | undefined, now_s: number): number {
  const told = job.waits.find((wait) => wait.booking_id === stop.booking_id);
  if (told) return Math.max(0, Math.ceil(Date.parse(told.until) / 1000 - now_s));
  // Without the server's word the usual five minutes from the window or the later arrival.
  const window_s = Date.parse(stop.window_from ?? stop.planned) / 1000;
  return Math.max(0, Math.ceil(Math.max(window_s, since_s ?? now_s) + USUAL_WAIT_S - now_s));
}

const USUAL_WAIT_S = 300;

/** Work that came, went without a tap of the driver's, or changed. */
type WorkChange = { fresh: PlanStop[]; gone: PlanStop[]; moved: PlanStop[] };
/** Breaks of the office that came or changed, and those that were taken out. */
type RestChange = { rests: PlannedRest[]; restsOff: PlannedRest[] };
/** What a driver must be told. */
export type Change = WorkChange & RestChange;

/** A planned time that moves less than this is no news. */
const NEWS_MS = 5 * 60_000;

/** Compares two lists of work by booking; `own` are bookings the driver has just dealt with. */
export function changeBetween(before: PlanStop[], after: PlanStop[], own: Set<string>): WorkChange {
  const lacks = (stops: PlanStop[]) => {
    const known = new Set(stops.map((stop) => stop.booking_id));
    return (stop: PlanStop) => !known.has(stop.booking_id);
  };
  const once = (stops: PlanStop[]) =>
    stops.filter((stop, at) => stops.findIndex((one) => one.booking_id === stop.booking_id) === at);
  return {
    fresh: once(after.filter(lacks(before))),
    gone: once(before.filter(lacks(after))).filter((stop) => !own.has(stop.booking_id)),
    moved: after.filter((stop) => before.some((old) => isNews(old, stop))),
  };
}

function isNews(old: PlanStop, stop: PlanStop): boolean {
  if (old.booking_id !== stop.booking_id || old.kind !== stop.kind) return false;
  const [then, now] = [Date.parse(old.planned), Date.parse(stop.planned)];
  return old.place.id !== stop.place.id || old.riders !== stop.riders || Math.abs(now - then) >= NEWS_MS;
}

/** Compares two plans' breaks; one that is over, or soon will be, was not taken out. */
export function restsBetween(before: PlannedRest[], after: PlannedRest[], now_s: number): RestChange {
  const lasts = ({ until }: PlannedRest) => Date.parse(until) - 1000 * now_s >= NEWS_MS;
  const lacks = (rests: PlannedRest[]) => (one: PlannedRest) => !rests.some(({ id }) => id === one.id);
  const known = (one: PlannedRest) => before.some((old) => old.id === one.id && !isRestNews(old, one));
  return {
    rests: after.filter((one) => !known(one)),
    restsOff: before.filter(lacks(after)).filter(lasts),
  };
}

function isRestNews(old: PlannedRest, rest: PlannedRest): boolean {
  const moved = (then: string, now: string) => Math.abs(Date.parse(now) - Date.parse(then)) >= NEWS_MS;
  return old.place.id !== rest.place.id || moved(old.since, rest.since) || moved(old.until, rest.until);
}

/** Puts a change on top of one that was not acknowledged yet. */
export function together(old: Change | undefined, more: Change): Change {
  const gone = new Set(more.gone.map((stop) => stop.booking_id));
  const named = new Set(more.moved.map((stop) => stop.booking_id + stop.kind));
  const told = new Set([...more.rests, ...more.restsOff].map((rest) => rest.id));
  const still = (rests: PlannedRest[] = []) => rests.filter((rest) => !told.has(rest.id));
  const left = (stops: PlanStop[] = []) => stops.filter((stop) => !gone.has(stop.booking_id));
  return {
    fresh: [...left(old?.fresh), ...more.fresh],
    gone: [...(old?.gone ?? []), ...more.gone],
    moved: [...left(old?.moved).filter((s) => !named.has(s.booking_id + s.kind)), ...more.moved],
    rests: [...still(old?.rests), ...more.rests],
    restsOff: [...still(old?.restsOff), ...more.restsOff],
  };
}

export const isEmpty = (change: Change): boolean =>
  Object.values(change).every((those) => those.length === 0);
