import { call, newKey, Refused } from "$shared/api";

import type { MoveIn, Moves } from "../lib/types";
import { words } from "../words/words";

/** Moves that were chosen: looked at first, then done; the same moves keep their key. */
export class Planned {
  wanted = $state.raw<MoveIn[]>([]);
  preview = $state.raw<Moves>();
  /** Why it cannot be, or that nobody answered. */
  message = $state("");
  busy = $state(false);
  private key = newKey();

  /** Chooses other moves and looks at what they would do; none: nothing is chosen. */
  async choose(wanted: MoveIn[]): Promise<void> {
    Object.assign(this, { wanted, preview: undefined, message: "", key: newKey() });
    if (wanted.length === 0) return;
    const found = await this.send(true, newKey(), wanted);
    // The arrows may have gone on before the answer came.
    if (this.wanted === wanted) this.preview = found;
  }

  /** Does what was looked at; undefined when it was refused or nothing is looked at. */
  async commit(): Promise<Moves | undefined> {
    if (this.busy || !this.preview) return undefined;
    this.busy = true;
    const done = await this.send(false, this.key, this.wanted);
    this.busy = false;
    return done;
  }

  private async send(preview: boolean, key: string, moves: MoveIn[]): Promise<Moves | undefined> {
    try {
      return await call<Moves>("POST", "/moves", { body: { moves, preview }, key });
    } catch (error) {
      if (this.wanted !== moves) return undefined;
      this.message = error instanceof Refused ? error.message : words().dispatch.noAnswer;
      if (!preview) this.preview = undefined;
      return undefined;
    }
  }
}
