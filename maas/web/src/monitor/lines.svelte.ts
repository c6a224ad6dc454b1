import { call } from "$shared/api";
import { deviceNow } from "$shared/clock.svelte";

import type { Ladder } from "../lib/types";

const AGAIN_MS = 5_000;

/** The bus lines with what runs on them, asked for again and again while they are looked at. */
export class Lines {
  all = $state.raw<Ladder[]>();
  chosen = $state<string>();
  /** When they were last told, by this device's clock. */
  told = $state<number>();
  private timer: ReturnType<typeof setInterval> | undefined;

  /** Begins to follow the lines; returns the end. */
  start(): () => void {
    void this.load();
    this.timer = setInterval(() => void this.load(), AGAIN_MS);
    return () => clearInterval(this.timer);
  }

  /** The line that is shown: the one chosen, else the first. */
  get now(): Ladder | undefined {
    return this.all?.find((line) => line.route === this.chosen) ?? this.all?.[0];
  }

  private async load(): Promise<void> {
    try {
      this.all = await call<Ladder[]>("GET", "/ladder");
      this.told = deviceNow();
    } catch {
      // The last ones stay, and their age is shown.
    }
  }
}
