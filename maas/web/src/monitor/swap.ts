import { epochOf } from "$shared/times";

import type { MoveIn, MovedRider, PlanStop, VehiclePlan } from "../lib/types";

/** Nearer than this a vehicle is on its way to the rider: those stay where they are. */
export const NEAR_S = 10 * 60;

/** The pick-ups of a vehicle that could still be another's. */
export function movable(vehicle: VehiclePlan, now_s: number): PlanStop[] {
  return vehicle.stops.filter(
    (stop) =>
      stop.kind === "pickup" && stop.state === "planned" && epochOf(stop.planned) - now_s > NEAR_S,
  );
}

/** Every ride still ahead of either vehicle in the other one. */
export function swapped(one: VehiclePlan, other: VehiclePlan, now_s: number): MoveIn[] {
  const to = (from: VehiclePlan, vehicle_id: string): MoveIn[] =>
    movable(from, now_s).map(({ booking_id }) => ({ booking_id, vehicle_id, pinned: true }));
  return [...to(one, other.id), ...to(other, one.id)];
}

/** By how many whole minutes a rider is worse off, rounded away from their favour. */
export function laterBy(rider: MovedRider): number {
  const worse = Math.max(rider.pickup_later_s, rider.arrive_later_s);
  return worse > 0 ? Math.ceil(worse / 60) : Math.trunc(Math.min(rider.pickup_later_s, rider.arrive_later_s) / 60);
}
