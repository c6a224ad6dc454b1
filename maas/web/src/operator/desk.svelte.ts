import { call, newKey, Refused, type Problem } from "$shared/api";
import { clock } from "$shared/clock.svelte";
import { dateOf, noonOf, onTimetable } from "$shared/times";

import type {
  Booking, Call, Habit, Offer, OpenReturn, Place, Quote, Refusal, Rider, Together, Waiting,
} from "../lib/types";
import { words } from "../words/words";
import { Caller } from "./caller.svelte";
import { type Back, daysAhead, type Line, readLine, type Typed, withoutPlaces } from "./line";
import { againOn } from "./lastweek";

export type PlaceRef = Pick<Place, "id" | "name" | "name_en">;
export type Guest = { name: string; phone: string };
export type Stage = "caller" | "line" | "offers" | "done";

/** What could come for one of the trips asked for, and which of it is chosen. */
export type Choice = { offers: Offer[]; refusal: Refusal | undefined; at: number };

/** How many days ahead the console offers; the town's own horizon is checked by the server. */
export const DAYS = 14;

const NOBODY = { rider: undefined, guest: undefined, call: undefined, registering: undefined };
const NO_ANSWER = { choices: [], row: 0, hold: undefined, waiting: undefined, asked: undefined };
const NOTHING_DONE = { done: undefined, doneBack: undefined, openReturn: undefined };

/** One telephone call: who calls, where to, what could come, what was promised. */
export class Desk {
  stage = $state<Stage>("caller");
  /** Counts what begins anew, so that the keyboard goes to its place again. */
  turn = $state(0);
  call = $state<Call>();
  rider = $state<Rider>();
  guest = $state<Guest>();
  /** Somebody unknown whose card is being written. */
  registering = $state<Guest>();
  readonly caller = new Caller();
  origin = $state<PlaceRef>();
  destination = $state<PlaceRef>();
  /** Days from today, undefined while the line decides. */
  day = $state<number>();
  time = $state("");
  riders = $state(1);
  wheelchairs = $state(0);
  choices = $state<Choice[]>([]);
  /** The trip whose offers the arrows move in. */
  row = $state(0);
  /** The seat nobody else can have while the caller talks. */
  hold = $state<Booking>();
  waiting = $state<Waiting>();
  done = $state<Booking>();
  doneBack = $state<Booking>();
  openReturn = $state<OpenReturn>();
  /** The booking that the call changes. */
  replaces = $state<Booking>();
  cancelling = $state<Booking>();
  message = $state("");
  busy = $state<"" | "asking" | "booking">("");

  /** The caller of this card has rung off. */
  hung = $state(false);

  private asked: { back: Back | undefined; trip: object } | undefined;
  private habit = -1;
  /** The key of the command under way: pressed again, sent again, it is the same booking. */
  private key = "";
  private count = 0;

  nextCaller(): void {
    this.giveUpSeat();
    this.count += 1;
    Object.assign(this, { stage: "caller", ...NOBODY, cancelling: undefined });
    Object.assign(this, { message: "", busy: "", hung: false });
    this.caller.clear();
    this.clearLine();
    this.turn += 1;
  }

  private clearLine(): void {
    Object.assign(this, { origin: undefined, destination: undefined, day: undefined, time: "" });
    Object.assign(this, { riders: 1, wheelchairs: 0, replaces: undefined, ...NOTHING_DONE });
    this.habit = -1;
    Object.assign(this, NO_ANSWER);
  }

  /** Whether nobody would miss what is on this desk: the next call may take it. */
  get free(): boolean {
    const nobody = !this.rider && !this.guest && !this.registering && !this.call;
    if (this.stage === "caller") return nobody;
    return this.hung && (this.stage === "done" || (this.stage === "line" && this.untouched));
  }

  private get untouched(): boolean {
    return !this.destination && this.time === "";
  }

  /** Shows who calls: the member, the members of a household, or an unknown number. */
  async take(ringing: Call): Promise<void> {
    this.nextCaller();
    Object.assign(this, { call: ringing, hung: false });
    const [only, ...others] = ringing.members;
    if (only && others.length === 0) await this.takeMember(only.id);
  }

  async takeMember(id: number): Promise<void> {
    const during = this.call;
    const mine = this.count;
    try {
      const rider = await call<Rider>("GET", `/riders/${id}`);
      if (mine === this.count && during === this.call) this.takeRider(rider);
    } catch (error) {
      this.refusedBy(error);
    }
  }

