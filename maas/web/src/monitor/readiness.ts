import type { Booking, Disruption, Duty, VehiclePlan } from "../lib/types";
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

const GONE = new Set<Booking["state"]>(["cancelled", "lapsed"]);

type Day = { bookings: Booking[]; disruptions: Disruption[]; plan: VehiclePlan[] };

/** The bookings of a day that are still wanted, by pick-up. */
export const ahead = (day: Pick<Day, "bookings">): Booking[] =>
  day.bookings
    .filter((one) => !GONE.has(one.state))
    .sort((a, b) => a.pickup_planned.localeCompare(b.pickup_planned));

/** A vehicle on a day: whether it stays out, its first pick-up, and how many ride in it. */
export type DayDuty = { vehicle: VehiclePlan; out: boolean; first: string | undefined; rides: number };

/** The vehicles in the order in which their drivers have to be called: by their first pick-up. */
export function dutiesOf(day: Day): DayDuty[] {
  const out = new Set(vehiclesOut(day.disruptions).map((one) => one.id));
  const late = "9999";
  return day.plan
    .map((vehicle) => {
      const pickups = vehicle.stops.filter((stop) => stop.kind === "pickup" && stop.state !== "held");
      const first = pickups.map((stop) => stop.planned).sort()[0];
      return { vehicle, out: out.has(vehicle.id), first, rides: pickups.length };
    })
    .sort((a, b) => (a.first ?? late).localeCompare(b.first ?? late));
}
