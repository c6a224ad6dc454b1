import { call } from "$shared/api";
import { clock, deviceNow } from "$shared/clock.svelte";
import { dateOf, noonOf } from "$shared/times";

import type { Link } from "../lib/link.svelte";
import type {
  Booking,
  BusLink,
  Closure,
  Disruption,
  Duty,
  Kept,
  OddReport,
  PhoneTask,
  Plan,
  ServiceDay,
  VehiclePlan,
} from "../lib/types";
import { Notes } from "./notes.svelte";
import { restsOf, type Rest } from "./rests";

const AGAIN_MS = 15_000;
/** Changes come in bursts: a cancelled booking alone tells three of them. */
const SETTLE_MS = 700;
/** Figures of a whole day change slowly, and cost the server more than the lists do. */
const FIGURES_S = 60;

export type Tomorrow = {
  bookings: Booking[];
  unplaced: Booking[];
  disruptions: Disruption[];
  plan: VehiclePlan[];
};

/** A booking as the stream told of it; undefined when it is gone. */
type Told = readonly [id: string, booking: Booking | undefined];

function withTold(before: Record<string, Booking>, told: readonly Told[]): Record<string, Booking> {
  const bookings = { ...before };
  for (const [id, booking] of told) {
    if (booking) bookings[id] = booking;
    else delete bookings[id];
  }
  return bookings;
}

/** What the office has to deal with today, asked anew after every change that the stream tells. */
export class Office {
  bookings = $state.raw<Record<string, Booking>>({});
  unplaced = $state.raw<Booking[]>([]);
  links = $state.raw<BusLink[]>([]);
  reports = $state.raw<OddReport[]>([]);
  tasks = $state.raw<PhoneTask[]>([]);
  duties = $state.raw<Duty[]>([]);
  kept = $state.raw<Kept>();
  /** In which nobody is picked up, by the town's rules: "12:00/13:00". */
  breaks = $state.raw<string[]>([]);
  closures = $state.raw<Closure[]>([]);
  readonly notes = new Notes();
  tomorrow = $state.raw<Tomorrow>({ bookings: [], unplaced: [], disruptions: [], plan: [] });
  /** When the lists were last told, by this device's clock; undefined before the first time. */
  told = $state<number>();

  private soon: ReturnType<typeof setTimeout> | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private asking = false;
  /** Somebody asked while an answer was on its way that cannot know yet what they ask about. */
  private again = false;
  /** What the stream told while the lists were on their way: it is newer than they are. */
  private meanwhile: Told[] = [];
  private figured_s = 0;

  constructor(private readonly link: Link) {}

  start(area: string): void {
    this.link.follow<Booking>(`bookings:${area}`, (changed, gone, fresh) => {
      // The stream tells of every day; this page is about today.
      const told = [
        ...changed.filter((one) => one.date === this.day()).map((one) => [one.id, one] as const),
        ...gone.map((id) => [id, undefined] as const),
      ];
      this.bookings = withTold(this.bookings, told);
      if (this.asking) this.meanwhile.push(...told);
      if (fresh) void this.load();
      else this.refreshSoon();
    });
    this.timer = setInterval(() => void this.load(), AGAIN_MS);
    void this.load();
  }

  end(): void {
    clearInterval(this.timer);
    clearTimeout(this.soon);
  }

  refreshSoon(): void {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => void this.load(), SETTLE_MS);
  }

  /** Asks for everything again; without an answer the old lists stay, and their age is shown. */
  async load(): Promise<void> {
    this.again = this.asking;
    if (this.asking) return;
    this.asking = true;
    try {
      await this.ask();
      this.told = deviceNow();
    } catch {
      // Said by the age of the lists.
    } finally {
      this.asking = false;
      this.meanwhile = [];
    }
    if (this.again) await this.load();
  }

  private async ask(): Promise<void> {
    const get = <T>(path: string) => call<T>("GET", path);
    const [bookings, unplaced, links, reports, tasks, closures] = await Promise.all([
      get<Booking[]>("/bookings"),
      get<Booking[]>("/bookings-without-vehicle"),
      get<BusLink[]>("/connections"),
      get<OddReport[]>("/reports"),
      get<PhoneTask[]>("/phone-tasks"),
      get<Closure[]>("/closures"),
      this.notes.load(),
    ]);
    const byId = Object.fromEntries(bookings.map((booking) => [booking.id, booking]));
    this.bookings = withTold(byId, this.meanwhile);
    Object.assign(this, { unplaced, links, reports, tasks, closures });
    if (deviceNow() - this.figured_s < FIGURES_S) return;
    await this.askFigures();
    this.figured_s = deviceNow();
  }

  private async askFigures(): Promise<void> {
    const next = dateOf(noonOf(this.day(), 1), clock.zone);
    const get = <T>(path: string) => call<T>("GET", path);
    const [kept, duties, days, bookings, unplaced, disruptions, plan] = await Promise.all([
      get<Kept[]>("/promises/kept"),
      get<Duty[]>("/duty"),
      get<ServiceDay[]>(`/calendar?from=${this.day()}&to=${this.day()}`),
      get<Booking[]>(`/bookings?date=${next}`),
      get<Booking[]>(`/bookings-without-vehicle?date=${next}`),
      get<Disruption[]>(`/disruptions?date=${next}`),
      get<Plan>(`/plan?date=${next}`),
    ]);
    const tomorrow = { bookings, unplaced, disruptions, plan: plan.vehicles };
    Object.assign(this, { kept: kept[0], duties, breaks: days[0]?.breaks ?? [], tomorrow });
  }

  /** When a vehicle's driver rests today. */
  rests(vehicle: VehiclePlan): Rest[] {
    return restsOf(vehicle, this.duties, this.day(), this.breaks);
  }

  private day(): string {
    return clock.date || dateOf(clock.now, clock.zone);
  }

  age(): number | undefined {
    // Reads the ticking clock, so that the age shown goes on.
    return this.told === undefined || clock.now < 0 ? undefined : Math.floor(deviceNow() - this.told);
  }
}
