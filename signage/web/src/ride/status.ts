import { epochOf } from "../lib/times";
import type { RidePage } from "./types";

/** From so many seconds on what is known is told as old, and then as no news at all. */
export const STALE_S = 90;
export const LOST_S = 300;
/** A vehicle that comes later than this is told by its time alone. */
export const SOON_S = 3600;
/** Less than this later than promised is not worth a word. */
const LATE_S = 120;

/** The largest words of the page. */
export type Head =
  | { kind: "minutes"; minutes: number }
  | { kind: "soon" | "window" | "here" | "done" | "cancelled" | "noShow" | "lapsed" | "searching" | "held" }
  | { kind: "aboard"; minutes: number | undefined };

/** How far the page may be trusted; `age_s` is that of the vehicle's position, or of the answer. */
export type Trust =
  | { kind: "live" | "stale"; age_s: number }
  | { kind: "planned" | "offline" | "settled" };

const SETTLED: Partial<Record<RidePage["state"], Head["kind"]>> = {
  done: "done",
  cancelled: "cancelled",
  no_show: "noShow",
  lapsed: "lapsed",
};

const minutesTo = (expected: string, now_s: number): number =>
  Math.max(0, Math.floor((epochOf(expected) - now_s) / 60));

/** What to say first; minutes only for a vehicle that is seen, and by an answer that is not old. */
export function head(ride: RidePage, now_s: number, trusted: Trust): Head {
  const settled = SETTLED[ride.state];
  if (settled) return { kind: settled } as Head;
  if (ride.without_vehicle) return { kind: "searching" };
  if (ride.state === "held") return { kind: "held" };
  if (ride.state === "arrived") return { kind: "here" };
  const timed = trusted.kind === "live" || trusted.kind === "stale";
  const minutes = timed && ride.expected ? minutesTo(ride.expected, now_s) : undefined;
  if (ride.state === "aboard") return { kind: "aboard", minutes };
  if (minutes === undefined || minutes * 60 >= SOON_S) return { kind: "window" };
  return minutes < 1 ? { kind: "soon" } : { kind: "minutes", minutes };
}

/** How far an answer may be trusted that came `answered_s` seconds ago by the clock of this device. */
export function trust(ride: RidePage, answered_s: number): Trust {
  if (answered_s > STALE_S) return { kind: "offline" };
  if (SETTLED[ride.state]) return { kind: "settled" };
  if (!ride.seen_at || !ride.expected) return { kind: "planned" };
  const age_s = Math.max(0, ride.now - epochOf(ride.seen_at)) + answered_s;
  if (age_s > LOST_S) return { kind: "planned" };
  return { kind: age_s > STALE_S ? "stale" : "live", age_s };
}

/** Whole minutes by which the vehicle seems to come after what was promised, 0 when it does not. */
export function lateBy(ride: RidePage, trusted: Trust): number {
  if (ride.state !== "booked" || !ride.expected || trusted.kind === "offline") return 0;
  const late_s = epochOf(ride.expected) - epochOf(ride.pickup_to);
  return late_s >= LATE_S ? Math.floor(late_s / 60) : 0;
}

/** Whether somebody still has to be told how to go there without us. */
export const needsBus = (ride: RidePage): boolean => ride.state === "cancelled" || ride.without_vehicle;
