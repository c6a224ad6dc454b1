import { call, newKey, Refused } from "$shared/api";

import type { Handover } from "../lib/types";
import { words } from "../words/words";

/** The hand-over notes of the office: read, taken over, written. */
export class Notes {
  list = $state.raw<Handover[]>([]);
  message = $state("");
  text = $state("");
  private key = newKey();
  private busy = false;

  /** Those nobody has taken over. */
  get open(): Handover[] {
    return this.list.filter((note) => note.read_by === null);
  }

  async load(): Promise<void> {
    this.list = await call<Handover[]>("GET", "/handovers");
  }

  /** Keeps what was written; true when it is kept. */
  async write(): Promise<boolean> {
    const text = this.text.trim();
    if (text === "") {
      this.message = words().desk.noteEmpty;
      return false;
    }
    const kept = await this.doing(() => call("POST", "/handovers", { body: { text }, key: this.key }));
    if (kept) Object.assign(this, { text: "", key: newKey(), message: words().desk.noteKept });
    return kept;
  }

  async takeOver(note: Handover): Promise<void> {
    await this.doing(() => call("POST", `/handovers/${note.id}/read`));
  }

  private async doing(what: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    Object.assign(this, { busy: true, message: "" });
    try {
      await what();
      await this.load();
      return true;
    } catch (error) {
      this.message = error instanceof Refused ? error.message : words().dispatch.noAnswer;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
