import { epochOf } from "$shared/times";

import type { PastDay, PastRide } from "../lib/types";

/** Fixes of one vehicle in order: epoch second, latitude, longitude. */
export type Fix = [number, number, number];
export type Tracks = Record<string, Fix[]>;

/** A day is looked at from five in the morning until eleven at night. */
export const FROM_S = 5 * 3600;
export const TO_S = 23 * 3600;
/** After so long without a fix a vehicle is not shown at a place it may have left. */
export const LOST_S = 15 * 60;

/** Where a vehicle was last seen before an instant. */
export type Seen = { lat: number; lon: number; age_s: number };

export function seenAt(track: Fix[] | undefined, at_s: number): Seen | undefined {
  if (!track) return undefined;
  const index = search(track, at_s);
  const fix = track[index];
  if (!fix || at_s - fix[0] > LOST_S) return undefined;
  return { lat: fix[1], lon: fix[2], age_s: at_s - fix[0] };
}

/** The last fix that is not after an instant, or -1. */
function search(track: Fix[], at_s: number): number {
  let [low, high] = [0, track.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (track[middle]![0] <= at_s) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** How far a ride was at an instant. */
export type Stage = "planned" | "arrived" | "aboard" | "done" | "gone";

/** A ride as it stood at an instant: its vehicle and what had been promised by then. */
export type RideThen = {
  ride: PastRide;
  vehicle: string;
  stage: Stage;
  told: PastRide["told"][number];
  /** How often the promise had been moved by us. */
  moved: number;
};

const by = (iso: string | null, at_s: number): boolean => iso !== null && epochOf(iso) <= at_s;
const OURS = new Set(["booked", "changed", "held", "expected"]);

/** A ride at an instant; undefined before it was asked for. */
export function rideAt(ride: PastRide, at_s: number): RideThen | undefined {
  const told = ride.told.filter((one) => epochOf(one.at) <= at_s);
  const assigned = ride.assigned.filter((one) => epochOf(one.at) <= at_s);
  const last = told[told.length - 1];
  if (!last) return undefined;
  return {
    ride,
    vehicle: assigned[assigned.length - 1]?.vehicle_id ?? "",
    stage: stageAt(ride, at_s),
    told: last,
    moved: told.filter((one) => !OURS.has(one.why)).length,
  };
}

function stageAt(ride: PastRide, at_s: number): Stage {
  if (by(ride.ended, at_s)) return "gone";
  if (by(ride.dropped, at_s)) return "done";
  if (by(ride.aboard, at_s)) return "aboard";
  return by(ride.arrived, at_s) ? "arrived" : "planned";
}

const RANK: Stage[] = ["aboard", "arrived", "planned", "done", "gone"];

/** Every ride of a vehicle that was asked for by then: under way first, then by promised time. */
export function ridesAt(day: PastDay, vehicle: string, at_s: number): RideThen[] {
  return day.rides
    .map((ride) => rideAt(ride, at_s))
    .filter((one): one is RideThen => one?.vehicle === vehicle)
    .sort(
      (a, b) =>
        RANK.indexOf(a.stage) - RANK.indexOf(b.stage) ||
        a.told.pickup_from.localeCompare(b.told.pickup_from),
    );
}

/** Something that happened on the day. */
export type Happening = {
  at_s: number;
  kind: "booked" | "moved" | "aboard" | "dropped" | "gone" | "wrong";
  reference: string;
  text: string;
};

/** What happened on the day up to an instant, the newest first. */
export function happenings(day: PastDay, at_s: number, most = 40): Happening[] {
  const all = [
    ...day.went_wrong.map((one): Happening => ({ at_s: one.at, kind: "wrong", reference: "", text: one.sentence })),
    ...day.rides.flatMap(ofRide),
  ];
  return all
    .filter((one) => one.at_s <= at_s && one.at_s >= day.start)
    .sort((a, b) => b.at_s - a.at_s)
    .slice(0, most);
}

function ofRide(ride: PastRide): Happening[] {
  const one = (kind: Happening["kind"], iso: string | null): Happening[] =>
    iso === null ? [] : [{ at_s: epochOf(iso), kind, reference: ride.reference, text: ride.name }];
  return [
    ...ride.told.flatMap((told, index) => one(index === 0 ? "booked" : "moved", told.at)),
    ...one("aboard", ride.aboard),
    ...one("dropped", ride.dropped),
    ...one("gone", ride.ended),
  ];
}

/** The hours whose tracks are needed for an instant: its own, and the one before for old fixes. */
export function hoursAround(at_s: number, start_s: number): number[] {
  const hour = Math.floor((at_s - start_s) / 3600);
  return [hour - 1, hour].filter((one) => one >= 0);
}

/** Adds an hour's fixes to what is known; each vehicle's stay in order. */
export function joined(known: Tracks, more: Tracks): Tracks {
  const all = { ...known };
  for (const [id, fixes] of Object.entries(more)) {
    all[id] = [...(all[id] ?? []), ...fixes].sort((a, b) => a[0] - b[0]);
  }
  return all;
}
