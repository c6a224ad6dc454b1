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
  // Whole values are put in the place of others and never changed: only the tables are watched.
  plans = $state.raw<Record<string, VehiclePlan>>({});
  positions = $state.raw<Record<string, LiveVehicle>>({});
  names = $state.raw<Record<string, Vehicle>>({});
  events = $state.raw<DayEvent[]>([]);
  chosen = $state<string>();

  /** For each plan that is on its way: what the stream has told meanwhile, which is newer. */
  private readonly meanwhile = new Set<[VehiclePlan[], string[]][]>();

  constructor(private readonly link: Link) {}

  private readonly sorted = $derived(
    Object.values(this.plans).sort((a, b) => a.name.localeCompare(b.name, "ja", { numeric: true })),
  );

  /** Follows everything; returns the area that is watched. */
  async start(): Promise<string> {
    // First of all: buses are watched even where there are no roads and so no plan.
    this.link.follow<LiveVehicle>("vehicles", (changed, gone) => {
      this.positions = merged(this.positions, changed, gone);
    });
    const vehicles = await call<Vehicle[]>("GET", "/vehicles");
    this.names = merged({}, vehicles);
    const plan = await this.load();
    const area = session.now?.area ?? plan.area;
    this.link.follow<VehiclePlan>(`plan:${area}`, (changed, gone, fresh) => {
      this.plans = merged(this.plans, changed, gone);
      for (const told of this.meanwhile) told.push([changed, gone]);
      // After a new start the stream knows recent changes only; the whole plan is asked for.
      if (fresh) void this.load().catch(() => undefined);
    });
    // A server that has started anew knows nothing of before: what is on the screen stays.
    this.link.follow<DayEvent>("calls", (changed) => {
      this.events = together(this.events, changed).slice(-EVENTS_KEPT);
    });
    return area;
  }

  private async load(): Promise<Plan> {
    const told: [VehiclePlan[], string[]][] = [];
    this.meanwhile.add(told);
    try {
      const plan = await call<Plan>("GET", "/plan");
      const whole = merged({}, plan.vehicles);
      this.plans = told.reduce((plans, [changed, gone]) => merged(plans, changed, gone), whole);
      return plan;
    } finally {
      this.meanwhile.delete(told);
    }
  }

  cars(): VehiclePlan[] {
    return this.sorted;
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

type Named = { id: string };

/** A table with these rows put in and those taken out. */
function merged<T extends Named>(
  table: Record<string, T>,
  changed: T[],
  gone: string[] = [],
): Record<string, T> {
  const next = { ...table };
  for (const row of changed) next[row.id] = row;
  for (const id of gone) delete next[id];
  return next;
}

/** Events known and told, each once, in the order they happened. */
export function together(known: DayEvent[], told: DayEvent[]): DayEvent[] {
  const byId = new Map([...known, ...told].map((one) => [one.id, one]));
  return [...byId.values()].sort((a, b) => a.ts - b.ts);
}

/** Seconds of silence after which a position is no longer shown as live. */
export function silentAfter(speed: number): number {
  // In a demo that runs faster than life, five real seconds of silence are nothing.
  return 60 + 5 * (speed - 1);
}
