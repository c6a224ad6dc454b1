import { Refused } from "$shared/api";
import { deviceNow } from "$shared/clock.svelte";

import { words } from "../words/words";

const EVERY_MS = 20_000;

/** The sentence of an error, to be shown as it is. */
export function sentenceOf(error: unknown): string {
  return error instanceof Refused ? error.message : words().noAnswer;
}

/** Something read from the API again and again; what was read stays while reading it again fails. */
export class Loaded<T> {
  value = $state.raw<T>();
  error = $state("");
  /** Epoch seconds of this device at which `value` was read. */
  at = $state(0);
  private turn = 0;

  constructor(private readonly read: () => Promise<T>) {}

  async load(): Promise<void> {
    const turn = ++this.turn;
    try {
      const value = await this.read();
      if (turn !== this.turn) return;
      this.value = value;
      this.at = deviceNow();
      this.error = "";
    } catch (error) {
      if (turn === this.turn) this.error = sentenceOf(error);
    }
  }

  /** Reads now and every 20 s while the page is looked at; returns how to stop. */
  live(): () => void {
    void this.load();
    const timer = setInterval(() => document.hidden || void this.load(), EVERY_MS);
    return () => clearInterval(timer);
  }
}

/** One command at a time: whether it is under way, and what was said of the last one. */
export class Act {
  busy = $state(false);
  error = $state("");
  done = $state("");

  async run(command: () => Promise<string | void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = this.done = "";
    try {
      this.done = (await command()) ?? "";
      return true;
    } catch (error) {
      this.error = sentenceOf(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
