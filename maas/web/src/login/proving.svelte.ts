import { Refused } from "$shared/api";

import { isDeclined } from "../lib/passkeys";
import { officeWords } from "../words/office";
import { words } from "../words/words";

/** Runs what may need a fresh proof of who is asking, and keeps what there is to say of it. */
export class Proving {
  busy = $state(false);
  trouble = $state("");
  /** What is done once somebody has proved again that it is them. */
  waiting = $state.raw<() => Promise<void>>();

  /** `trouble` is what there is to say already, of a change that was begun on another page. */
  constructor(trouble = "") {
    this.trouble = trouble;
  }

  async run(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.trouble = "";
    try {
      await work();
    } catch (error) {
      if (error instanceof Refused && error.problem.type === "/problems/prove-again") this.waiting = work;
      else this.trouble = said(error);
    }
    this.busy = false;
  }

  readonly proved = (): void => {
    const work = this.waiting;
    this.waiting = undefined;
    if (work) void this.run(work);
  };

  readonly close = (): void => {
    this.waiting = undefined;
  };
}

function said(error: unknown): string {
  if (isDeclined(error)) return officeWords().prove.declined;
  return error instanceof Refused ? error.message : words().noAnswer;
}
