import { call, Refused } from "./api";
import { merge } from "./board";
import { deviceNow, hearTime, onWall } from "./clock.svelte";
import { keep, recall } from "./keep";
import { Live, liveUrl } from "./live";
import type { Board, Departure } from "./types";

type Kept = { board: Board; heard: number };

/** A silent link is asked over HTTP after this long: it may be dead without saying so. */
const SILENCE_S = 20;
const ANSWER_MS = 10_000;
/** What the stream does not tell (notices, booked vehicles) is asked for so often. */
const ALL_S = 60;

/**
 * The departures of one stop, always the best this device knows: the live stream, else HTTP, else
 * what was kept from last time.
 */
export class StopBoard {
  board = $state.raw<Board>();
  /** When the server last confirmed it, in seconds of this device's clock. */
  heard = $state.raw(0);
  missing = $state.raw(false);
  failed = $state.raw(false);
  /** Seconds since the data was confirmed; it grows by itself. */
  age = $state.raw(0);

  private readonly key: string;

  constructor(private readonly stop: string) {
    this.key = `board:${stop}`;
    const kept = recall<Kept>(this.key);
    if (kept) Object.assign(this, { board: kept.board, heard: kept.heard });
    this.age = deviceNow() - this.heard;
  }

  /** Follows the stop; `also` may follow other topics by the same link, and hear when it opens. */
  start(also: { linked?: () => void; topics?: (live: Live) => void } = {}): () => void {
    void this.refresh();
    const live = new Live(liveUrl(), {
      time: (now) => this.hearNow(now),
      link: (open) => {
        if (open) also.linked?.();
      },
    });
    also.topics?.(live);
    live.subscribe(`stop:${this.stop}`, (frame) => {
      const changed = frame.u as Departure[];
      if (!this.board) return;
      const known = frame.k === "snap" ? [] : this.board.departures;
      this.take({ ...this.board, departures: merge(known, changed) });
    });
    live.subscribe("alerts", (frame) => {
      if (frame.k === "delta" && frame.u.length > 0) void this.refresh();
    });
    const timer = setInterval(() => this.tick(), 1000);
    return () => {
      clearInterval(timer);
      live.close();
    };
  }

  private lastAsked = 0;

  private tick(): void {
    this.age = deviceNow() - this.heard;
    const asked = deviceNow() - this.lastAsked;
    if (Math.min(this.age, asked) > SILENCE_S || asked > ALL_S) void this.refresh();
  }

  private hearNow(now: number): void {
    hearTime(now);
    this.heard = deviceNow();
  }

  private async refresh(): Promise<void> {
    this.lastAsked = deviceNow();
    try {
      const path = `/stops/${encodeURIComponent(this.stop)}/departures?limit=40`;
      const board = await call<Board>("GET", path, { signal: AbortSignal.timeout(ANSWER_MS) });
      this.hearNow(board.now);
      this.take(board);
      Object.assign(this, { failed: false, missing: false });
    } catch (error) {
      this.failed = true;
      this.missing = error instanceof Refused && error.problem.status === 404;
    }
  }

  private take(board: Board): void {
    this.board = board;
    this.age = 0;
    keep(this.key, { board: this.board, heard: onWall(this.heard) } satisfies Kept);
  }
}

/** The stop named by the page's address, "/signage/{stop}" or "/stop/{id}". */
export function stopInAddress(): string {
  return decodeURIComponent(location.pathname.split("/")[2] ?? "");
}
