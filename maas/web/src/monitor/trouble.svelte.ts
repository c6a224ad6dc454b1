import { call, newKey, Refused } from "$shared/api";
import { clock } from "$shared/clock.svelte";

import type { Closure, Disruption, Stretch } from "../lib/types";
import { words } from "../words/words";
import { bodyOf, complete, NOTHING, ofRoads, spotOf, toggled, type Asked, type Kind } from "./trouble";

/** One report of trouble on its way: chosen, looked at, decided. */
export class Trouble {
  asked = $state<Asked>({ ...NOTHING });
  closures = $state<Closure[]>([]);
  /** The road at each point asked for, by `lat,lon`; null where none is near. */
  roads = $state<Record<string, Stretch | null>>({});
  /** What it would do; any other choice makes it worthless. */
  preview = $state<Disruption>();
  done = $state<Disruption>();
  busy = $state(false);
  message = $state("");
  /** The same command sent again keeps its key, so that it is done once. */
  private key = newKey();

  constructor(vehicle?: string) {
    if (vehicle) this.asked.vehicles = [vehicle];
  }

  /** A road that is to be closed at points of the map (longitude, latitude). */
  static road(points: [number, number][]): Trouble {
    const trouble = new Trouble();
    trouble.choose("road_closed");
    trouble.addPoints(points);
    return trouble;
  }

  /** A road that is open again. */
  static open(closure: string): Trouble {
    const trouble = new Trouble();
    trouble.choose("road_open");
    trouble.change({ closure });
    return trouble;
  }

  /** A planned break that is to be taken out. */
  static restOff(rest: string): Trouble {
    const trouble = new Trouble();
    trouble.choose("rest_off");
    trouble.change({ rest });
    return trouble;
  }

  add(points: Asked["points"]): void {
    this.change({ points: [...this.asked.points, ...points] });
    for (const point of points) void this.findRoad(point);
  }

  /** What is meant: the roads at the points chosen, each once, or those of the closure to end. */
  get stretches(): Stretch[] {
    const closure = this.closures.find((one) => one.id === this.asked.closure);
    const found = ofRoads(this.asked.kind)
      ? this.asked.points.flatMap((point) => this.roads[spotOf(point)] ?? [])
      : (closure?.stretches ?? []);
    return [...new Map(found.map((one) => [JSON.stringify(one.path), one])).values()];
  }

  /** Whether no road is near a point, so that closing there closes nothing one can see. */
  roadless(point: Asked["points"][number]): boolean {
    return this.roads[spotOf(point)] === null;
  }

  private async findRoad(point: Asked["points"][number]): Promise<void> {
    const spot = spotOf(point);
    try {
      this.roads[spot] = await call<Stretch>("GET", `/roads/stretch?at=${spot}`);
    } catch (error) {
      if (error instanceof Refused) this.roads[spot] = null;
      else this.message = words().dispatch.noAnswer;
    }
  }

  addPoints(points: [number, number][]): void {
    this.add(points.map(([lon, lat]) => ({ name: `${lat.toFixed(4)}, ${lon.toFixed(4)}`, lat, lon })));
  }

  takeAway(index: number): void {
    this.change({ points: this.asked.points.filter((_, at) => at !== index) });
  }

  choose(kind: Kind): void {
    const { vehicles } = this.asked;
    this.change({ kind, vehicles: kind === "rest" ? vehicles.slice(0, 1) : vehicles });
    if (kind === "road_open") void this.loadClosures();
  }

  toggle(vehicle: string): void {
    // A break is of one vehicle alone: the last one pressed.
    const { kind, vehicles } = this.asked;
    this.change({ vehicles: kind === "rest" ? [vehicle] : toggled(vehicles, vehicle) });
  }

  change(change: Partial<Asked>): void {
    Object.assign(this.asked, change);
    Object.assign(this, { preview: undefined, message: "", key: newKey() });
  }

  /** Goes one step back; false when there is none before it. */
  back(): boolean {
    if (this.done || this.asked.kind === undefined) return false;
    if (this.preview) this.change({});
    else this.change({ kind: undefined });
    return true;
  }

  async look(): Promise<void> {
    if (!complete(this.asked)) {
      const { needed, whichVehicle, whichRest } = words().dispatch;
      this.message = { rest: whichVehicle, rest_off: whichRest }[String(this.asked.kind)] ?? needed;
      return;
    }
    const asked = JSON.stringify(this.asked);
    const found = await this.send(bodyOf(this.asked, clock.date, true), newKey());
    // What was changed meanwhile is not what this answer is about.
    if (JSON.stringify(this.asked) === asked) this.preview = found;
  }

  async commit(): Promise<void> {
    if (!this.preview) return;
    this.done = await this.send(bodyOf(this.asked, clock.date, false), this.key);
  }

  private async send(body: unknown, key: string): Promise<Disruption | undefined> {
    if (this.busy) return undefined;
    Object.assign(this, { busy: true, message: "" });
    try {
      return await call<Disruption>("POST", "/disruptions", { body, key });
    } catch (error) {
      this.message = error instanceof Refused ? error.message : words().dispatch.noAnswer;
      return undefined;
    } finally {
      this.busy = false;
    }
  }

  private async loadClosures(): Promise<void> {
    try {
      this.closures = await call<Closure[]>("GET", "/closures");
    } catch (error) {
      this.message = error instanceof Refused ? error.message : words().dispatch.noAnswer;
    }
  }
}
