import { call } from "$shared/api";
import { clock } from "$shared/clock.svelte";
import type { LiveVehicle } from "$shared/types";

import type { Link } from "../lib/link.svelte";
import { session } from "../lib/session.svelte";
import type { DayEvent, Plan, Position, Vehicle, VehiclePlan } from "../lib/types";

/** How many events of the day stay on the screen. */
const EVENTS_KEPT = 200;

/** Everything that moves today: the cars with their plans, the buses, and what happened. */
export class Fleet {
  plans = $state<Record<string, VehiclePlan>>({});
  positions = $state<Record<string, LiveVehicle>>({});
  names = $state<Record<string, Vehicle>>({});
  events = $state<DayEvent[]>([]);
  chosen = $state<string>();

  constructor(private readonly link: Link) {}

  /** Follows everything; returns the area that is watched. */
  async start(): Promise<string> {
    // First of all: buses are watched even where there are no roads and so no plan.
    this.link.follow<LiveVehicle>("vehicles", (changed, gone) => {
      for (const vehicle of changed) this.positions[vehicle.id] = vehicle;
      for (const id of gone) delete this.positions[id];
    });
    const vehicles = await call<Vehicle[]>("GET", "/vehicles");
    this.names = Object.fromEntries(vehicles.map((vehicle) => [vehicle.id, vehicle]));
    const plan = await this.load();
    const area = session.now?.area ?? plan.area;
    this.link.follow<VehiclePlan>(`plan:${area}`, (changed, gone, fresh) => {
      for (const vehicle of changed) this.plans[vehicle.id] = vehicle;
      for (const id of gone) delete this.plans[id];
      // After a new start the stream knows recent changes only; the whole plan is asked for.
      if (fresh) void this.load();
    });
    this.link.follow<DayEvent>("calls", (changed, _gone, fresh) => {
      const known = fresh ? [] : this.events;
      this.events = [...known, ...changed].slice(-EVENTS_KEPT);
    });
    return area;
  }

  private async load(): Promise<Plan> {
    const plan = await call<Plan>("GET", "/plan");
    for (const vehicle of plan.vehicles) this.plans[vehicle.id] = vehicle;
    return plan;
  }

  cars(): VehiclePlan[] {
    return Object.values(this.plans).sort((a, b) => a.name.localeCompare(b.name, "ja"));
  }

  /** Vehicles without bookings that have been heard of today: the buses. */
  buses(): LiveVehicle[] {
    return Object.values(this.positions).filter((one) => !this.plans[one.id]);
  }

  /** The newest position of a vehicle, from whichever stream told it. */
  position(id: string): Position | undefined {
    const planned = this.plans[id]?.position ?? undefined;
    const live = this.positions[id];
    return live && (!planned || live.ts >= planned.ts) ? live : planned;
  }

  age(id: string): number | undefined {
    const position = this.position(id);
    return position && Math.max(0, clock.now - position.ts);
  }

  toggle(id: string): void {
    this.chosen = this.chosen === id ? undefined : id;
  }
}

/** Seconds of silence after which a position is no longer shown as live. */
export function silentAfter(speed: number): number {
  // In a demo that runs faster than life, five real seconds of silence are nothing.
  return 60 + 5 * (speed - 1);
}
