import { call, newKey, Refused } from "$shared/api";
import { clock } from "$shared/clock.svelte";
import { keep, recall } from "$shared/keep";

import type { Job, PlanStop, Ride, Step } from "../lib/types";
import { chime } from "./chime";
import { afterTaps, changeBetween, stopsOf, type Change, type Tap } from "./taps";

const POLL_MS = 1000;

/** What is kept on the tablet, so that a mountain without signal or a reload loses nothing. */
type Kept = { vehicle: string; job: Job; taps: Tap[] };

/** One vehicle's driver: the work, the taps on their way, the fare to collect, changes unseen. */
export class Cab {
  job = $state<Job>();
  taps = $state<Tap[]>([]);
  ride = $state<Ride & { name: string }>();
  change = $state<Change>();
  offline = $state(false);
  trouble = $state("");
  /** Set when the server says that this vehicle is somebody else's. */
  lost = $state(false);

  private sending = false;
  /** Bookings this driver has tapped on: their disappearance is no news. */
  private readonly own = new Set<string>();
  private readonly names = new Map<string, string>();
  private readonly key: string;

  constructor(readonly vehicle: string) {
    this.key = `cab:${vehicle}`;
    const kept = recall<Kept>(this.key);
    if (kept) Object.assign(this, { job: kept.job, taps: kept.taps });
    for (const tap of this.taps) this.own.add(tap.booking_id);
  }

  start(): () => void {
    void this.refresh();
    const timer = setInterval(() => void this.refresh(), POLL_MS);
    return () => clearInterval(timer);
  }

  /** What is left to do as the driver knows it. */
  stops(): PlanStop[] {
    return this.job ? afterTaps(stopsOf(this.job), this.taps) : [];
  }

  tap(stop: PlanStop, step: Step): void {
    const at = new Date(clock.now * 1000).toISOString();
    const { booking_id, rider_name } = stop;
    this.own.add(booking_id);
    this.names.set(booking_id, rider_name);
    this.trouble = "";
    this.taps.push({ key: newKey(), vehicle: this.vehicle, booking_id, step, at });
    this.save();
    void this.send();
  }

  /** Sends the taps in their order, each until the server has answered. */
  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      while (this.taps[0]) await this.sendOne(this.taps[0]);
      this.offline = false;
    } catch {
      this.offline = true;
    } finally {
      this.sending = false;
    }
  }

  private async sendOne({ key, vehicle, booking_id, step, at }: Tap): Promise<void> {
    try {
      const body = { booking_id, step, at };
      const job = await call<Job>("POST", `/vehicles/${vehicle}/steps`, { body, key });
      this.taps.shift();
      this.take(job);
    } catch (error) {
      // An answer of "no" is final; silence, an overload or a signed-out tablet tries again.
      if (!(error instanceof Refused) || error.problem.status >= 500) throw error;
      if (error.problem.status === 401) throw error;
      this.taps.shift();
      this.trouble = error.message;
    }
    this.save();
  }

  private async refresh(): Promise<void> {
    if (this.taps.length > 0) return this.send();
    try {
      const job = await call<Job>("GET", `/vehicles/${this.vehicle}/job`);
      this.offline = false;
      if (this.taps.length === 0) this.take(job);
    } catch (error) {
      this.offline = !(error instanceof Refused);
      this.lost = error instanceof Refused && [401, 403, 404].includes(error.problem.status);
    }
  }

  private take(job: Job): void {
    const before = this.job && stopsOf(this.job);
    if (job.ride) {
      const name = this.names.get(job.ride.booking_id) ?? job.ride.reference;
      this.ride = { ...job.ride, name };
    }
    this.job = job;
    if (before) this.notice(changeBetween(before, stopsOf(job), this.own));
    this.save();
  }

  private notice({ fresh, gone }: Change): void {
    if (fresh.length + gone.length === 0) return;
    this.change = {
      fresh: [...(this.change?.fresh ?? []), ...fresh],
      gone: [...(this.change?.gone ?? []), ...gone],
    };
    chime();
  }

  private save(): void {
    if (this.job) keep(this.key, { vehicle: this.vehicle, job: this.job, taps: this.taps });
  }
}