  /** Whoever is found belongs to the call that is on the desk. */
  private begin(): void {
    const { call: during, hung } = this;
    this.nextCaller();
    Object.assign(this, { call: during, hung, stage: "line" });
  }

  takeRider(rider: Rider): void {
    this.begin();
    this.rider = rider;
    this.origin = rider.home_place ?? undefined;
    this.wheelchairs = usesWheelchair(rider) ? 1 : 0;
    this.caller.read(rider);
  }

  takeGuest(name: string): void {
    this.begin();
    this.guest = { name, phone: this.call?.number ?? "" };
  }

  register(name: string): void {
    this.registering = { name, phone: this.call?.number ?? "" };
  }

  /** Writes a provisional card: a name, a telephone, a place are enough. */
  async registered(place: PlaceRef | undefined, kana: string): Promise<void> {
    const card = this.registering;
    if (!card || this.busy) return;
    await this.during("booking", async (current) => {
      const body = {
        name: card.name,
        kana: kana || null,
        phone: card.phone || null,
        place_id: place?.id ?? null,
        provisional: true,
      };
      const rider = await call<Rider>("POST", "/riders", { body, key: this.registerKey(body) });
      if (!current()) return;
      this.takeRider(rider);
      this.origin ??= place;
    });
  }

  private wrote = { body: "", key: "" };

  private registerKey(body: object): string {
    const text = JSON.stringify(body);
    if (text !== this.wrote.body) this.wrote = { body: text, key: newKey() };
    return this.wrote.key;
  }

  /** Another trip for the same caller, or a change of the booking they have. */
  again(replaces?: Booking): void {
    this.giveUpSeat();
    const back = this.done;
    this.clearLine();
    this.message = "";
    this.stage = "line";
    this.turn += 1;
    this.origin = replaces?.origin ?? this.rider?.home_place ?? back?.origin ?? undefined;
    if (this.rider && usesWheelchair(this.rider)) this.wheelchairs = 1;
    if (!replaces) return;
    this.replaces = replaces;
    this.copy(replaces);
  }

  private copy(booking: Pick<Booking, "destination" | "riders" | "wheelchairs">): void {
    const { destination, riders, wheelchairs } = booking;
    Object.assign(this, { destination, riders, wheelchairs });
  }

  /**
   * F4: the open return becomes a ride now; after a booking, its way back; else a return is added
   * to the line, by telephone until a time is typed.
   */
  async back(): Promise<void> {
    const kept = this.caller.openReturn;
    if (this.stage === "line" && kept && !this.destination) return this.makeReturn(kept);
    const done = this.done;
    if (this.stage === "done" && done) {
      this.again();
      this.origin = done.destination;
      this.copy({ ...done, destination: done.origin });
    } else if (this.stage === "line" || this.stage === "offers") {
      this.reopen();
      const line = readLine(this.time);
      if (!("wrong" in line) && !line.back) this.time = `${this.time} r`.trim();
      this.turn += 1;
    }
  }

  async makeReturn(kept: OpenReturn): Promise<void> {
    if (this.busy) return;
    await this.during("booking", async (current) => {
      const told = await this.caller.ready(kept);
      if (!current()) return;
      if (!told.booking) return this.say(told.sentence);
      Object.assign(this, { done: told.booking, stage: "done" });
    });
  }

  /** F6: what this caller does again and again; pressed once more, the next such trip. */
  async lastWeek(): Promise<void> {
    const found = this.caller.habits;
    if (!this.rider) return this.say(words().operator.riderMissing);
    if (found.length === 0) return this.say(words().operator.noHabits);
    const next = (this.habit + 1) % found.length;
    this.again();
    this.habit = next;
    await this.repeat(found[next]!);
  }

  async repeat(habit: Habit): Promise<void> {
    Object.assign(this, { origin: habit.origin, destination: habit.destination });
    this.time = habit.time.replace(":", "");
    this.day = againOn(habit, this.today, this.nowTime);
    await this.ask();
  }

  /** A favourite as the destination; false when there is none under that digit. */
  favourite(digit: number): boolean {
    const found = this.rider?.favourites.find((one) => one.slot === digit);
    if (found) this.destination = found.place;
    return found !== undefined;
  }

