import { call, newKey, Refused } from "$shared/api";

import type { Alert, DriverMessage } from "../lib/types";
import { words } from "../words/words";
import { sayable, SAY_NOTHING, toDrivers, toSigns, type Telling } from "./tell";

/** Words to drivers and signs: what stands there now, and what is added. */
export class Tell {
  telling = $state<Telling>({ ...SAY_NOTHING, vehicles: [] });
  drivers = $state.raw<DriverMessage[]>([]);
  signs = $state.raw<Alert[]>([]);
  message = $state("");
  busy = $state(false);
  private key = newKey();

  constructor() {
    void this.tried(() => this.load());
  }

  /** Other words are another command. */
  changed(): void {
    this.key = newKey();
    this.message = "";
  }

  async send(): Promise<void> {
    if (this.busy) return;
    const { telling } = this;
    if (!sayable(telling)) {
      this.message = words().desk.tellNeeded;
      return;
    }
    const sent = await this.tried(async () => {
      if (telling.drivers) {
        await call("POST", "/driver-messages", { body: toDrivers(telling), key: this.key });
      }
      if (telling.signs) await call("POST", "/alerts", { body: toSigns(telling) });
      await this.load();
    });
    if (!sent) return;
    Object.assign(this.telling, { text: "", text_en: "" });
    this.changed();
    this.message = words().desk.told;
  }

  async end(what: "driver-messages" | "alerts", id: string): Promise<void> {
    await this.tried(async () => {
      await call("DELETE", `/${what}/${encodeURIComponent(id)}`);
      await this.load();
    });
  }

  private async load(): Promise<void> {
    [this.drivers, this.signs] = await Promise.all([
      call<DriverMessage[]>("GET", "/driver-messages"),
      call<Alert[]>("GET", "/alerts"),
    ]);
  }

  private async tried(what: () => Promise<void>): Promise<boolean> {
    Object.assign(this, { busy: true, message: "" });
    try {
      await what();
      return true;
    } catch (error) {
      this.message = error instanceof Refused ? error.message : words().dispatch.noAnswer;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
