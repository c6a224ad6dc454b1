import { call } from "$shared/api";
import { clock } from "$shared/clock.svelte";
import { dateOf, noonOf, onTimetable } from "$shared/times";

import type { Booking, Place, Rider } from "../lib/types";
import type { Draft, Written } from "./drafts";
import { daysAhead, type Line, type Typed, withoutPlaces } from "./line";

export type PlaceRef = Pick<Place, "id" | "name" | "name_en"> &
  Partial<Pick<Place, "lat" | "lon" | "address">>;

/** What the server is asked: one way of one trip. */
export type Asked = {
  date: string;
  origin: number;
  destination: number;
  time: string | null;
  anchor: "depart" | "arrive";
  riders: number;
  wheelchairs: number;
  rider_id: number | null;
  instead_of: string | null;
};

/** How many days ahead the console offers; the town's own horizon is checked by the server. */
export const DAYS = 14;

/** The trip on the booking line: from, to, when, how many. */
export class Trip {
  origin = $state<PlaceRef>();
  destination = $state<PlaceRef>();
  /** Days from today, undefined while the line decides. */
  day = $state<number>();
  time = $state("");
  riders = $state(1);
  wheelchairs = $state(0);
  /** The booking that the call changes. */
  replaces = $state<Booking>();

  clear(): void {
    Object.assign(this, { origin: undefined, destination: undefined, day: undefined, time: "" });
    Object.assign(this, { riders: 1, wheelchairs: 0, replaces: undefined });
  }

  /** Where a member's trips begin, and what they need. */
  startFor(rider: Rider | undefined): void {
    this.origin = rider?.home_place ?? undefined;
    this.wheelchairs = rider && usesWheelchair(rider) ? 1 : 0;
  }

  copy(booking: Pick<Booking, "destination" | "riders" | "wheelchairs">): void {
    const { destination, riders, wheelchairs } = booking;
    Object.assign(this, { destination, riders, wheelchairs });
  }

  /** What a draft asked for; places that were only written down are left to be chosen. */
  take(draft: Draft): void {
    const place = ({ id, name }: Written) => (id === null ? undefined : { id, name, name_en: name });
    this.origin = place(draft.origin) ?? this.origin;
    this.destination = place(draft.destination);
    this.day = Math.max(0, daysBetween(today(), draft.date));
    this.time = typed(draft);
    Object.assign(this, { riders: draft.riders, wheelchairs: draft.wheelchairs });
  }

  get untouched(): boolean {
    return !this.destination && this.time === "";
  }

  /** The service day asked for, as YYYY-MM-DD. */
  date(line: Pick<Line, "day" | "time">): string {
    const typed = daysAhead(line, today(), nowTime());
    const days = line.day ? typed : (this.day ?? typed);
    return dateOf(noonOf(today(), days), clock.zone);
  }

  /**
   * Places typed on the line: the first one found for each is taken, and shown as from and to.
   * Returns the word for which there is none.
   */
  async findPlaces(typed: Typed[], rider: Rider | undefined): Promise<Typed | undefined> {
    const found = await Promise.all(typed.map((one) => placeOf(one, rider)));
    const missing = found.findIndex((place) => !place);
    if (missing >= 0) return typed[missing];
    this.destination = found.at(-1) ?? this.destination;
    if (found.length > 1) this.origin = found[0];
    if (found.length > 0) this.time = withoutPlaces(this.time);
    return undefined;
  }

  /** The question to the server; only when both ends are known. */
  asked(line: Line, rider: Rider | undefined): Asked {
    this.riders = line.riders ?? this.riders;
    this.wheelchairs = line.wheelchairs ?? this.wheelchairs;
    return {
      date: this.date(line),
      origin: this.origin!.id,
      destination: this.destination!.id,
      time: line.time,
      anchor: line.anchor,
      riders: Math.max(this.riders, this.wheelchairs),
      wheelchairs: this.wheelchairs,
      rider_id: rider?.id ?? null,
      instead_of: this.replaces?.id ?? null,
    };
  }
}

/** The line as it would be typed for a draft. */
function typed({ time, anchor, back }: Draft): string {
  const at = time === null ? "" : `${anchor === "arrive" ? "a" : ""}${time.replace(":", "")}`;
  return back === null ? at : `${at} ${back === "open" ? "r?" : `r${back.time.replace(":", "")}`}`;
}

const daysBetween = (first: string, last: string): number =>
  Math.round((Date.parse(last) - Date.parse(first)) / 86_400_000);

/** The place of a favourite's digit, or the first one found for a word. */
export async function placeOf(typed: Typed, rider?: Rider): Promise<PlaceRef | undefined> {
  if (typeof typed === "number") {
    return rider?.favourites.find((one) => one.slot === typed)?.place;
  }
  const path = `/places?q=${encodeURIComponent(typed)}&limit=1`;
  return (await call<Place[]>("GET", path))[0];
}

/** The service day it is. */
export const today = (): string => clock.date || dateOf(clock.now, clock.zone);

export const nowTime = (): string => onTimetable(clock.now, clock.zone).padStart(5, "0");

function usesWheelchair(rider: Rider): boolean {
  return rider.tags.includes("wheelchair") || rider.aids.includes("wheelchair");
}