  /**
   * A destination chosen from the list; what else was typed with it goes to the line, and is asked
   * for at once.  `from` is a place typed before it.
   */
  async goTo(place: PlaceRef, from: string | undefined, rest: string): Promise<void> {
    this.destination = place;
    if (from) {
      const found = await this.placeOf(from).catch(() => undefined);
      if (!found) return this.say(words().operator.placeUnknown(from));
      this.origin = found;
    }
    this.turn += 1;
    if (rest) {
      this.time = rest;
      await this.ask();
    }
  }

  get today(): string {
    return clock.date || dateOf(clock.now, clock.zone);
  }

  private get nowTime(): string {
    return onTimetable(clock.now, clock.zone).padStart(5, "0");
  }

  /** The service day asked for, as YYYY-MM-DD. */
  date(line: Pick<Line, "day" | "time">): string {
    const typed = daysAhead(line, this.today, this.nowTime);
    const days = line.day ? typed : (this.day ?? typed);
    return dateOf(noonOf(this.today, days), clock.zone);
  }

  async ask(): Promise<void> {
    const said = words().operator;
    const line = readLine(this.time);
    if ("wrong" in line) return this.say(said.timeWrong(line.wrong));
    if (!this.rider && !this.guest) return this.say(said.riderMissing);
    this.giveUpSeat();
    await this.during("asking", async (current) => {
      if (!(await this.findPlaces(line.places)) || !current()) return;
      if (!this.origin || !this.destination) return this.say(said.placeMissing);
      this.riders = line.riders ?? this.riders;
      this.wheelchairs = line.wheelchairs ?? this.wheelchairs;
      const trip = this.trip(line);
      Object.assign(this, NO_ANSWER);
      const quotes = await this.quote(trip, line.back);
      if (!current()) return;
      this.asked = { back: line.back, trip };
      this.show(quotes);
    });
  }

  /** Places typed on the line: the first one found for each is taken, and shown as from and to. */
  private async findPlaces(typed: Typed[]): Promise<boolean> {
    const found = await Promise.all(typed.map((one) => this.placeOf(one)));
    const missing = found.findIndex((place) => !place);
    if (missing >= 0) {
      this.say(words().operator.placeUnknown(String(typed[missing])));
      return false;
    }
    this.destination = found.at(-1) ?? this.destination;
    if (found.length > 1) this.origin = found[0];
    if (found.length > 0) this.time = withoutPlaces(this.time);
    return true;
  }

  private async placeOf(typed: Typed): Promise<PlaceRef | undefined> {
    if (typeof typed === "number") {
      return this.rider?.favourites.find((one) => one.slot === typed)?.place;
    }
    const path = `/places?q=${encodeURIComponent(typed)}&limit=1`;
    return (await call<Place[]>("GET", path))[0];
  }

  private trip(line: Line) {
    return {
      date: this.date(line),
      origin: this.origin!.id,
      destination: this.destination!.id,
      time: line.time,
      anchor: line.anchor,
      riders: Math.max(this.riders, this.wheelchairs),
      wheelchairs: this.wheelchairs,
      rider_id: this.rider?.id ?? null,
      instead_of: this.replaces?.id ?? null,
    };
  }

  private async quote(trip: ReturnType<Desk["trip"]>, back: Back | undefined): Promise<Quote[]> {
    if (!back || back === "open") return [await call<Quote>("POST", "/quotes", { body: trip })];
    const { origin, destination } = trip;
    const home = {
      ...trip, origin: destination, destination: origin, time: back.time, anchor: "depart",
      instead_of: null,
    };
    return call<Quote[]>("POST", "/quotes/together", { body: { trips: [trip, home] } });
  }

  private show(quotes: Quote[]): void {
    this.key = newKey();
    this.choices = quotes.map(({ offers, refusal }) => ({
      offers: refusal ? refusal.alternatives : offers,
      refusal: refusal ?? undefined,
      at: 0,
    }));
    this.row = 0;
    this.stage = "offers";
    this.turn += 1;
  }

  choose(index: number, row: number = this.row): void {
    const choice = this.choices[row];
    if (!choice || index < 0 || index >= choice.offers.length) return;
    this.row = row;
    if (index === choice.at) return;
    choice.at = index;
    this.giveUpSeat();
    this.key = newKey();
  }

  /** Back to the line as it was typed. */
  reopen(): void {
    this.giveUpSeat();
    this.stage = "line";
    this.turn += 1;
  }

