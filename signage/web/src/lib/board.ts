import type { Departure } from "./types";

/** How far a board's data may be trusted. */
export type Trust = "live" | "stale" | "timetable" | "expired";

export const STALE_S = 90;
export const TIMETABLE_S = 300;

/**
 * Trust in data last confirmed `age_s` (device seconds) ago.
 * "expired" means that nothing of what is kept lies ahead.
 */
export function trust(age_s: number, ahead: number, doubt: boolean): Trust {
  if (age_s > TIMETABLE_S || doubt) return ahead > 0 ? "timetable" : "expired";
  return age_s > STALE_S ? "stale" : "live";
}

/** What the large field of a row shows. */
export type Wait =
  | { kind: "minutes"; minutes: number }
  | { kind: "soon" }
  | { kind: "at"; time_s: number }
  | { kind: "around"; time_s: number }
  | { kind: "cancelled" };

/** When the bus leaves as far as anybody knows. */
export const leaves = (departure: Departure): number => departure.expected ?? departure.scheduled;

/** A wait never rounds up: a rider told 4 minutes has at least 4. Above an hour the time says more. */
export function wait(departure: Departure, now_s: number, trusted: Trust): Wait {
  if (departure.state === "cancelled") return { kind: "cancelled" };
  const timed = trusted === "live" || trusted === "stale";
  if (!timed || departure.expected === null) {
    return { kind: "at", time_s: departure.scheduled };
  }
  if (departure.state === "diverted") return { kind: "around", time_s: departure.expected };
  const minutes = Math.floor((departure.expected - now_s) / 60);
  if (minutes < 1) return { kind: "soon" };
  return minutes >= 60 ? { kind: "at", time_s: departure.expected } : { kind: "minutes", minutes };
}

/** Whole minutes late, or 0 when that is not worth a word (below one minute) or not known. */
export function late(departure: Departure, trusted: Trust): number {
  if (trusted === "timetable" || departure.state === "cancelled") return 0;
  return Math.max(0, Math.floor((departure.delay_s ?? 0) / 60));
}

/** The departures still ahead, in the order they leave; a bus is gone 30 s after its time. */
export function ahead(departures: Departure[], now_s: number): Departure[] {
  return departures
    .filter((departure) => leaves(departure) > now_s - 30)
    .sort((a, b) => leaves(a) - leaves(b));
}

/** Changed departures laid over the known ones; one marked `gone` takes its own away. */
export function merge(known: Departure[], changed: (Departure & { gone?: boolean })[]): Departure[] {
  const byId = new Map(known.map((departure) => [departure.id, departure]));
  for (const departure of changed) {
    if (departure.gone) byId.delete(departure.id);
    else byId.set(departure.id, departure);
  }
  return [...byId.values()];
}
