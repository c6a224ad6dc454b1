import { epochOf } from "$shared/times";

import type { PlanStop, VehiclePlan } from "../lib/types";

export const BEFORE_S = 30 * 60;
export const AFTER_S = 4 * 3600;
const TICK_S = 1800;

/** From one half hour to the next, in per cent of the chart's width. */
export const TICK_PERCENT = (100 * TICK_S) / (BEFORE_S + AFTER_S);

/** One ride on a vehicle's line, in per cent of the chart's width. */
export type Ride = {
  booking: string;
  reference: string;
  left: number;
  width: number;
  /** When it is fetched, undefined for who is on board already, and when it is set down. */
  from_s: number | undefined;
  to_s: number;
  /** The window promised for the pick-up, while it is still ahead. */
  window: { left: number; width: number } | undefined;
  /** From the planned drop-off to the promised one: so much may still go wrong. */
  spare: { left: number; width: number };
  late: boolean;
  /** A seat that is only held yet. */
  held: boolean;
  /** Rides at the same time lie under each other, from lane 0 down. */
  lane: number;
};

/** Share of the chart that a reference number needs, in per cent. */
const LABEL_PERCENT = 9;

/** Where an instant lies on the chart, in per cent; outside it is clipped to its ends. */
export function place(epoch_s: number, now_s: number): number {
  const share = (epoch_s - now_s + BEFORE_S) / (BEFORE_S + AFTER_S);
  return 100 * Math.min(1, Math.max(0, share));
}

export function span(from_s: number, to_s: number, now_s: number): { left: number; width: number } {
  const left = place(from_s, now_s);
  return { left, width: Math.max(0, place(to_s, now_s) - left) };
}

/** Plans are never changed, only replaced: what was worked out of one holds until the chart moves. */
const known = new WeakMap<VehiclePlan, { now_s: number; rides: Ride[] }>();

/** The rides of a vehicle; one already on board begins at the chart's left end. */
export function rides(vehicle: VehiclePlan, now_s: number): Ride[] {
  const before = known.get(vehicle);
  if (before?.now_s === now_s) return before.rides;
  const now = { now_s, rides: drawn(vehicle, now_s) };
  known.set(vehicle, now);
  return now.rides;
}

function drawn(vehicle: VehiclePlan, now_s: number): Ride[] {
  const byBooking = new Map<string, PlanStop[]>();
  for (const stop of vehicle.stops) {
    const stops = byBooking.get(stop.booking_id);
    if (stops) stops.push(stop);
    else byBooking.set(stop.booking_id, [stop]);
  }
  const all = [...byBooking.values()]
    .map((stops) => ride(stops, now_s))
    .filter((one) => one.left < 100 && one.left + one.width > 0);
  return inLanes(all.sort((a, b) => a.left - b.left));
}

/** Gives each ride, in order of its beginning, the first lane that is free by then. */
function inLanes(all: Ride[]): Ride[] {
  const ends: number[] = [];
  return all.map((one) => {
    const free = ends.findIndex((end) => end <= one.left);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = one.left + Math.max(one.width, LABEL_PERCENT);
    return { ...one, lane };
  });
}

function ride(stops: PlanStop[], now_s: number): Ride {
  const pickup = stops.find((stop) => stop.kind === "pickup");
  const dropoff = stops.find((stop) => stop.kind === "dropoff") ?? stops[stops.length - 1]!;
  const from = pickup ? epochOf(pickup.planned) : now_s - BEFORE_S;
  const window =
    pickup?.window_from && pickup.state !== "done"
      ? span(epochOf(pickup.window_from), epochOf(pickup.window_to), now_s)
      : undefined;
  return {
    booking: dropoff.booking_id,
    reference: dropoff.reference,
    ...span(from, epochOf(dropoff.planned), now_s),
    from_s: pickup && epochOf(pickup.planned),
    to_s: epochOf(dropoff.planned),
    window,
    spare: span(epochOf(dropoff.planned), epochOf(dropoff.planned) + dropoff.slack_s, now_s),
    held: stops.some((stop) => stop.state === "held"),
    late: stops.some((stop) => stop.state !== "done" && stop.slack_s < 0),
    lane: 0,
  };
}

/** The full hours and half hours within the chart. */
export function ticks(now_s: number): number[] {
  const first = Math.ceil((now_s - BEFORE_S) / TICK_S) * TICK_S;
  const count = Math.floor((now_s + AFTER_S - first) / TICK_S) + 1;
  return Array.from({ length: count }, (_, index) => first + index * TICK_S);
}
