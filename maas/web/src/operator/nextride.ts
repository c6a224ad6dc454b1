import type { Booking, VehiclePlan } from "../lib/types";

/** Where the vehicle of a booking is, as far as it is known. */
export type NextRide = {
  /** When it comes, or when they arrive once they sit in it; epoch seconds. */
  at: number;
  minutes: number;
  /** How many stops come before; undefined when the plan is not known. */
  before: number | undefined;
  /** How long ago the vehicle was seen, in seconds; undefined when it never was. */
  age: number | undefined;
  /** Live, silent for longer than a minute, or nothing but the plan. */
  seen: "live" | "silent" | "never";
};

/** Seconds of silence after which a place is no longer the place where a vehicle is. */
export const SILENT_S = 60;

/** A vehicle of a demo that runs faster than life is silent later. */
export const silentAfter = (speed: number): number => SILENT_S + 5 * (speed - 1);

/** What the plan as of now and the last position say about a booking's vehicle. */
export function nextRide(
  booking: Pick<Booking, "id" | "state" | "pickup_planned" | "arrive_planned">,
  plan: Pick<VehiclePlan, "stops" | "position"> | undefined,
  now: number,
  speed = 1,
): NextRide {
  const kind = booking.state === "aboard" ? "dropoff" : "pickup";
  const ahead = (plan?.stops ?? []).filter((stop) => stop.state !== "done");
  const index = ahead.findIndex((stop) => stop.booking_id === booking.id && stop.kind === kind);
  const told = kind === "pickup" ? booking.pickup_planned : booking.arrive_planned;
  const at = Date.parse(ahead[index]?.planned ?? told) / 1000;
  const seen = plan?.position;
  const age = seen ? Math.max(0, Math.round(now - seen.ts)) : undefined;
  return {
    at,
    minutes: Math.max(0, Math.ceil((at - now) / 60)),
    before: index < 0 ? undefined : index,
    age,
    seen: age === undefined ? "never" : age > silentAfter(speed) ? "silent" : "live",
  };
}

/** Bookings of a day that the asked time may clash with: those within an hour and a half of it. */
export function near(bookings: Booking[], date: string, time: string | null): Booking[] {
  const open = bookings.filter(
    (one) => one.date === date && !["cancelled", "no_show", "lapsed", "done"].includes(one.state),
  );
  if (time === null) return open;
  const [hours, minutes] = time.split(":").map(Number);
  const asked = hours! * 60 + minutes!;
  return open.filter((one) => {
    const [hour, minute] = one.pickup_from.slice(11, 16).split(":").map(Number);
    return Math.abs(hour! * 60 + minute! - asked) <= 90;
  });
}
