import type { Place } from "../lib/types";
import { words } from "../words/words";
import type { Desk } from "./desk.svelte";
import type { Written } from "./drafts";
import type { Drafts } from "./drafts.svelte";
import { readLine } from "./line";

const NOWHERE: Written = { id: null, name: "" };

/** The lines of one draft as they are filled in: what the desk knows already stands in them. */
export class DraftForm {
  name = $state("");
  phone = $state("");
  origin = $state<Written>(NOWHERE);
  destination = $state<Written>(NOWHERE);
  when = $state("");
  note = $state("");
  message = $state("");

  constructor(
    private readonly desk: Desk,
    private readonly drafts: Drafts,
  ) {
    const { rider, guest, call, trip } = desk;
    this.name = rider?.name ?? guest?.name ?? "";
    this.phone = rider?.phone ?? guest?.phone ?? call?.number ?? "";
    this.origin = trip.origin ? written(trip.origin) : NOWHERE;
    this.destination = trip.destination ? written(trip.destination) : NOWHERE;
    this.when = trip.time;
  }

  /** Keeps the draft; false when something is missing, and `message` says what. */
  save(): boolean {
    const said = words().operator;
    const { desk, name, phone, origin, destination, note } = this;
    const line = readLine(this.when);
    if ("wrong" in line) return this.refuse(said.timeWrong(line.wrong));
    if (!name.trim() && !phone.trim()) return this.refuse(said.drafts.whoMissing);
    if (!origin.name.trim() || !destination.name.trim()) return this.refuse(said.placeMissing);
    const wheelchairs = line.wheelchairs ?? desk.trip.wheelchairs;
    this.drafts.write({
      name, phone, origin, destination, note,
      rider_id: desk.rider?.name === name ? desk.rider.id : null,
      date: desk.trip.date(line),
      time: line.time,
      anchor: line.anchor,
      riders: Math.max(line.riders ?? desk.trip.riders, wheelchairs),
      wheelchairs,
      back: line.back ?? null,
    });
    return true;
  }

  private refuse(message: string): boolean {
    this.message = message;
    return false;
  }
}

export const written = (place: Pick<Place, "id" | "name">): Written => ({
  id: place.id, name: place.name,
});
