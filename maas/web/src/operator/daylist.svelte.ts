import { call } from "$shared/api";
import { clock } from "$shared/clock.svelte";
import { dateOf } from "$shared/times";

import type { Link } from "../lib/link.svelte";
import { session } from "../lib/session.svelte";
import type { Booking, Plan } from "../lib/types";

const OVER = new Set(["done", "cancelled", "no_show"]);

/** Today's bookings, kept by the live stream. */
export class DayList {
  bookings = $state<Record<string, Booking>>({});
  /** The row under the keyboard. */
  chosen = $state<Booking>();

  constructor(private readonly link: Link) {}

  async start(): Promise<void> {
    const area = session.now?.area ?? (await call<Plan>("GET", "/plan")).area;
    this.link.follow<Booking>(`bookings:${area}`, (changed, gone, fresh) => {
      this.take(changed);
      for (const id of gone) delete this.bookings[id];
      // A stream that starts anew holds recent changes only; the day itself is in the database.
      if (fresh) void this.load();
    });
  }

  private async load(): Promise<void> {
    this.take(await call<Booking[]>("GET", "/bookings"));
  }

  private take(bookings: Booking[]): void {
    for (const booking of bookings) this.bookings[booking.id] = booking;
  }

  /** Those of the service day, by pick-up; what is over comes last, seats given up not at all. */
  today(): Booking[] {
    const date = clock.date || dateOf(clock.now, clock.zone);
    const last = (booking: Booking) => (OVER.has(booking.state) ? "1" : "0");
    return Object.values(this.bookings)
      .filter((booking) => booking.date === date && booking.state !== "lapsed")
      .sort((a, b) => (last(a) + a.pickup_planned).localeCompare(last(b) + b.pickup_planned));
  }

  byReference(reference: string): Booking[] {
    return Object.values(this.bookings).filter((booking) => booking.reference === reference);
  }
}
