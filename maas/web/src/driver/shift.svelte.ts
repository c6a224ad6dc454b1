import { call } from "$shared/api";
import { keep, recall } from "$shared/keep";

import type { Shift } from "./shift";

const EVERY_MS = 60_000;

/** The rest of a vehicle's shift besides its stops; without signal the last answer stays. */
export class Rest {
  now = $state.raw<Shift>();

  constructor(private readonly vehicle: string) {
    this.now = recall<Shift>(`shift:${vehicle}`);
  }

  follow(): () => void {
    void this.read();
    const timer = setInterval(() => void this.read(), EVERY_MS);
    return () => clearInterval(timer);
  }

  private async read(): Promise<void> {
    try {
      this.now = await call<Shift>("GET", `/vehicles/${this.vehicle}/shift`);
      keep(`shift:${this.vehicle}`, this.now);
    } catch {
      // The head of the page says that there is no signal.
    }
  }
}
