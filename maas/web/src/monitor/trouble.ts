import type { DisruptionIn, Place, RiderChange } from "../lib/types";
import { clockOn } from "./rests";

export type Kind = DisruptionIn["kind"];

/** In the order of their digits. */
export const KINDS: Kind[] = [
  "vehicle_out", "driver_off", "back", "road_closed", "road_slow", "road_open", "rest", "rest_off",
];

/** What a dispatcher has chosen so far. */
export type Asked = {
  kind: Kind | undefined;
  vehicles: string[];
  points: Pick<Place, "lat" | "lon" | "name">[];
  closure: string | undefined;
  /** When a break should begin, "14:30"; "" is now. */
  begin: string;
  minutes: number;
  /** The planned break to take out. */
  rest: string | undefined;
  reason: string;
};

/** Part of the usual speed on a slow road: snow or a one-lane section. */
export const SLOW_FACTOR = 0.5;

export const NOTHING: Asked = {
  kind: undefined, vehicles: [], points: [], closure: undefined, begin: "", minutes: 30, rest: undefined, reason: "",
};

/** How long a break may be, in minutes. */
export const LEAST_MIN = 5;
export const MOST_MIN = 240;

export const ofVehicles = (kind: Kind | undefined): boolean =>
  kind === "vehicle_out" || kind === "driver_off" || kind === "back" || kind === "rest";

export const ofRoads = (kind: Kind | undefined): boolean =>
  kind === "road_closed" || kind === "road_slow";

/** A break says by itself why. */
export const wantsReason = (kind: Kind | undefined): boolean => kind !== "rest" && kind !== "rest_off";

/** Whether it says of what, and why. */
export function complete(asked: Asked): boolean {
  if (wantsReason(asked.kind) && asked.reason.trim() === "") return false;
  if (asked.kind === "rest" && !isLength(asked.minutes)) return false;
  if (asked.kind === "rest_off") return asked.rest !== undefined;
  if (ofVehicles(asked.kind)) return asked.vehicles.length > 0;
  if (ofRoads(asked.kind)) return asked.points.length > 0;
  return asked.kind === "road_open" && asked.closure !== undefined;
}

const isLength = (minutes: number): boolean =>
  Number.isInteger(minutes) && minutes >= LEAST_MIN && minutes <= MOST_MIN;

/** The command as the API takes it on a service day; only what belongs to its kind goes along. */
export function bodyOf(asked: Asked, date: string, preview: boolean): DisruptionIn {
  const kind = asked.kind!;
  return {
    kind,
    preview,
    reason: asked.reason.trim(),
    vehicles: ofVehicles(kind) ? asked.vehicles : [],
    points: ofRoads(kind) ? asked.points.map(({ lat, lon }) => ({ lat, lon })) : [],
    factor: kind === "road_slow" ? SLOW_FACTOR : null,
    closure: kind === "road_open" ? (asked.closure ?? null) : null,
    at: kind === "rest" && asked.begin ? new Date(1000 * clockOn(date, asked.begin)).toISOString() : null,
    minutes: kind === "rest" ? asked.minutes : null,
    rest: kind === "rest_off" ? (asked.rest ?? null) : null,
  };
}

/** A point as the API takes it. */
export const spotOf = ({ lat, lon }: { lat: number; lon: number }): string =>
  `${lat.toFixed(6)},${lon.toFixed(6)}`;

/** Puts a vehicle in or takes it out again. */
export function toggled(vehicles: string[], id: string): string[] {
  return vehicles.includes(id) ? vehicles.filter((one) => one !== id) : [...vehicles, id];
}

/** Those to ring in their order, then those without a ride, then by how much later they ride. */
export function inOrder(riders: RiderChange[]): RiderChange[] {
  const rank = (one: RiderChange) => one.call_first ?? Number.MAX_SAFE_INTEGER;
  const lost = (one: RiderChange) => (one.what === "unplaced" ? 0 : 1);
  return [...riders].sort(
    (a, b) => rank(a) - rank(b) || lost(a) - lost(b) || (b.later_s ?? 0) - (a.later_s ?? 0),
  );
}

/** Whether anybody has to be rung. */
export const wantsCalls = (riders: readonly RiderChange[]): boolean => riders.some((one) => one.call_first !== null);

/** How many have no ride, other times, and the ride they were promised. */
export function counts(riders: RiderChange[]): { unplaced: number; later: number; kept: number } {
  const of = (...what: RiderChange["what"][]) =>
    riders.filter((one) => what.includes(one.what)).length;
  return { unplaced: of("unplaced"), later: of("moved", "transfer"), kept: of("shifted") };
}

/** Whole minutes, rounded away from the rider's favour; undefined when there is no new time. */
export function laterMinutes(change: RiderChange): number | undefined {
  return change.later_s === null ? undefined : Math.ceil(change.later_s / 60);
}