  /** F10: keeps the seat while the caller talks; pressed again it is free. */
  async holdSeat(): Promise<void> {
    const said = words().operator;
    const offer = this.offerOf(0);
    if (this.hold) return this.giveUpSeat();
    if (this.stage !== "offers" || !offer || this.busy) return this.say(said.nothingToHold);
    if (this.choices.length > 1 || this.replaces) return this.say(said.holdSingle);
    await this.during("booking", async (current) => {
      const body = { ...this.command(), offer: offer.token, call_id: this.call?.id ?? null };
      const held = await call<Booking>("POST", "/holds", { body, key: newKey() });
      if (current()) this.hold = held;
      else release(held);
    });
  }

  giveUpSeat(): void {
    if (this.hold) release(this.hold);
    this.hold = undefined;
  }

  /** The caller rang off: the server has given the seat up by itself. */
  hungUp(): void {
    Object.assign(this, { hold: undefined, call: undefined, hung: true });
  }

  private offerOf(row: number): Offer | undefined {
    const choice = this.choices[row];
    return choice?.offers[choice.at];
  }

  async confirm(): Promise<void> {
    const offers = this.choices.map((_, row) => this.offerOf(row));
    if (this.busy || offers.length === 0) return;
    if (!offers.every((offer) => offer !== undefined)) {
      return this.say(words().operator.nothingToTake);
    }
    await this.during("booking", async (current) => {
      const done = await this.book(offers);
      if (current()) Object.assign(this, { ...NO_ANSWER, ...done, stage: "done" });
    });
  }

  private async book(offers: Offer[]) {
    const [offer] = offers;
    const open_return = this.asked?.back === "open";
    if (this.replaces) {
      const body = { offer: offer!.token };
      const path = `/bookings/${this.replaces.id}`;
      return { done: await call<Booking>("PATCH", path, { body, key: this.key }) };
    }
    if (this.hold) return this.bookHeld(this.hold, open_return);
    const who = this.command();
    if (offers.length === 1 && !open_return) {
      const body = { ...who, offer: offer!.token };
      return { done: await call<Booking>("POST", "/bookings", { body, key: this.key }) };
    }
    const call_id = this.call?.id ?? null;
    const body = { ...who, offers: offers.map(({ token }) => token), open_return, call_id };
    const made = await call<Together>("POST", "/bookings/together", { body, key: this.key });
    const [done, doneBack] = made.bookings;
    return { done, doneBack, openReturn: made.open_return ?? undefined };
  }

  private async bookHeld(held: Booking, open: boolean) {
    const body = this.command();
    const done = await call<Booking>("POST", `/holds/${held.id}/booking`, { body, key: this.key });
    if (!open) return { done };
    const outward = { outward_id: done.id };
    const key = `${this.key}-return`;
    return { done, openReturn: await call<OpenReturn>("POST", "/returns", { body: outward, key }) };
  }

  private command() {
    return {
      rider_id: this.rider?.id ?? null,
      ...(this.guest ? { contact: { ...this.guest } } : {}),
    };
  }

  /** Puts the caller on the waitlist for the trip that was refused. */
  async wait(): Promise<void> {
    const refused = this.choices[0]?.refusal;
    if (!refused || !this.asked || this.busy) return;
    const body = { ...this.asked.trip, ...this.command() };
    await this.during("booking", async (current) => {
      const told = await call<Waiting>("POST", "/waitlist", { body, key: this.key });
      if (current()) Object.assign(this, { waiting: told });
    });
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

  say(message: string): void {
    this.message = message;
  }

  /** Runs one command; an answer that comes after the next call has begun changes nothing. */
  private async during(
    kind: "asking" | "booking",
    work: (current: () => boolean) => Promise<void>,
  ): Promise<void> {
    const mine = ++this.count;
    const current = () => mine === this.count;
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
    if (!alternatives) return this.say(error.message);
    this.hold = undefined;
    const refusal = {
      reason: "offer-gone", binding: null, sentence: error.message, alternatives, relaxations: [],
    };
    // What was asked for as a pair is asked for again as a pair.
    if (this.choices.length > 1) return this.say(error.message);
    this.show([{ offers: [], refusal, advice: [] }]);
  }
}

function usesWheelchair(rider: Rider): boolean {
  return rider.tags.includes("wheelchair") || rider.aids.includes("wheelchair");
}

/** Gives a seat back without waiting; what does not arrive lapses by itself. */
function release(held: Booking): void {
  call("DELETE", `/holds/${held.id}`, { key: newKey() }).catch(() => undefined);
}
