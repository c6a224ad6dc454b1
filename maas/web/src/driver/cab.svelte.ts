import { call, newKey, Refused } from "$shared/api";
import { clock } from "$shared/clock.svelte";
import { keep, recall } from "$shared/keep";
import type { components } from "$shared/openapi";

import type { Job, PlanStop, Ride, Step } from "../lib/types";
import { asCount, asRecord, asReport, type Doing, type DutyRecord, type Kept, type Payment } from "./events";
import { Outbox, type Answer } from "./outbox.svelte";
import { Whereabouts } from "./place.svelte";
import type { BusDay, Tally } from "./riders";
import { TabletShelf } from "./store";
import {
  afterTaps, changeBetween, isEmpty, restsBetween, restsOf, stopsOf, tapsOf, together, type Change,
} from "./taps";
import { deviceOf, Track } from "./track";

type Bodies = components["schemas"];
export type Duty = Bodies["DutyOut"];

const POLL_MS = 1000;
const ANSWER_MS = 10_000;
const STALE_S = 15;

/** What is kept on the tablet of the work itself; the events lie in their own store. */
type Remembered = {
  job?: Job | undefined;
  bus?: BusDay | undefined;
  duty?: Duty | undefined;
  heard_s: number;
  /** What an older page kept knows of no breaks. */
  change: Pick<Change, "fresh" | "gone" | "moved"> | undefined;
  arrivals: Record<string, number>;
};

/** One vehicle's driver: the work, the events on their way, the fare to collect, changes unseen. */
export class Cab {
  job = $state.raw<Job>();
  /** Of a bus its runs of the day; it has no job. */
  bus = $state.raw<BusDay>();
  duty = $state.raw<Duty>();
  ride = $state.raw<Ride & { name: string }>();
  change = $state.raw<Change>();
  offline = $state(false);
  trouble = $state("");
  /** Set when the session is over: nothing can be sent until somebody signs in. */
  signedOut = $state(false);
  /** Set when the server says that this vehicle is somebody else's. */
  lost = $state(false);
  readonly outbox: Outbox;
  readonly place = new Whereabouts();

  private heard_s = $state(0);
  private readonly boot: string;
  private readonly track: Track;
  private readonly names = new Map<string, string>();
  private readonly own = new Set<string>();
  private arrivals: Record<string, number> = {};
  private asking = false;
  /** Whether the day's record has been read since the page started; until then the kept one stands. */
  private asked = false;
  /** Counts the taps, so that an answer from before a tap is not taken for news. */
  private round = 0;

  constructor(
    readonly vehicle: string,
    readonly isBus = false,
  ) {
    this.outbox = new Outbox(new TabletShelf("events"), (batch) => this.send(batch));
    this.boot = recall<string>("boot") ?? newKey();
    keep("boot", this.boot);
    this.track = new Track(new TabletShelf("points"), deviceOf(), this.boot);
    const kept = recall<Remembered>(`cab:${vehicle}`);
    if (kept?.heard_s === undefined) return;
    this.job = kept.job;
    this.bus = kept.bus;
    this.duty = kept.duty;
    this.heard_s = kept.heard_s;
    this.change = kept.change && { rests: [], restsOff: [], ...kept.change };
    this.arrivals = kept.arrivals;
  }

  start(): () => void {
    const ready = this.outbox.open().catch(() => (this.trouble = "store"));
    void ready.then(() => tapsOf(this.outbox.queue, this.vehicle).forEach((t) => this.own.add(t.booking_id)));
    const refresh = () => void ready.then(() => this.refresh());
    refresh();
    const timer = setInterval(refresh, POLL_MS);
    const leave = this.place.start();
    return () => {
      clearInterval(timer);
      leave();
    };
  }

  /** How old the work on the screen is, in seconds of the service's clock. */
  get age_s(): number {
    return this.heard_s === 0 ? 0 : Math.max(0, Math.round(clock.now - this.heard_s));
  }

  get standing(): "loading" | "live" | "stale" | "offline" {
    if (this.offline) return "offline";
    if (!this.job && !this.bus) return "loading";
    return this.age_s > STALE_S * clock.speed ? "stale" : "live";
  }

  /** What is left to do as the driver knows it. */
  stops(): PlanStop[] {
    return this.job ? afterTaps(stopsOf(this.job), tapsOf(this.outbox.queue, this.vehicle)) : [];
  }

  /** When the vehicle came to a booking's stop, epoch seconds, as tapped here. */
  arrivedAt(stop: PlanStop): number | undefined {
    return this.arrivals[stop.booking_id];
  }

  async tap(stop: PlanStop, step: Step, payment?: Payment): Promise<void> {
    const { booking_id, rider_name } = stop;
    this.own.add(booking_id);
    this.names.set(booking_id, rider_name);
    if (step === "arrived") this.arrivals[booking_id] = clock.now;
    else delete this.arrivals[booking_id];
    await this.note(payment ? { booking_id, step, payment } : { booking_id, step });
  }

  /** Keeps a count of riders and tries to send it. */
  async count(tally: Tally): Promise<void> {
    await this.note({ count: tally });
  }

  /** Keeps a record of the duty and tries to send it; answers the sentence of a refusal. */
  async record(record: DutyRecord): Promise<string | undefined> {
    const kept = await this.note({ record });
    const no = this.outbox.refused.find((one) => one.event.event === kept?.event);
    if (no) this.outbox.refused = this.outbox.refused.filter((one) => one !== no);
    return no?.sentence;
  }

  private async note(doing: Doing): Promise<Kept | undefined> {
    this.round += 1;
    const at = new Date(clock.now * 1000).toISOString();
    try {
      const kept = await this.outbox.add(this.vehicle, at, this.place.spot, doing);
      this.save();
      await this.flush();
      return kept;
    } catch {
      this.trouble = "store";
      return undefined;
    }
  }

