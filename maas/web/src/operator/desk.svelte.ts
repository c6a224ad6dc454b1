import { call, newKey, Refused, type Problem } from "$shared/api";
import { clock } from "$shared/clock.svelte";

import type { Booking, Call, Habit, Offer, OpenReturn, Quote, Rider, Waiting } from "../lib/types";
import { words } from "../words/words";
import { Answer } from "./answer.svelte";
import type { Box } from "./boxes";
import { Caller } from "./caller.svelte";
import { book, bookHeld, change, quote, release, type Who } from "./commands";
import type { Draft } from "./drafts";
import { againOn } from "./lastweek";
import { readLine } from "./line";
import { Registering } from "./registering.svelte";
import { nowTime, placeOf, type PlaceRef, today, Trip } from "./trip.svelte";

export type Guest = { name: string; phone: string };
export type Stage = "caller" | "line" | "offers" | "done";

const NOTHING_DONE = { done: undefined, doneBack: undefined, openReturn: undefined };

/** One telephone call: who calls, where to, what could come, what was promised. */
export class Desk {
  stage = $state<Stage>("caller");
  /** Counts what begins anew, so that the keyboard goes to its place again. */
  turn = $state(0);
  call = $state<Call>();
  /** The caller of this card has rung off. */
  hung = $state(false);
  /** How long the call took that was rung off, and how many bookings came of this card. */
  talkedS = $state(0);
  booked = $state(0);
  rider = $state<Rider>();
  guest = $state<Guest>();
  readonly caller = new Caller();
  readonly registering = new Registering(this);
  readonly trip = new Trip();
  readonly answer = new Answer();
  done = $state<Booking>();
  doneBack = $state<Booking>();
  openReturn = $state<OpenReturn>();
  /** What is open above the page and holds the keyboard. */
  box = $state<Box>();
  /** Whether the map is open beside the call. */
  map = $state(false);
  message = $state("");
  /** The message is good news. */
  good = $state(false);
  busy = $state<"" | "asking" | "booking">("");

  /** Called when a question got no answer at all. */
  constructor(private readonly unanswered: () => void) {}

  private habit = -1;
  /** What is dealt with once this call's trip is booked. */
  private ondone: (() => void) | undefined;
  private count = 0;

  nextCaller(): void {
    this.answer.giveUpSeat();
    this.count += 1;
    Object.assign(this, { stage: "caller", rider: undefined, guest: undefined, call: undefined });
    Object.assign(this, { box: undefined, message: "", busy: "", hung: false, booked: 0 });
    this.registering.card = undefined;
    this.caller.clear();
    this.clearLine();
    this.turn += 1;
  }

  private clearLine(): void {
    this.trip.clear();
    this.answer.clear();
    Object.assign(this, NOTHING_DONE);
    this.habit = -1;
    this.ondone = undefined;
  }

  /** Whether nobody would miss what is on this desk: the next call may take it. */
  get free(): boolean {
    const nobody = !this.rider && !this.guest && !this.registering.card && !this.call;
    if (this.stage === "caller") return nobody;
    return this.hung && (this.stage === "done" || (this.stage === "line" && this.trip.untouched));
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
    this.trip.startFor(rider);
    this.caller.read(rider);
  }

  takeGuest(name: string): void {
    this.begin();
    this.guest = { name, phone: this.call?.number ?? "" };
  }

  /** A draft that could not be booked as written: its caller and trip on the desk, to be asked for. */
  async takeDraft(draft: Draft, done: () => void): Promise<void> {
    if (draft.rider_id === null) this.takeGuest(draft.name);
    else await this.takeMember(draft.rider_id);
    if (this.stage !== "line") return;
    if (this.guest) this.guest.phone = draft.phone;
    this.trip.take(draft);
    this.ondone = done;
    this.turn += 1;
  }

  /** Another trip for the same caller, or a change of the booking they have. */
  again(replaces?: Booking): void {
    this.answer.giveUpSeat();
    const before = this.done;
    this.clearLine();
    Object.assign(this, { message: "", stage: "line" });
    this.turn += 1;
    this.trip.startFor(this.rider);
    this.trip.origin = replaces?.origin ?? this.trip.origin ?? before?.origin;
    if (!replaces) return;
    this.trip.replaces = replaces;
    this.trip.copy(replaces);
  }

