import type { OddReport } from "../lib/types";
import { Calls } from "./calls.svelte";
import type { Exception } from "./exceptions";
import type { Fleet } from "./fleet.svelte";
import { Move } from "./move.svelte";
import type { Office } from "./office.svelte";
import { Trouble } from "./trouble.svelte";

/** The one box that is open above the page. */
export type Box =
  | { kind: "keys" }
  | { kind: "pick" }
  | { kind: "trouble"; trouble: Trouble }
  | { kind: "calls"; calls: Calls }
  | { kind: "move"; move: Move }
  | { kind: "odd"; report: OddReport };

/** What the dispatcher is doing: at most one box is open, and every exception leads to one. */
export class Desk {
  box = $state.raw<Box>();

  constructor(
    private readonly fleet: Fleet,
    private readonly office: Office,
  ) {}

  close(): void {
    this.box = undefined;
  }

  /** Reports trouble; the vehicle chosen on the screen is chosen there too. */
  report(): void {
    this.box = { kind: "trouble", trouble: new Trouble(this.fleet.chosen) };
  }

  ring(first?: string): void {
    this.box = { kind: "calls", calls: new Calls(this.office, first) };
  }

  /** Looks at a booking of today; nothing happens for one that is not known. */
  look(booking_id: string): void {
    const unplaced = this.office.unplaced.find((one) => one.id === booking_id);
    const booking = unplaced ?? this.office.bookings[booking_id];
    if (booking) this.box = { kind: "move", move: new Move(booking, this.office) };
  }

  /** Does what an exception asks for. */
  act(one: Exception): void {
    if (one.kind === "call") this.ring(one.task.key);
    else if (one.kind === "odd") this.box = { kind: "odd", report: one.report };
    else if (one.kind === "silent" || one.kind === "battery") this.fleet.chosen = one.vehicle.id;
    else if (one.kind === "late") this.look(one.booking_id);
    else this.look("link" in one ? one.link.booking_id : one.booking.id);
  }
}
