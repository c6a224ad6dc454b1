import { call, newKey, Refused } from "$shared/api";

import type { PhoneTask } from "../lib/types";
import { words } from "../words/words";
import type { Office } from "./office.svelte";

/** The calls to make: one is chosen, and what came of it is noted. */
export class Calls {
  chosen = $state<string>();
  message = $state("");
  private busy = false;

  constructor(
    private readonly office: Office,
    first?: string,
  ) {
    this.chosen = first;
  }

  /** The one under the keyboard; when it has left the list, the first. */
  now(): PhoneTask | undefined {
    return this.office.tasks.find((task) => task.key === this.chosen) ?? this.office.tasks[0];
  }

  move(step: number): void {
    const tasks = this.office.tasks;
    const at = tasks.findIndex((task) => task.key === this.now()?.key);
    this.chosen = tasks[Math.min(tasks.length - 1, Math.max(0, at + step))]?.key;
  }

  async note(outcome: "reached" | "not_reached"): Promise<void> {
    const task = this.now();
    if (!task || this.busy) return;
    this.busy = true;
    try {
      const path = `/phone-tasks/${encodeURIComponent(task.key)}/outcome`;
      await call("POST", path, { body: { outcome }, key: newKey() });
      this.message = words().dispatch.noted(task.name || task.reference);
      this.chosen = undefined;
      await this.office.load();
    } catch (error) {
      this.message = error instanceof Refused ? error.message : words().dispatch.noAnswer;
    } finally {
      this.busy = false;
    }
  }
}
