import { call, newKey, Refused } from "$shared/api";

import type { Booking, Standing } from "../lib/types";
import { words } from "../words/words";
import { today } from "./trip.svelte";

/** Monday is 0, as the server counts. */
export const weekdayOf = (date: string): number =>
  (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;

/** A member's trips of every week: one made of a booking, and those that go on. */
export class Weekly {
  days = $state<number[]>([]);
  until = $state("");
  openReturn = $state(false);
  holidays = $state(false);
  kept = $state<Standing[]>([]);
  message = $state("");
  busy = $state(false);
  private wrote = { body: "", key: "" };
  private reading: Promise<void> | undefined;

  constructor(
    private readonly rider: number,
    readonly model: Booking | undefined,
  ) {
    if (model) this.days = [weekdayOf(model.date)];
  }

  read(): Promise<void> {
    return (this.reading = this.during(async () => {
      this.kept = await call<Standing[]>("GET", `/standing?rider_id=${this.rider}`);
    }));
  }

  toggle(day: number): void {
    const has = this.days.includes(day);
    this.days = has ? this.days.filter((one) => one !== day) : [...this.days, day].sort();
  }

  /** Books the model's trip on the chosen weekdays, from the week after it. */
  async make(): Promise<void> {
    await this.reading; // who presses Enter at once is not passed over
    const { model } = this;
    const said = words().operator.weekly;
    if (!model || this.busy) return;
    if (this.days.length === 0) return this.say(said.noDays);
    const body = {
      rider_id: this.rider,
      origin: model.origin.id,
      destination: model.destination.id,
      time: model.pickup_from.slice(11, 16),
      weekdays: this.days,
      valid_from: dayAfter(model.date),
      valid_to: this.until || null,
      open_return: this.openReturn,
      holidays: this.holidays,
      riders: model.riders,
      wheelchairs: model.wheelchairs,
    };
    await this.during(async () => {
      const made = await call<Standing>("POST", "/standing", { body, key: this.keyOf(body) });
      this.kept = [made, ...this.kept.filter((one) => one.id !== made.id)];
      const full = made.days.filter((day) => day.outcome === "refused").length;
      this.say(said.made(made.days.filter((day) => day.outcome === "booked").length, full));
    });
  }

  /** It rests until a day, that one included; its booked days are cancelled. */
  async pause(one: Standing, last: string): Promise<void> {
    await this.put(one, "pause", { first: today(), last: last || null });
  }

  async goOn(one: Standing): Promise<void> {
    await this.put(one, "pause", { first: null, last: null });
  }

  async end(one: Standing): Promise<void> {
    await this.put(one, "end", { last: today() });
    this.kept = this.kept.filter((other) => other.id !== one.id);
  }

  private async put(one: Standing, what: "pause" | "end", body: object): Promise<void> {
    await this.during(async () => {
      const path = `/standing/${one.id}/${what}`;
      const told = await call<Standing>("PUT", path, { body, key: newKey() });
      this.kept = this.kept.map((other) => (other.id === told.id ? told : other));
      this.say(words().operator.weekly.changed);
    });
  }

  /** The same wish sent again is the same command. */
  private keyOf(body: object): string {
    const text = JSON.stringify(body);
    if (text !== this.wrote.body) this.wrote = { body: text, key: newKey() };
    return this.wrote.key;
  }

  private say(message: string): void {
    this.message = message;
  }

  private async during(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    Object.assign(this, { busy: true, message: "" });
    try {
      await work();
    } catch (error) {
      this.say(error instanceof Refused ? error.message : words().noAnswer);
    } finally {
      this.busy = false;
    }
  }
}

const dayAfter = (date: string): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
