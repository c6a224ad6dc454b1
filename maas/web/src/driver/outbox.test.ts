import { expect, test } from "vitest";

import { BATCH, nextBatch, type Fresh, type Kept } from "./events";
import { Outbox, type Answer } from "./outbox.svelte";
import type { Shelf } from "./store";

/** A database in memory that, like the tablet's, never gives a number twice. */
class MemoryStore implements Shelf<Fresh> {
  rows: Kept[] = [];
  private last = 0;

  async add(event: Fresh): Promise<Kept> {
    const kept = { ...event, seq: ++this.last };
    this.rows.push(kept);
    return kept;
  }

  async first(): Promise<Kept[]> {
    return [...this.rows];
  }

  async remove(seqs: number[]): Promise<void> {
    this.rows = this.rows.filter((row) => !seqs.includes(row.seq));
  }
}

const arrived = (booking_id: string) => ({ booking_id, step: "arrived" as const });
const yes = (batch: Kept[]): Answer[] => batch.map(({ event }) => ({ event }));
const bookings = (queue: Kept[]) =>
  queue.map(({ doing }) => ("record" in doing ? doing.record.kind : "step" in doing ? doing.booking_id : ""));

test("without the server events stay on the tablet, and a new start finds them in order", async () => {
  const store = new MemoryStore();
  const first = new Outbox(store, () => Promise.reject(new TypeError("no network")));
  for (const id of ["a", "b", "c"]) await first.add("van-1", "", null, arrived(id));
  await expect(first.flush()).rejects.toThrow("no network");
  expect(first.queue.length).toBe(3);

  const sent: string[] = [];
  const second = new Outbox(store, async (batch) => {
    sent.push(...bookings(batch));
    return yes(batch);
  });
  await second.open();
  await second.flush();
  expect(sent).toEqual(["a", "b", "c"]);
  expect([second.queue, store.rows]).toEqual([[], []]);
});

test("an event whose answer got lost is sent again as the same event", async () => {
  const seen: string[] = [];
  let lost = true;
  const box = new Outbox(new MemoryStore(), async (batch) => {
    seen.push(...batch.map((one) => one.event));
    if (lost) throw new TypeError("answer lost");
    return yes(batch);
  });
  await box.add("van-1", "", null, arrived("a"));
  await expect(box.flush()).rejects.toThrow();
  lost = false;
  await box.flush();
  expect(seen.length).toBe(2);
  expect(new Set(seen).size).toBe(1);
});

test("an event that the server refuses leaves the queue with its sentence, the others go on", async () => {
  const box = new Outbox(new MemoryStore(), async (batch) =>
    batch.map(({ event }, at) => (at === 0 ? { event, no: "not now" } : { event })),
  );
  for (const id of ["a", "b"]) await box.add("van-1", "", null, arrived(id));
  await box.flush();
  expect(box.queue).toEqual([]);
  expect(box.refused.map((one) => one.sentence)).toEqual(["not now"]);
});

test("an answer that names none of the events is no answer", async () => {
  const store = new MemoryStore();
  const box = new Outbox(store, async () => []);
  await box.add("van-1", "", null, arrived("a"));
  await expect(box.flush()).rejects.toThrow();
  expect(store.rows.length).toBe(1);
});

test("two flushes at once send once", async () => {
  let calls = 0;
  const box = new Outbox(new MemoryStore(), async (batch) => {
    calls += 1;
    return yes(batch);
  });
  await box.add("van-1", "", null, arrived("a"));
  await Promise.all([box.flush(), box.flush()]);
  expect(calls).toBe(1);
});

test("steps go together, a record alone, and nothing overtakes", async () => {
  const box = new Outbox(new MemoryStore(), async () => []);
  await box.add("van-1", "", null, arrived("a"));
  await box.add("van-1", "", null, arrived("b"));
  await box.add("van-1", "", null, { record: { kind: "break_end" } });
  await box.add("van-1", "", null, arrived("c"));
  expect(bookings(nextBatch(box.queue))).toEqual(["a", "b"]);
  expect(bookings(nextBatch(box.queue.slice(2)))).toEqual(["break_end"]);
  const many = Array.from({ length: BATCH + 5 }, () => box.queue[0]!);
  expect(nextBatch(many).length).toBe(BATCH);
  const other = { ...box.queue[1]!, vehicle: "van-2" };
  expect(nextBatch([box.queue[0]!, other]).length).toBe(1);
});
