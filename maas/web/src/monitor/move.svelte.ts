import { call, newKey, Refused } from "$shared/api";

import type { Booking, Explanation, VehicleRef } from "../lib/types";
import { words } from "../words/words";
import type { Office } from "./office.svelte";

/** One booking looked at: why it rides where it does, why not elsewhere, and the pin. */
export class Move {
  booking = $state<Booking>()!;
  why = $state<Explanation>();
  /** The vehicle asked about, and the answer; nothing is moved by asking. */
  vehicle = $state<VehicleRef>();
  whyNot = $state<Explanation>();
  message = $state("");
  private busy = false;

  constructor(
    booking: Booking,
    private readonly office: Office,
  ) {
    this.booking = booking;
    void this.explain();
  }

  async explain(): Promise<void> {
    const found = await this.tried(() => call<Explanation>("GET", this.path("explanation")));
    if (found) this.why = found;
  }

  /** Asks what would speak against another vehicle. */
  async ask(vehicle: VehicleRef): Promise<void> {
    Object.assign(this, { vehicle, whyNot: undefined });
    const path = this.path(`explanation?vehicle=${encodeURIComponent(vehicle.id)}`);
    const found = await this.tried(() => call<Explanation>("GET", path));
    // The arrows may have gone on before the answer came.
    if (this.vehicle?.id === vehicle.id) this.whyNot = found;
  }

  /** Pins it to the vehicle asked about, or lets it go. */
  async pin(vehicle: VehicleRef | undefined): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const options = vehicle ? { body: { vehicle_id: vehicle.id }, key: newKey() } : { key: newKey() };
    const method = vehicle ? "PUT" : "DELETE";
    const booking = await this.tried(() => call<Booking>(method, this.path("vehicle"), options));
    this.busy = false;
    if (!booking) return;
    Object.assign(this, { booking, vehicle: undefined, whyNot: undefined });
    void this.explain();
    this.office.refreshSoon();
  }

  private path(what: string): string {
    return `/bookings/${encodeURIComponent(this.booking.id)}/${what}`;
  }

  private async tried<T>(ask: () => Promise<T>): Promise<T | undefined> {
    this.message = "";
    try {
      return await ask();
    } catch (error) {
      this.message = error instanceof Refused ? error.message : words().dispatch.noAnswer;
      return undefined;
    }
  }
}
