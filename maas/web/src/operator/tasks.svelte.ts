import { call, newKey, Refused } from "$shared/api";
import { clock } from "$shared/clock.svelte";

import type { PhoneTask } from "../lib/types";
import { words } from "../words/words";
import { byUrgency } from "./tasks";

/** No topic tells of these calls, so they are read this often, and after each that was made. */
const EVERY_MS = 20_000;

/** The calls an operator has to make. */
export class Tasks {
  all = $state<PhoneTask[]>([]);
  /** Epoch seconds at which the list was read last; undefined before the first time. */
  read_at = $state<number>();
  failed = $state(false);
  message = $state("");
  at = $state(0);
  private busy = false;

  start(): () => void {
    void this.read();
    const timer = setInterval(() => void this.read(), EVERY_MS);
    return () => clearInterval(timer);
  }

  sorted(): PhoneTask[] {
    return byUrgency(this.all, clock.now);
  }

  async read(): Promise<void> {
    try {
      this.all = await call<PhoneTask[]>("GET", "/phone-tasks");
      Object.assign(this, { failed: false, read_at: clock.now });
      this.at = Math.max(0, Math.min(this.at, this.all.length - 1));
    } catch {
      this.failed = true;
    }
  }

  move(step: number): void {
    this.at = Math.min(Math.max(this.at + step, 0), Math.max(0, this.all.length - 1));
  }

  async note(task: PhoneTask, outcome: "reached" | "not_reached"): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const path = `/phone-tasks/${encodeURIComponent(task.key)}/outcome`;
      await call<undefined>("POST", path, { body: { outcome }, key: newKey() });
      this.message = words().operator.tasks.noted[outcome](task.name);
    } catch (error) {
      this.message = error instanceof Refused ? error.message : words().noAnswer;
    } finally {
      this.busy = false;
    }
    await this.read();
  }
}
