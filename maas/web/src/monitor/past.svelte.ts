import { call, Refused } from "$shared/api";
import { clock } from "$shared/clock.svelte";
import { dateOf, noonOf } from "$shared/times";

import type { PastDay, ServiceDay } from "../lib/types";
import { words } from "../words/words";
import { FROM_S, hoursAround, joined, TO_S, type Tracks } from "./past";

export const DAYS = 7;
/** Playing shows a minute of the past in a second. */
const PLAY_S = 60;

/** Looking back: one day, one moment of it, and what is known of that moment. */
export class Past {
  day = $state.raw<PastDay>();
  tracks = $state.raw<Tracks>({});
  /** The moment looked at, in seconds after the day's midnight. */
  at_s = $state(12 * 3600);
  chosen = $state<string>();
  playing = $state(false);
  message = $state("");
  loading = $state(false);
  /** Days on which nothing ran. */
  closed = $state.raw<ReadonlySet<string>>(new Set());
  readonly today = clock.date || dateOf(clock.now, clock.zone);
  private hours = new Set<number>();
  private timer: ReturnType<typeof setInterval> | undefined;

  /** The days that can be looked at, today last. */
  get dates(): string[] {
    return Array.from({ length: DAYS + 1 }, (_, i) => dateOf(noonOf(this.today, i - DAYS), clock.zone));
  }

  /** The moment in epoch seconds. */
  get now_s(): number {
    return (this.day?.start ?? 0) + this.at_s;
  }

  /** How late one can look: on the day itself not into the future. */
  get last_s(): number {
    if (this.day?.date !== this.today) return TO_S;
    return Math.min(TO_S, Math.max(FROM_S, Math.floor((clock.now - this.day.start) / 60) * 60));
  }

  /** Opens the last day before today on which something ran. */
  async openLast(): Promise<void> {
    const before = this.dates.slice(0, -1);
    this.loading = true;
    const days = await this.tried(() => call<ServiceDay[]>("GET", `/calendar?from=${before[0]}&to=${before.at(-1)}`));
    this.closed = new Set(days?.filter(({ opens, buses }) => opens === null && !buses).map(({ date }) => date));
    await this.open(before.findLast((date) => !this.closed.has(date)) ?? this.today);
  }

  async open(date: string): Promise<void> {
    this.stop();
    Object.assign(this, { day: undefined, tracks: {}, message: "", loading: true });
    this.hours = new Set();
    const day = await this.tried(() => call<PastDay>("GET", `/past/${date}`));
    this.loading = false;
    if (!day) return;
    this.day = day;
    this.go(this.at_s);
  }

  /** Looks at another moment of the day. */
  go(at_s: number): void {
    this.at_s = Math.min(this.last_s, Math.max(FROM_S, Math.round(at_s / 60) * 60));
    void this.fetch();
  }

  play(): void {
    if (this.playing) return this.stop();
    if (this.at_s >= this.last_s) this.at_s = FROM_S;
    this.playing = true;
    this.timer = setInterval(() => {
      this.go(this.at_s + PLAY_S);
      if (this.at_s >= this.last_s) this.stop();
    }, 1000);
  }

  stop(): void {
    clearInterval(this.timer);
    this.playing = false;
  }

  /** Asks for the hours of tracks around the moment that are not known yet. */
  private async fetch(): Promise<void> {
    const day = this.day;
    if (!day) return;
    for (const hour of hoursAround(this.now_s, day.start)) {
      if (this.hours.has(hour)) continue;
      this.hours.add(hour);
      const path = `/past/${day.date}/tracks?since_s=${hour * 3600}`;
      const more = await this.tried(() => call<Tracks>("GET", path));
      if (this.day !== day) return;
      if (more) this.tracks = joined(this.tracks, more);
      else this.hours.delete(hour);
    }
  }

  private async tried<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      const found = await ask();
      this.message = "";
      return found;
    } catch (error) {
      this.message = error instanceof Refused ? error.message : words().dispatch.noAnswer;
      return undefined;
    }
  }
}
