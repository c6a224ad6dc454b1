import { call, newKey } from "$shared/api";

import type { Rider } from "../lib/types";
import type { Desk, Guest } from "./desk.svelte";
import type { PlaceRef } from "./trip.svelte";

/** Somebody unknown whose provisional card is written: a name, a telephone, a place are enough. */
export class Registering {
  card = $state<Guest>();
  private wrote = { body: "", key: "" };

  constructor(private readonly desk: Desk) {}

  begin(name: string): void {
    this.card = { name, phone: this.desk.call?.number ?? "" };
  }

  async write(place: PlaceRef | undefined, kana: string): Promise<void> {
    const { card, desk } = this;
    if (!card || desk.busy) return;
    await desk.during("booking", async (current) => {
      const body = {
        name: card.name,
        kana: kana || null,
        phone: card.phone || null,
        place_id: place?.id ?? null,
        provisional: true,
      };
      const rider = await call<Rider>("POST", "/riders", { body, key: this.keyOf(body) });
      if (!current()) return;
      desk.takeRider(rider);
      desk.trip.origin ??= place;
    });
  }

  /** The same card sent again is the same command. */
  private keyOf(body: object): string {
    const text = JSON.stringify(body);
    if (text !== this.wrote.body) this.wrote = { body: text, key: newKey() };
    return this.wrote.key;
  }
}