  /**
   * F4: the open return becomes a ride now; after a booking, its way back; else a return is added
   * to the line, by telephone until a time is typed.
   */
  async back(): Promise<void> {
    const kept = this.caller.openReturn;
    if (this.stage === "line" && kept && !this.trip.destination) return this.makeReturn(kept);
    const { done, trip } = this;
    if (this.stage === "done" && done) {
      this.again();
      trip.origin = done.destination;
      trip.copy({ ...done, destination: done.origin });
    } else if (this.stage === "line" || this.stage === "offers") {
      this.reopen();
      const line = readLine(trip.time);
      if (!("wrong" in line) && !line.back) trip.time = `${trip.time} r`.trim();
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
    const { origin, destination } = habit;
    const day = againOn(habit, today(), nowTime());
    Object.assign(this.trip, { origin, destination, day, time: habit.time.replace(":", "") });
    await this.ask();
  }

  /** A favourite as the destination; false when there is none under that digit. */
  favourite(digit: number): boolean {
    const found = this.rider?.favourites.find((one) => one.slot === digit);
    if (found) this.trip.destination = found.place;
    return found !== undefined;
  }

  /**
   * A destination chosen from the list; what else was typed with it goes to the line, and is asked
   * for at once.  `from` is a place typed before it.
   */
  async goTo(place: PlaceRef, from: string | undefined, rest: string): Promise<void> {
    this.trip.destination = place;
    if (from) {
      const found = await placeOf(from).catch(() => undefined);
      if (!found) return this.say(words().operator.placeUnknown(from));
      this.trip.origin = found;
    }
    this.turn += 1;
    if (rest) {
      this.trip.time = rest;
      await this.ask();
    }
  }

  async ask(): Promise<void> {
    const said = words().operator;
    const { trip, answer, rider } = this;
    const line = readLine(trip.time);
    if ("wrong" in line) return this.say(said.timeWrong(line.wrong));
    if (!rider && !this.guest) return this.say(said.riderMissing);
    answer.giveUpSeat();
    await this.during("asking", async (current) => {
      const missing = await trip.findPlaces(line.places, rider);
      if (!current()) return;
      if (missing !== undefined) return this.say(said.placeUnknown(String(missing)));
      if (!trip.origin || !trip.destination) return this.say(said.placeMissing);
      const asked = trip.asked(line, rider);
      answer.clear();
      const quotes = await quote(asked, line.back);
      if (!current()) return;
      answer.asked = { trip: asked, back: line.back };
      this.show(quotes);
    });
  }

  show(quotes: Quote[]): void {
    this.answer.show(quotes);
    this.stage = "offers";
    this.turn += 1;
  }

  /** Back to the line as it was typed. */
  reopen(): void {
    this.answer.giveUpSeat();
    this.stage = "line";
    this.turn += 1;
  }

  /** F10: keeps the seat while the caller talks; pressed again it is free. */
  async holdSeat(): Promise<void> {
    const said = words().operator;
    const { answer } = this;
    const [offer] = answer.chosen();
    if (answer.hold) return answer.giveUpSeat();
    if (this.stage !== "offers" || !offer || this.busy) return this.say(said.nothingToHold);
    if (answer.choices.length > 1 || this.trip.replaces) return this.say(said.holdSingle);
    await this.during("booking", async (current) => {
      const body = { ...this.who(), offer: offer.token, call_id: this.call?.id ?? null };
      const held = await call<Booking>("POST", "/holds", { body, key: newKey() });
      if (current()) answer.hold = held;
      else release(held);
    });
  }

  /** The caller rang off: the server has given the seat up by itself. */
  hungUp(): void {
    const since = this.call?.answered_at ?? this.call?.rang_at;
    if (since) this.talkedS = Math.max(0, clock.now - Date.parse(since) / 1000);
    this.answer.hold = undefined;
    Object.assign(this, { call: undefined, hung: true });
  }

  async confirm(): Promise<void> {
    const offers = this.answer.chosen();
    if (this.busy || offers.length === 0) return;
    if (!offers.every((offer) => offer !== undefined)) {
      return this.say(words().operator.nothingToTake);
    }
    await this.during("booking", async (current) => {
      const made = await this.book(offers);
      if (!current()) return;
      this.answer.clear();
      Object.assign(this, { ...NOTHING_DONE, ...made, stage: "done" });
      this.booked += this.doneBack ? 2 : 1;
      this.ondone?.();
      void this.renew();
    });
  }

  /** What the member rides next may be another ride by now. */
  private async renew(): Promise<void> {
    const { rider } = this;
    if (!rider) return;
    const now = await call<Rider>("GET", `/riders/${rider.id}`).catch(() => rider);
    rider.next_booking = now.next_booking;
  }

  private book(offers: Offer[]) {
    const { key, hold, asked } = this.answer;
    if (this.trip.replaces) return change(this.trip.replaces, offers[0]!, key);
    const taking = {
      who: this.who(), key, open_return: asked?.back === "open", call_id: this.call?.id ?? null,
    };
    return hold ? bookHeld(hold, taking) : book(offers, taking);
  }

  who(): Who {
    const who = { rider_id: this.rider?.id ?? null };
    return this.guest ? { ...who, contact: { ...this.guest } } : who;
  }

  /** Puts the caller on the waitlist for the trip that was refused. */
  async wait(): Promise<void> {
    const { asked, choices, key } = this.answer;
    if (!choices[0]?.refusal || !asked || this.busy) return;
    const body = { ...asked.trip, ...this.who() };
    await this.during("booking", async (current) => {
      const told = await call<Waiting>("POST", "/waitlist", { body, key });
      if (current()) this.answer.waiting = told;
    });
  }

  /** A supervisor is asked to decide against the rule that refuses the trip. */
  openWaiver(): void {
    const [choice, ...others] = this.answer.choices;
    if (!choice?.refusal?.waivable) return;
    if (others.length > 0) return this.say(words().operator.waiver.single);
    this.message = "";
    this.box = { kind: "waiver", sentence: choice.refusal.sentence };
  }

  /** Whoever waits beside a vehicle that broke down is cancelled when `sure` that they get on. */
  async cancel(reason: string, sure = false): Promise<void> {
    const box = this.box?.kind === "cancel" ? this.box : undefined;
    if (!box || this.busy) return;
    const booking = box.booking;
    await this.during("booking", async () => {
      const body = { reason, brought_otherwise: sure };
      try {
        await call<Booking>("DELETE", `/bookings/${booking.id}`, { body, key: newKey() });
      } catch (error) {
        const refused = error instanceof Refused ? (error.problem as Problem & { state?: string }) : undefined;
        if (refused?.state === "stranded") this.box = { ...box, waits: reason };
        throw error;
      }
      this.box = undefined;
      if (this.rider?.next_booking?.id === booking.id) this.rider.next_booking = null;
      void this.renew();
      if (this.rider || this.guest) this.again();
      this.say(words().operator.cancelled(booking.reference), true);
    });
  }

  say(message: string, good = false): void {
    Object.assign(this, { message, good });
  }

  /** Runs one command; an answer that comes after the next call has begun changes nothing. */
  async during(
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

  /** The server is away: what was about to be asked is written down. */
  private noAnswer(): void {
    this.unanswered();
    this.say(words().noAnswer);
    if (this.stage === "line" && !this.trip.replaces) this.box = { kind: "draft" };
  }

  private refusedBy(error: unknown): void {
    if (!(error instanceof Refused)) return this.noAnswer();
    const { alternatives } = error.problem as Problem & { alternatives?: Offer[] };
    if (!alternatives) return this.say(error.message);
    this.answer.hold = undefined;
    const refusal = {
      reason: "offer-gone", binding: null, sentence: error.message, alternatives, relaxations: [],
      waivable: false,
    };
    // What was asked for as a pair is asked for again as a pair.
    if (this.answer.choices.length > 1) return this.say(error.message);
    this.show([{ offers: [], refusal, advice: [] }]);
  }
}
