import { call, newKey } from "$shared/api";

import type { Booking, Offer, OpenReturn, Quote, Together } from "../lib/types";
import type { Back } from "./line";
import type { Asked } from "./trip.svelte";

/** Whom a command is for: a member, or somebody with a name and a telephone. */
export type Who = { rider_id: number | null; contact?: { name: string; phone: string } };

export type Booked = {
  done: Booking | undefined;
  doneBack?: Booking | undefined;
  openReturn?: OpenReturn | undefined;
};

/** Asks when a vehicle could come; a way back at a time is asked for together with the way there. */
export async function quote(trip: Asked, back: Back | undefined): Promise<Quote[]> {
  if (!back || back === "open") return [await call<Quote>("POST", "/quotes", { body: trip })];
  const body = { trips: [trip, homeward(trip, back.time)] };
  return call<Quote[]>("POST", "/quotes/together", { body });
}

function homeward(trip: Asked, time: string): Asked {
  const { origin, destination } = trip;
  return {
    ...trip, origin: destination, destination: origin, time, anchor: "depart", instead_of: null,
  };
}

type Taking = { who: Who; key: string; open_return: boolean; call_id: string | null };

/** Takes one offer, or one for each trip together; `key` makes it the same booking when repeated. */
export async function book(offers: Pick<Offer, "token">[], taking: Taking): Promise<Booked> {
  const { who, key, open_return, call_id } = taking;
  if (offers.length === 1 && !open_return) {
    const body = { ...who, offer: offers[0]!.token };
    return { done: await call<Booking>("POST", "/bookings", { body, key }) };
  }
  const body = { ...who, offers: offers.map(({ token }) => token), open_return, call_id };
  const made = await call<Together>("POST", "/bookings/together", { body, key });
  const [done, doneBack] = made.bookings;
  return { done, doneBack, openReturn: made.open_return ?? undefined };
}

export async function change(booking: Booking, offer: Offer, key: string): Promise<Booked> {
  const body = { offer: offer.token };
  return { done: await call<Booking>("PATCH", `/bookings/${booking.id}`, { body, key }) };
}

export async function bookHeld(held: Booking, taking: Taking): Promise<Booked> {
  const { who, key } = taking;
  const done = await call<Booking>("POST", `/holds/${held.id}/booking`, { body: who, key });
  if (!taking.open_return) return { done };
  const outward = { outward_id: done.id };
  const again = { body: outward, key: `${key}-return` };
  return { done, openReturn: await call<OpenReturn>("POST", "/returns", again) };
}

/** Gives a seat back without waiting; what does not arrive lapses by itself. */
export function release(held: Booking): void {
  call("DELETE", `/holds/${held.id}`, { key: newKey() }).catch(() => undefined);
}
