import { call } from "$shared/api";

import { session } from "../lib/session.svelte";
import type { Waived } from "../lib/types";
import { words } from "../words/words";
import type { Desk } from "./desk.svelte";

/** Those who may set a rule aside themselves; anybody else calls one of them to the desk. */
const MAY = new Set(["dispatcher", "admin"]);

/** A rule stands against the trip, and somebody who may decides that it is made all the same. */
export class Waiver {
  why = $state("");
  name = $state("");
  password = $state("");
  readonly needsSomebody = !MAY.has(session.now?.role ?? "");

  constructor(private readonly desk: Desk) {}

  /** Asks again without the rules that may be set aside; the offers then say who decided. */
  async ask(): Promise<void> {
    const { desk, why, name, password } = this;
    const said = words().operator.waiver;
    const { asked } = desk.answer;
    if (!asked || desk.busy) return;
    if (why.trim().length < 2) return desk.say(said.missing);
    if (this.needsSomebody && !(name && password)) return desk.say(said.missingWho);
    const supervisor = this.needsSomebody ? { name, password } : null;
    await desk.during("asking", async (current) => {
      const body = { trip: asked.trip, reason: why, supervisor };
      const told = await call<Waived>("POST", "/quotes/waived", { body });
      if (!current()) return;
      desk.box = undefined;
      desk.show([told]);
      if (!told.refusal) desk.answer.waived = { by: told.by, rules: told.waived };
    });
  }
}
