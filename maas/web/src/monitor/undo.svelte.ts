import { call, newKey, Refused } from "$shared/api";

import type { MoveIn, Moves } from "../lib/types";
import { words } from "../words/words";

export const UNDO_S = 10;

/** What was done last, and for ten seconds the way back. */
export class Undo {
  said = $state("");
  /** Seconds left to take it back; 0: it stays. */
  left = $state(0);
  private moves: MoveIn[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly after: () => void) {}

  /** Says what was done; `moves` would take it back. */
  offer(said: string, moves: MoveIn[]): void {
    clearInterval(this.timer);
    Object.assign(this, { said, moves, left: UNDO_S });
    this.timer = setInterval(() => this.tick(), 1000);
  }

  end(): void {
    clearInterval(this.timer);
    Object.assign(this, { said: "", left: 0 });
  }

  async take(): Promise<void> {
    if (this.left === 0) return;
    clearInterval(this.timer);
    this.left = 0;
    try {
      await call<Moves>("POST", "/moves", { body: { moves: this.moves }, key: newKey() });
      this.said = words().desk.undone;
    } catch (error) {
      this.said = error instanceof Refused ? error.message : words().dispatch.noAnswer;
    }
    this.after();
  }

  private tick(): void {
    this.left -= 1;
    if (this.left <= 0) this.end();
  }
}
