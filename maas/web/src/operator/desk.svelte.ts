import { call, newKey, Refused, type Problem } from "$shared/api";
import { clock } from "$shared/clock.svelte";
import { dateOf, noonOf, onTimetable } from "$shared/times";

import type { Booking, Offer, Place, Quote, Refusal, Rider } from "../lib/types";
import { words } from "../words/words";
import { dayFor, readTime } from "./ask";

export type PlaceRef = Pick<Place, "id" | "name" | "name_en">;
export type Guest = { name: string; phone: string };
export type Stage = "caller" | "line" | "offers" | "done";

/** How many days ahead the console offers; the town's own horizon is checked by the server. */
export const DAYS = 14;

/** One telephone call: who calls, where to, what could come, what was promised. */
export class Desk {
  stage = $state<Stage>("caller");
  rider = $state<Rider>();
  guest = $state<Guest>();
  origin = $state<PlaceRef>();
  destination = $state<PlaceRef>();
  /** Days from today, undefined while the time decides. */
  day = $state<number>();
  time = $state("");
  riders = $state(1);
  wheelchairs = $state(0);
  offers = $state<Offer[]>([]);
  refusal = $state<Refusal>();
  at = $state(0);
  done = $state<Booking>();
  /** The booking that the call changes. */
  replaces = $state<Booking>();
  cancelling = $state<Booking>();
  message = $state("");
  busy = $state<"" | "asking" | "booking">("");

  /** The key of the command under way: pressed again, sent again, it is the same booking. */
  private key = "";
  private asked = 0;

  nextCaller(): void {
    this.asked += 1;
    Object.assign(this, { stage: "caller", rider: undefined, guest: undefined });
    Object.assign(this, { message: "", busy: "", cancelling: undefined });
    this.clearLine();
  }

  private clearLine(): void {
    Object.assign(this, { origin: undefined, destination: undefined, day: undefined, time: "" });
    Object.assign(this, { riders: 1, wheelchairs: 0, replaces: undefined, done: undefined });
    this.clearOffers();
  }

  private clearOffers(): void {
    Object.assign(this, { offers: [], refusal: undefined, at: 0 });
  }

  takeRider(rider: Rider): void {
    this.nextCaller();
    this.rider = rider;
    this.origin = rider.home_place ?? undefined;
    this.wheelchairs = rider.tags.includes("wheelchair") ? 1 : 0;
    this.stage = "line";
  }

  takeGuest(name: string): void {
    this.nextCaller();
    this.guest = { name, phone: "" };
    this.stage = "line";
  }

  /** Another trip for the same caller, or a change of the booking they have. */
  again(replaces?: Booking): void {
    this.clearLine();
    this.message = "";
    this.stage = "line";
    this.origin = replaces?.origin ?? this.rider?.home_place ?? undefined;
    if (!replaces) return;
    this.replaces = replaces;
    this.destination = replaces.destination;
    this.riders = replaces.riders;
    this.wheelchairs = replaces.wheelchairs;
  }

  /** A favourite as the destination; false when there is none under that digit. */
  favourite(digit: number): boolean {
    const found = this.rider?.favourites.find((one) => one.slot === digit);
    if (found) this.destination = found.place;
    return found !== undefined;
  }

  /** The service day asked for, as YYYY-MM-DD. */
  date(time: string | null): string {
    const today = clock.date || dateOf(clock.now, clock.zone);
    const days = dayFor(time, this.day, onTimetable(clock.now, clock.zone).padStart(5, "0"));
    return dateOf(noonOf(today, days), clock.zone);
  }

  async ask(): Promise<void> {
    const said = words().operator;
    const asked = readTime(this.time);
    if ("wrong" in asked) return this.say(said.timeWrong(asked.wrong));
    if (!this.rider && !this.guest) return this.say(said.riderMissing);
    if (!this.origin || !this.destination) return this.say(said.placeMissing);
    this.riders = asked.riders ?? this.riders;
    this.wheelchairs = asked.wheelchairs ?? this.wheelchairs;
    const body = {
      date: this.date(asked.time),
      origin: this.origin.id,
      destination: this.destination.id,
      time: asked.time,
      anchor: asked.anchor,
      riders: Math.max(this.riders, this.wheelchairs),
      wheelchairs: this.wheelchairs,
      rider_id: this.rider?.id ?? null,
      instead_of: this.replaces?.id ?? null,
    };
    this.clearOffers();
    await this.during("asking", async (current) => {
      const quote = await call<Quote>("POST", "/quotes", { body });
      if (current()) this.show(quote.offers, quote.refusal ?? undefined);
    });
  }

  private show(offers: Offer[], refusal?: Refusal): void {
    this.key = newKey();
    Object.assign(this, { offers: refusal ? refusal.alternatives : offers, refusal, at: 0 });
    this.stage = "offers";
  }

  choose(index: number): void {
    if (index >= 0 && index < this.offers.length && index !== this.at) {
      this.at = index;
      this.key = newKey();
    }
  }

  async confirm(): Promise<void> {
    const offer = this.offers[this.at];
    if (!offer || this.busy) return;
    await this.during("booking", async (current) => {
      const booking = this.replaces
        ? await call<Booking>("PATCH", `/bookings/${this.replaces.id}`, {
            body: { offer: offer.token },
            key: this.key,
          })
        : await call<Booking>("POST", "/bookings", { body: this.command(offer), key: this.key });
      if (current()) Object.assign(this, { done: booking, stage: "done", refusal: undefined });
    });
  }

  private command(offer: Offer) {
    return {
      offer: offer.token,
      rider_id: this.rider?.id ?? null,
      ...(this.guest ? { contact: { ...this.guest } } : {}),
    };
  }

  async cancel(reason: string): Promise<void> {
    const booking = this.cancelling;
    if (!booking) return;
    await this.during("booking", async () => {
      const body = { reason };
      await call<Booking>("DELETE", `/bookings/${booking.id}`, { body, key: newKey() });
      this.cancelling = undefined;
      if (this.rider?.next_booking?.id === booking.id) this.rider.next_booking = null;
      if (this.rider || this.guest) this.again();
      this.say(words().operator.cancelled(booking.reference));
    });
  }

  private say(message: string): void {
    this.message = message;
  }

  /** Runs one command; an answer that comes after the next call has begun changes nothing. */
  private async during(
    kind: "asking" | "booking",
    work: (current: () => boolean) => Promise<void>,
  ): Promise<void> {
    const mine = ++this.asked;
    const current = () => mine === this.asked;
    Object.assign(this, { busy: kind, message: "" });
    try {
      await work(current);
    } catch (error) {
      if (current()) this.refusedBy(error);
    } finally {
      if (current()) this.busy = "";
    }
  }

  private refusedBy(error: unknown): void {
    if (!(error instanceof Refused)) return this.say(words().noAnswer);
    const { alternatives } = error.problem as Problem & { alternatives?: Offer[] };
    if (alternatives) {
      const sentence = error.message;
      this.show([], {
        reason: "offer-gone", binding: null, sentence, alternatives, relaxations: [],
      });
    } else {
      this.say(error.message);
    }
  }
}
