import { epochOf } from "$shared/times";

import type { VehiclePlan } from "../lib/types";

/** Something a dispatcher should look at before anything else. */
export type Exception =
  | { kind: "late"; vehicle: VehiclePlan; minutes: number; who: string }
  | { kind: "silent"; vehicle: VehiclePlan; minutes: number }
  | { kind: "battery"; vehicle: VehiclePlan; percent: number };

export const LOW_BATTERY_PERCENT = 20;

/**
 * The exceptions of a fleet, worst first: broken promises, then silence, then batteries.
 * `age_s` tells how old a vehicle's position is; undefined when it has none yet.
 */
export function exceptions(
  vehicles: VehiclePlan[],
  now_s: number,
  age_s: (id: string) => number | undefined,
  silent_s: number,
): Exception[] {
  const late: Exception[] = [];
  const silent: Exception[] = [];
  const battery: Exception[] = [];
  for (const vehicle of vehicles) {
    const worst = latest(vehicle);
    if (worst) late.push({ kind: "late", vehicle, ...worst });
    const age = age_s(vehicle.id);
    if (age !== undefined && age > silent_s && onShift(vehicle, now_s)) {
      silent.push({ kind: "silent", vehicle, minutes: Math.floor(age / 60) });
    }
    const percent = vehicle.battery_percent;
    if (percent !== null && percent < LOW_BATTERY_PERCENT) {
      battery.push({ kind: "battery", vehicle, percent: Math.round(percent) });
    }
  }
  return [...late, ...silent, ...battery];
}

export function onShift(vehicle: VehiclePlan, now_s: number): boolean {
  return epochOf(vehicle.shift_from) <= now_s && now_s <= epochOf(vehicle.shift_to);
}

/** The stop that breaks its promise by most, in whole minutes, at least one. */
function latest(vehicle: VehiclePlan): { minutes: number; who: string } | undefined {
  const broken = vehicle.stops.filter((stop) => stop.state !== "done" && stop.slack_s <= -60);
  const worst = broken.sort((a, b) => a.slack_s - b.slack_s)[0];
  return worst && { minutes: Math.floor(-worst.slack_s / 60), who: worst.rider_name };
}
