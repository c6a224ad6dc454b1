import { newKey } from "$shared/api";

import { nextBatch, type Doing, type Fresh, type Kept, type Spot } from "./events";
import type { Shelf } from "./store";

/** The server's word on one event; `no` is the sentence why it was not kept. */
export type Answer = { event: string; no?: string };

/** Sends events that belong together; throws when the server gave no final answer. */
export type Sender = (batch: Kept[]) => Promise<Answer[]>;

/** Everything the driver did that the server has not answered for, in its order. */
export class Outbox {
  queue = $state.raw<Kept[]>([]);
  /** What the server refused, with its sentence, until the driver has read it. */
  refused = $state.raw<{ event: Kept; sentence: string }[]>([]);

  private sending: Promise<void> | undefined;

  constructor(
    private readonly store: Shelf<Fresh>,
    private readonly sender: Sender,
  ) {}

  /** Takes up what the last start of the page left behind. */
  async open(): Promise<void> {
    this.queue = await this.store.first();
  }

  /** Keeps an event; it is on the tablet's disk when this answers. */
  async add(vehicle: string, at: string, spot: Spot | null, doing: Doing): Promise<Kept> {
    const kept = await this.store.add({ event: newKey(), vehicle, at, spot, doing });
    this.queue = [...this.queue, kept].sort((one, other) => one.seq - other.seq);
    return kept;
  }

  /** Sends all there is, in order, each until the server has answered; throws without an answer. */
  flush(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => (this.sending = undefined));
    return this.sending;
  }

  private async sendAll(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = nextBatch(this.queue);
      const answers = new Map((await this.sender(batch)).map((one) => [one.event, one]));
      const done = batch.filter((one) => answers.has(one.event));
      if (done.length === 0) throw new Error("no event was answered for");
      await this.store.remove(done.map((one) => one.seq));
      this.queue = this.queue.filter((one) => !done.some((gone) => gone.seq === one.seq));
      for (const event of done) {
        const sentence = answers.get(event.event)?.no;
        if (sentence !== undefined) this.refused = [...this.refused, { event, sentence }];
      }
    }
  }
}