  private async flush(): Promise<void> {
    try {
      await this.outbox.flush();
      this.offline = false;
    } catch (error) {
      this.judge(error);
    }
  }

  /** Sends a batch; an answer of "no" to one event is final, anything else is tried again. */
  private async send(batch: Kept[]): Promise<Answer[]> {
    const [first] = batch;
    if (!first) return [];
    try {
      if ("record" in first.doing) return [await this.sendRecord(first)];
      return "count" in first.doing ? await this.sendCounts(batch) : await this.sendSteps(batch);
    } catch (error) {
      if (!(error instanceof Refused) || ![400, 409, 422].includes(error.problem.status)) throw error;
      if (batch.length === 1) return [{ event: first.event, no: error.message }];
      return this.send([first]);
    }
  }

  private async sendSteps(batch: Kept[]): Promise<Answer[]> {
    const steps = batch.map((one) => asReport(one, this.boot));
    const body = { sent_at: new Date(clock.now * 1000).toISOString(), steps };
    const path = `/vehicles/${batch[0]!.vehicle}/reports`;
    const signal = AbortSignal.timeout(3 * ANSWER_MS);
    const told = await call<Bodies["ReportsOut"]>("POST", path, { body, key: batch[0]!.event, signal });
    const ended = told.results.findLast((one) => one.ride !== null)?.ride;
    if (ended) this.ride = { ...ended, name: this.names.get(ended.booking_id) ?? ended.reference };
    if (batch[0]!.vehicle === this.vehicle) this.take(told.job);
    return told.results.map(({ event, outcome, said }) =>
      outcome === "refused" ? { event, no: said.join(" ") } : { event },
    );
  }

  private async sendCounts(batch: Kept[]): Promise<Answer[]> {
    const counts = batch.map((one) => asCount(one, this.boot));
    const body = { sent_at: new Date(clock.now * 1000).toISOString(), counts };
    const path = `/vehicles/${batch[0]!.vehicle}/counts`;
    const signal = AbortSignal.timeout(ANSWER_MS);
    const told = await call<Bodies["CountsOut"]>("POST", path, { body, signal });
    // What has been counted shows in the runs; until they are read again they would lack it.
    if (batch[0]!.vehicle === this.vehicle) await this.readRuns();
    return told.results.map(({ event, said }) => (said === null ? { event } : { event, no: said }));
  }

  private async readRuns(): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    this.bus = await call<BusDay>("GET", `/vehicles/${this.vehicle}/runs`, { signal });
    this.heard_s = clock.now;
    this.save();
  }

  private async sendRecord(kept: Kept): Promise<Answer> {
    const path = `/vehicles/${kept.vehicle}/duty`;
    const signal = AbortSignal.timeout(ANSWER_MS);
    this.duty = await call<Duty>("POST", path, { body: asRecord(kept), key: kept.event, signal });
    this.save();
    return { event: kept.event };
  }

  private async refresh(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const { round } = this;
    await this.noteWay();
    try {
      await this.outbox.flush();
      const signal = AbortSignal.timeout(ANSWER_MS);
      const path = `/vehicles/${this.vehicle}`;
      const job = this.isBus ? undefined : await call<Job>("GET", `${path}/job`, { signal });
      if (this.isBus) await this.readRuns();
      if (!this.asked) this.duty = await call<Duty>("GET", `/vehicles/${this.vehicle}/duty`, { signal });
      this.asked = true;
      this.offline = false;
      this.signedOut = false;
      if (job && round === this.round && this.outbox.queue.length === 0) this.take(job);
      await this.track.send().catch(() => undefined);
    } catch (error) {
      this.judge(error);
    } finally {
      this.asking = false;
    }
  }

  /** Keeps where the vehicle is; a full disk costs the way, never the taps. */
  private async noteWay(): Promise<void> {
    const { fix } = this.place;
    if (!fix || !this.place.spot) return;
    const { lat, lon, speed, bearing, t_ms } = fix;
    const t = clock.now - ((Date.now() - t_ms) / 1000) * clock.speed;
    await this.track.note({ t, lat, lon, speed, bearing }).catch(() => undefined);
  }

  /** Asks for the day's record as the server has it now; without signal the last one stays. */
  async readDuty(): Promise<void> {
    try {
      this.duty = await call<Duty>("GET", `/vehicles/${this.vehicle}/duty`);
      this.save();
    } catch (error) {
      this.judge(error);
    }
  }

  private judge(error: unknown): void {
    const status = error instanceof Refused ? error.problem.status : 0;
    this.offline = status === 0 || status >= 500;
    this.signedOut = status === 401;
    // Events that nobody but this driver can send are never left behind.
    this.lost = [403, 404].includes(status) && this.outbox.queue.length === 0;
    if ([403, 404].includes(status)) this.trouble = (error as Refused).message;
  }

  private take(job: Job): void {
    const before = this.job;
    this.job = job;
    this.heard_s = clock.now;
    if (before) {
      const change = {
        ...changeBetween(stopsOf(before), stopsOf(job), this.own),
        ...restsBetween(restsOf(before), restsOf(job), clock.now),
      };
      if (!isEmpty(change)) this.change = together(this.change, change);
    }
    this.save();
  }

  /** The driver has read what changed. */
  acknowledge(): void {
    this.change = undefined;
    this.save();
  }

  private save(): void {
    const { job, bus, duty, heard_s, change, arrivals } = this;
    if (!job && !bus) return;
    keep(`cab:${this.vehicle}`, { job, bus, duty, heard_s, change, arrivals } satisfies Remembered);
  }
}
