import { call } from "$shared/api";
import { clock } from "$shared/clock.svelte";

import type { Link } from "../lib/link.svelte";
import { session } from "../lib/session.svelte";
import type { Booking, Plan, VehiclePlan } from "../lib/types";
import { nextRide, type NextRide } from "./nextride";

/** Where the vehicles are and what they do next; followed from the first time somebody asks. */
export class Cars {
  plans = $state<Record<string, VehiclePlan>>({});
  private following = false;

  constructor(private readonly link: Link) {}

  async follow(): Promise<void> {
    if (this.following) return;
    this.following = true;
    const area = session.now?.area ?? (await this.load()).area;
    this.link.follow<VehiclePlan>(`plan:${area}`, (changed, gone, fresh) => {
      for (const plan of changed) this.plans[plan.id] = plan;
      for (const id of gone) delete this.plans[id];
      if (fresh) void this.load();
    });
  }

  private async load(): Promise<Plan> {
    const plan = await call<Plan>("GET", "/plan");
    for (const one of plan.vehicles) this.plans[one.id] = one;
    return plan;
  }

  /** How long ago a vehicle was seen, in seconds. */
  age(id: string): number | undefined {
    const seen = this.plans[id]?.position;
    return seen ? Math.max(0, clock.now - seen.ts) : undefined;
  }

  /** The answer to "where is my car?". */
  ride(booking: Booking): NextRide {
    return nextRide(booking, this.plans[booking.vehicle.id], clock.now, clock.speed);
  }
}
