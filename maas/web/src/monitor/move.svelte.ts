import { call, newKey, Refused } from "$shared/api";

import type { Booking, Explanation, Moves, VehicleRef } from "../lib/types";
import { words } from "../words/words";
import { Planned } from "./moves.svelte";
import type { Office } from "./office.svelte";

/** One booking looked at: why it rides where it does, what another vehicle would do, and the pin. */
export class Move {
  booking = $state.raw<Booking>()!;
  why = $state.raw<Explanation>();
  /** The vehicle asked about; nothing is moved by asking. */
  vehicle = $state.raw<VehicleRef>();
  message = $state("");
  readonly planned = new Planned();
  private busy = false;

  /** `vehicle` is asked about at once: somebody dragged the ride there. */
  constructor(
    booking: Booking,
    private readonly office: Office,
    vehicle?: VehicleRef,
  ) {
    this.booking = booking;
    void this.explain();
    if (vehicle) void this.ask(vehicle);
  }

  async explain(): Promise<void> {
    const path = `/bookings/${encodeURIComponent(this.booking.id)}/explanation`;
    this.why = await this.tried(() => call<Explanation>("GET", path));
  }

  /** Asks what another vehicle would do to everybody on both; the present one is only pinned. */
  async ask(vehicle: VehicleRef): Promise<void> {
    this.vehicle = vehicle;
    this.message = "";
    await this.planned.choose([{ booking_id: this.booking.id, vehicle_id: vehicle.id, pinned: true }]);
  }

  /** Does what was asked about. */
  async commit(): Promise<Moves | undefined> {
    const done = await this.planned.commit();
    if (done) this.office.refreshSoon();
    return done;
  }

  /** Lets the search choose the vehicle again. */
  async unpin(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const path = `/bookings/${encodeURIComponent(this.booking.id)}/vehicle`;
    const booking = await this.tried(() => call<Booking>("DELETE", path, { key: newKey() }));
    this.busy = false;
    if (!booking) return;
    this.booking = booking;
    this.vehicle = undefined;
    void this.planned.choose([]);
    void this.explain();
    this.office.refreshSoon();
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
