import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { clock } from "$shared/clock.svelte";

import type { Link } from "../lib/link.svelte";
import type { Booking } from "../lib/types";
import { Office } from "./office.svelte";

const DAY = "2026-12-07";
const booking = (id: string, state: string) => ({ id, state, date: DAY }) as Booking;

/** The answers to `/bookings` that are on their way, the oldest first. */
let waiting: ((bookings: Booking[]) => void)[] = [];
let tell: (changed: Booking[], gone: string[], fresh: boolean) => void;
let office: Office;

const link = {
  follow: (_topic: string, hear: typeof tell) => (tell = hear),
} as unknown as Link;

const answer = (body: unknown) => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (address: string) =>
    String(address).endsWith("/bookings")
      ? new Promise((done) => waiting.push((bookings) => done(answer(bookings))))
      : Promise.resolve(answer(String(address).includes("/plan") ? { vehicles: [] } : [])),
  );
  clock.date = DAY;
  waiting = [];
  office = new Office(link);
  office.start("area");
});

afterEach(() => {
  office.end();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Lets the oldest answer arrive, and all that waits for it. */
async function arrive(bookings: Booking[]): Promise<void> {
  waiting.shift()!(bookings);
  await vi.advanceTimersByTimeAsync(0);
}

test("a list that was on its way does not undo what the stream told meanwhile", async () => {
  tell([booking("b1", "cancelled"), booking("b2", "booked")], ["b3"], false);
  await arrive([booking("b1", "booked"), booking("b3", "booked")]);

  expect(Object.values(office.bookings)).toEqual([booking("b1", "cancelled"), booking("b2", "booked")]);
});

test("what is asked while an answer is on its way is asked once more, not forgotten", async () => {
  void office.load();
  void office.load();
  expect(waiting).toHaveLength(1);

  await arrive([booking("b1", "booked")]);
  expect(waiting).toHaveLength(1);
  await arrive([booking("b1", "aboard")]);

  expect(office.bookings["b1"]?.state).toBe("aboard");
  expect(waiting).toHaveLength(0);
});
