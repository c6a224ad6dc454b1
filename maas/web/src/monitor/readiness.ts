import type { Disruption, Duty, VehiclePlan } from "../lib/types";
import { onShift } from "./exceptions";

/** The vehicles on duty now whose driver has had no roll call, or was not found fit. */
export function notCalled(vehicles: VehiclePlan[], duties: Duty[], now_s: number): VehiclePlan[] {
  const ready = new Set(
    duties.filter((duty) => duty.readiness === "ready").map((duty) => duty.vehicle_id),
  );
  return vehicles.filter((vehicle) => onShift(vehicle, now_s) && !ready.has(vehicle.id));
}

/** The vehicles that stay out by what was reported for a day, newest report first, as the API lists. */
export function vehiclesOut(disruptions: Disruption[]): Disruption["vehicles"] {
  const last = new Map<string, { out: boolean; vehicle: Disruption["vehicles"][number] }>();
  for (const one of [...disruptions].reverse()) {
    const out = one.kind === "vehicle_out" || one.kind === "driver_off";
    if (!out && one.kind !== "back") continue;
    for (const vehicle of one.vehicles) last.set(vehicle.id, { out, vehicle });
  }
  return [...last.values()].filter((one) => one.out).map((one) => one.vehicle);
}
