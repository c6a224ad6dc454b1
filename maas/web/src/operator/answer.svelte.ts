import { newKey } from "$shared/api";

import type { Booking, Offer, Quote, Refusal, Waiting } from "../lib/types";
import { release } from "./commands";
import type { Back } from "./line";
import type { Asked } from "./trip.svelte";

/** What could come for one of the trips asked for, and which of it is chosen. */
export type Choice = {
  offers: Offer[];
  refusal: Refusal | undefined;
  advice: string[];
  at: number;
};

/** The server's answer to what was asked, and the seat that is kept meanwhile. */
export class Answer {
  choices = $state<Choice[]>([]);
  /** The trip whose offers the arrows move in. */
  row = $state(0);
  /** The seat nobody else can have while the caller talks. */
  hold = $state<Booking>();
  waiting = $state<Waiting>();
  /** The rules somebody has set aside for these offers, and who. */
  waived = $state.raw<{ by: string; rules: string[] }>();
  asked = $state.raw<{ trip: Asked; back: Back | undefined }>();
  /** The key of the command under way: pressed again, sent again, it is the same booking. */
  key = "";

  clear(): void {
    Object.assign(this, { choices: [], row: 0, hold: undefined, waiting: undefined });
    Object.assign(this, { asked: undefined, waived: undefined });
  }

  show(quotes: Quote[]): void {
    this.key = newKey();
    this.choices = quotes.map(({ offers, refusal, advice }) => ({
      offers: refusal ? refusal.alternatives : offers,
      refusal: refusal ?? undefined,
      advice,
      at: 0,
    }));
    Object.assign(this, { row: 0, waived: undefined });
  }

  choose(index: number, row: number = this.row): void {
    const choice = this.choices[row];
    if (!choice || index < 0 || index >= choice.offers.length) return;
    this.row = row;
    if (index === choice.at) return;
    choice.at = index;
    this.giveUpSeat();
    this.key = newKey();
  }

  /** The offer chosen for each trip, undefined where there is none. */
  chosen(): (Offer | undefined)[] {
    return this.choices.map((choice) => choice.offers[choice.at]);
  }

  giveUpSeat(): void {
    if (this.hold) release(this.hold);
    this.hold = undefined;
  }
}
