import { ahead, trust, type Trust } from "../lib/board";
import { call } from "../lib/api";
import { clock, deviceNow } from "../lib/clock.svelte";
import { keep, recall } from "../lib/keep";
import { StopBoard } from "../lib/stopboard.svelte";
import type { Departure } from "../lib/types";
import { covers, planned, type Timetable } from "./timetable";

/** The kept timetable is brought up to date so often, in seconds of the town. */
const RENEW_S = 6 * 3600;
const AGAIN_S = 60;

type Kept = { timetable: Timetable; at: number };

/** What one sign knows, and how far it may be trusted: live, stale, by the timetable, or nothing. */
export class SignBoard {
  readonly stop: StopBoard;
  private kept = $state.raw<Kept>();
  private lastAsked = 0;

  constructor(private readonly id: string) {
    this.stop = new StopBoard(id);
    this.kept = recall<Kept>(`timetable:${id}`);
  }

  start(also: Parameters<StopBoard["start"]>[0]): () => void {
    const leave = this.stop.start(also);
    const renew = () => void this.renew().catch(() => undefined);
    renew();
    const timer = setInterval(renew, 1000);
    return () => {
      clearInterval(timer);
      leave();
    };
  }

  get trusted(): Trust {
    const known = ahead(this.stop.board?.departures ?? [], clock.now).length;
    return trust(this.stop.age, covers(this.kept?.timetable, clock.now) ? 1 : known, clock.doubt);
  }

  /** The departures still ahead: as they are known, or once that is too old by the timetable. */
  get rows(): Departure[] {
    const known = this.stop.board?.departures ?? [];
    const { trusted, kept } = this;
    if (trusted === "live" || trusted === "stale" || !covers(kept?.timetable, clock.now)) {
      return ahead(known, clock.now);
    }
    const off = new Set(known.filter((one) => one.state === "cancelled").map((one) => one.id));
    return planned(kept!.timetable, clock.now, off);
  }

  private async renew(): Promise<void> {
    const fresh = this.kept && Math.abs(clock.now - this.kept.at) < RENEW_S;
    if (fresh || deviceNow() - this.lastAsked < AGAIN_S) return;
    this.lastAsked = deviceNow();
    const timetable = await call<Timetable>("GET", `/stops/${encodeURIComponent(this.id)}/timetable`);
    this.kept = { timetable, at: clock.now };
    keep(`timetable:${this.id}`, this.kept);
  }
}
