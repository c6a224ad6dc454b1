import type { Job, PlanStop, Step } from "../lib/types";

/** A button pressed on the tablet; `key` makes sending it twice harmless. */
export type Tap = { key: string; vehicle: string; booking_id: string; step: Step; at: string };

/** All that is left to do, in order. */
export function stopsOf(job: Job): PlanStop[] {
  return (job.next ? [job.next, ...job.then] : job.then).filter((stop) => stop.state !== "done");
}

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
export function stepsFor(stop: PlanStop): Step[] {
  if (stop.kind === "dropoff") return ["dropped"];
  return stop.state === "arrived" ? ["aboard", "no_show"] : ["arrived"];
}

/** What a driver must be told: work that came, and work that went without a tap of theirs. */
export type Change = { fresh: PlanStop[]; gone: PlanStop[] };

/** Compares two lists of work by booking; `own` are bookings the driver has just dealt with. */
export function changeBetween(before: PlanStop[], after: PlanStop[], own: Set<string>): Change {
  const lacks = (stops: PlanStop[]) => {
    const known = new Set(stops.map((stop) => stop.booking_id));
    return (stop: PlanStop) => !known.has(stop.booking_id);
  };
  const once = (stops: PlanStop[]) =>
    stops.filter((stop, at) => stops.findIndex((one) => one.booking_id === stop.booking_id) === at);
  return {
    fresh: once(after.filter(lacks(before))),
    gone: once(before.filter(lacks(after))).filter((stop) => !own.has(stop.booking_id)),
  };
}
