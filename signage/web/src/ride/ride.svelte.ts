import { call, newKey, Refused } from "../lib/api";
import { clock, deviceNow, hearTime } from "../lib/clock.svelte";
import { keep, recall } from "../lib/keep";
import type { RidePage } from "./types";

/** So often the page asks how things stand; a demo town lives faster. */
const EVERY_S = 10;
const SPREAD_S = 2;
const KEPT_AFTER_MS = 3000;
/** The longest wait after tries that failed. */
const LONGEST_S = 30;

type Kept = { token: string; page: RidePage; heard: number };
export type Gone = "over" | "wrong";

const KEY = "ride";

/** The token in "/r/{token}". */
export const tokenInAddress = (): string => location.pathname.split("/")[2] ?? "";

/** One ride by its link: asked for again and again, and kept for when there is no connection. */
export class RideLink {
  page = $state.raw<RidePage | undefined>();
  /** Device seconds since the last answer. */
  age = $state.raw(0);
  failed = $state.raw(false);
  gone = $state.raw<Gone | undefined>();
  cancelling = $state.raw(false);
  refused = $state.raw("");

  private heard = 0;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private key = newKey();

  constructor(private readonly token: string) {
    const kept = recall<Kept>(KEY);
    if (kept?.token === token) {
      this.page = kept.page;
      this.heard = kept.heard;
      this.age = Math.max(0, deviceNow() - kept.heard);
    }
  }

  /** Begins to ask; returns the way to stop. */
  start(): () => void {
    const now = () => void this.ask();
    const seen = () => document.visibilityState === "visible" && now();
    const ticking = setInterval(() => (this.age = deviceNow() - this.heard), 1000);
    document.addEventListener("visibilitychange", seen);
    addEventListener("online", now);
    now();
    // Later, so that it is not in the way of the first answer: it brings the page when there is no signal.
    const keeping = setTimeout(() => {
      navigator.serviceWorker?.register("/rider-sw.js", { scope: "/r/" }).catch(() => undefined);
    }, KEPT_AFTER_MS);
    return () => {
      clearTimeout(keeping);
      clearInterval(ticking);
      clearTimeout(this.timer);
      document.removeEventListener("visibilitychange", seen);
      removeEventListener("online", now);
    };
  }

  /** Cancels the ride; the same command again when no answer came. */
  async cancel(): Promise<boolean> {
    Object.assign(this, { cancelling: true, refused: "" });
    try {
      this.take(await call<RidePage>("POST", `/ride/${this.token}/cancel`, { key: this.key }));
      return true;
    } catch (error) {
      this.refused = error instanceof Refused ? error.message : "";
      this.failed = !(error instanceof Refused);
      if (!this.failed) this.key = newKey();
      return false;
    } finally {
      this.cancelling = false;
    }
  }

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    try {
      this.take(await call<RidePage>("GET", `/ride/${this.token}`));
      this.tries = 0;
    } catch (error) {
      this.failed = true;
      this.tries += 1;
      const status = error instanceof Refused ? error.problem.status : 0;
      if (status === 404 || status === 410) return this.leave(status === 410 ? "over" : "wrong");
    }
    clearTimeout(this.timer);
    if (document.visibilityState === "visible") this.timer = setTimeout(() => void this.ask(), this.wait_s() * 1000);
  }

  private wait_s(): number {
    if (this.tries > 0) return 1 + Math.random() * Math.min(LONGEST_S, 2 ** this.tries);
    return EVERY_S / Math.min(5, clock.speed) + Math.random() * SPREAD_S;
  }

  private take(page: RidePage): void {
    hearTime(page.now);
    this.heard = deviceNow();
    Object.assign(this, { page, age: 0, failed: false });
    keep(KEY, { token: this.token, page, heard: this.heard } satisfies Kept);
  }

  private leave(gone: Gone): void {
    Object.assign(this, { gone, page: undefined });
    if (recall<Kept>(KEY)?.token === this.token) keep(KEY, null);
  }
}
