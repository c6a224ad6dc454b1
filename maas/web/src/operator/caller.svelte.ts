import { call as ask, newKey } from "$shared/api";

import type { Habit, OpenReturn, Rider } from "../lib/types";

/** What the card shows of a member besides the card itself: what they usually do, returns that wait. */
export class Caller {
  habits = $state<Habit[]>([]);
  returns = $state<OpenReturn[]>([]);
  private turn = 0;

  clear(): void {
    this.turn += 1;
    Object.assign(this, { habits: [], returns: [] });
  }

  /** Reads both beside the call: the card does not wait for them, and they may fail alone. */
  read(rider: Rider): void {
    this.clear();
    const mine = this.turn;
    const current = () => mine === this.turn;
    ask<{ trips: Habit[] }>("GET", `/riders/${rider.id}/habits`).then(
      ({ trips }) => current() && (this.habits = trips.slice(0, 5)),
      () => undefined,
    );
    ask<OpenReturn[]>("GET", "/returns").then(
      (all) => current() && (this.returns = all.filter((one) => one.rider?.id === rider.id)),
      () => undefined,
    );
  }

  /** The return that F4 makes real. */
  get openReturn(): OpenReturn | undefined {
    return this.returns.find((one) => one.state === "open" || one.state === "called");
  }

  async ready(kept: OpenReturn): Promise<OpenReturn> {
    const told = await ask<OpenReturn>("POST", `/returns/${kept.id}/ready`, { key: newKey() });
    this.returns = this.returns.map((one) => (one.id === told.id ? told : one));
    return told;
  }
}
