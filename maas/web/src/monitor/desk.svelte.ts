import type { Moves, OddReport } from "../lib/types";
import { Calls } from "./calls.svelte";
import type { Exception } from "./exceptions";
import type { Fleet } from "./fleet.svelte";
import { Move } from "./move.svelte";
import type { Office } from "./office.svelte";
import { Tell } from "./tell.svelte";
import { Trouble } from "./trouble.svelte";
import { Undo } from "./undo.svelte";

/** The one box that is open above the page. */
export type Box =
  | { kind: "keys" }
  | { kind: "pick" }
  | { kind: "swap" }
  | { kind: "notes" }
  | { kind: "tomorrow" }
  | { kind: "tell"; tell: Tell }
  | { kind: "trouble"; trouble: Trouble }
  | { kind: "calls"; calls: Calls }
  | { kind: "move"; move: Move }
  | { kind: "odd"; report: OddReport };

/** What the dispatcher is doing: at most one box is open, and every exception leads to one. */
export class Desk {
  box = $state.raw<Box>();
  /** What the middle of the page shows. */
  view = $state<"map" | "ladder">("map");
  /** The past is looked at: then nothing of the present is shown, and nothing can be done. */
  past = $state(false);
  readonly undo: Undo;

  constructor(
    private readonly fleet: Fleet,
    private readonly office: Office,
  ) {
    this.undo = new Undo(() => office.refreshSoon());
  }

  close(): void {
    this.box = undefined;
  }

  /** Reports trouble; the vehicle chosen on the screen is chosen there too. */
  report(): void {
    this.box = { kind: "trouble", trouble: new Trouble(this.fleet.chosen) };
  }

  /** Closes roads at points of the map, longitude and latitude. */
  closeRoad(points: [number, number][]): void {
    this.box = { kind: "trouble", trouble: Trouble.road(points) };
  }

  /** Takes a planned break out again. */
  restOff(id: string): void {
    this.box = { kind: "trouble", trouble: Trouble.restOff(id) };
  }

  ring(first?: string): void {
    this.box = { kind: "calls", calls: new Calls(this.office, first) };
  }

  tell(): void {
    this.box = { kind: "tell", tell: new Tell() };
  }

  turn(): void {
    this.view = this.view === "map" ? "ladder" : "map";
  }

  /** Looks at a booking of today, in another vehicle if one is named; nothing for an unknown one. */
  look(booking_id: string, vehicle_id?: string): void {
    const unplaced = this.office.unplaced.find((one) => one.id === booking_id);
    const booking = unplaced ?? this.office.bookings[booking_id];
    const vehicle = vehicle_id === undefined ? undefined : this.fleet.plans[vehicle_id];
    if (booking) this.box = { kind: "move", move: new Move(booking, this.office, vehicle) };
  }

  /** Moves have been made: the box closes, and for a while they can be taken back. */
  moved(said: string, moves: Moves): void {
    this.close();
    this.undo.offer(said, moves.undo);
    this.office.refreshSoon();
  }

  /** Does what an exception asks for. */
  act(one: Exception): void {
    if (one.kind === "call") this.ring(one.task.key);
    else if (one.kind === "odd") this.box = { kind: "odd", report: one.report };
    else if (one.kind === "closed") this.box = { kind: "trouble", trouble: Trouble.open(one.closure.id) };
    else if (one.kind === "note") this.box = { kind: "notes" };
    else if (one.kind === "silent" || one.kind === "battery") this.fleet.chosen = one.vehicle.id;
    else if (one.kind === "late") this.look(one.booking_id);
    else this.look("link" in one ? one.link.booking_id : one.booking.id);
  }
}
