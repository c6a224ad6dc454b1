import { epochOf } from "$shared/times";

import type { Booking, BusLink, Closure, Handover, OddReport, PhoneTask, VehiclePlan } from "../lib/types";

/** Something a dispatcher should look at before anything else. */
export type Exception =
  | { kind: "unplaced"; booking: Booking }
  | { kind: "late"; vehicle: VehiclePlan; minutes: number; who: string; booking_id: string }
  | { kind: "missed"; link: BusLink; booking: Booking | undefined }
  | { kind: "silent"; vehicle: VehiclePlan; minutes: number }
  | { kind: "call"; task: PhoneTask; minutes: number }
  | { kind: "no_show"; booking: Booking }
  | { kind: "odd"; report: OddReport }
  | { kind: "waiting"; link: BusLink; booking: Booking | undefined }
  | { kind: "battery"; vehicle: VehiclePlan; percent: number }
  | { kind: "closed"; closure: Closure }
  | { kind: "note"; note: Handover };

/** What the list is worked out from; all of it as the server told it last. */
export type Facts = {
  vehicles: VehiclePlan[];
  /** How old a vehicle's position is, in seconds; undefined when it has none yet. */
  age_s: (id: string) => number | undefined;
  silent_s: number;
  unplaced: Booking[];
  bookings: Booking[];
  links: BusLink[];
  reports: OddReport[];
  tasks: PhoneTask[];
  /** Hand-over notes that nobody has taken over. */
  notes: Handover[];
  /** Roads that are closed or slow: whoever lives behind one has a promise that may not be kept. */
  closures: Closure[];
};

export const LOW_BATTERY_PERCENT = 20;
/** So long after the pick-up somebody who did not come is still worth a call. */
export const NO_SHOW_S = 60 * 60;
/** One key each, under the left hand and then the right; what comes later is reached by arrows. */
export const KEYS = "asdfghjkl";

/** What needs a person now, worst first: riders without a ride, then broken promises, then the rest. */
export function exceptions(facts: Facts, now_s: number): Exception[] {
  const byId = new Map(facts.bookings.map((booking) => [booking.id, booking]));
  const links = (state: "missed" | "waiting"): Exception[] =>
    facts.links
      .filter((link) => link.state === state)
      .map((link) => ({ kind: state, link, booking: byId.get(link.booking_id) }));
  return [
    ...facts.unplaced.map((booking): Exception => ({ kind: "unplaced", booking })),
    ...facts.vehicles.flatMap(late),
    ...links("missed"),
    ...facts.vehicles.flatMap((vehicle) => silent(vehicle, facts, now_s)),
    ...facts.tasks.flatMap((task) => overdue(task, now_s)),
    ...facts.bookings.filter((one) => missing(one, now_s)).map(noShow),
    ...facts.reports.map((report): Exception => ({ kind: "odd", report })),
    ...links("waiting"),
    ...facts.vehicles.flatMap(tired),
    ...facts.closures.map((closure): Exception => ({ kind: "closed", closure })),
    ...facts.notes.map((note): Exception => ({ kind: "note", note })),
  ];
}

/** A name for an exception that stays the same while it lasts. */
export function nameOf(one: Exception): string {
  if ("vehicle" in one) return `${one.kind}:${one.vehicle.id}`;
  if ("link" in one) return `${one.kind}:${one.link.booking_id}`;
  if ("report" in one) return `${one.kind}:${one.report.id}`;
  if ("note" in one) return `${one.kind}:${one.note.id}`;
  if ("closure" in one) return `${one.kind}:${one.closure.id}`;
  if ("task" in one) return `${one.kind}:${one.task.key}`;
  return `${one.kind}:${one.booking.id}`;
}

export function onShift(vehicle: VehiclePlan, now_s: number): boolean {
  return epochOf(vehicle.shift_from) <= now_s && now_s <= epochOf(vehicle.shift_to);
}

/** The stop that breaks its promise by most, in whole minutes, at least one. */
function late(vehicle: VehiclePlan): Exception[] {
  const broken = vehicle.stops.filter((stop) => stop.state !== "done" && stop.slack_s <= -60);
  const worst = broken.sort((a, b) => a.slack_s - b.slack_s)[0];
  if (!worst) return [];
  const minutes = Math.floor(-worst.slack_s / 60);
  return [{ kind: "late", vehicle, minutes, who: worst.rider_name, booking_id: worst.booking_id }];
}

function silent(vehicle: VehiclePlan, facts: Facts, now_s: number): Exception[] {
  const age = facts.age_s(vehicle.id);
  if (age === undefined || age <= facts.silent_s || !onShift(vehicle, now_s)) return [];
  return [{ kind: "silent", vehicle, minutes: Math.floor(age / 60) }];
}

function tired(vehicle: VehiclePlan): Exception[] {
  const percent = vehicle.battery_percent;
  if (percent === null || percent >= LOW_BATTERY_PERCENT) return [];
  return [{ kind: "battery", vehicle, percent: Math.round(percent) }];
}

/** A call counts as overdue once they had to know; one that may not be made yet does not. */
function overdue(task: PhoneTask, now_s: number): Exception[] {
  if (epochOf(task.from_at) > now_s || epochOf(task.due_at) >= now_s) return [];
  return [{ kind: "call", task, minutes: Math.floor((now_s - epochOf(task.due_at)) / 60) }];
}

function missing(booking: Booking, now_s: number): boolean {
  const since = now_s - epochOf(booking.pickup_planned);
  return booking.state === "no_show" && since <= NO_SHOW_S;
}

const noShow = (booking: Booking): Exception => ({ kind: "no_show", booking });
