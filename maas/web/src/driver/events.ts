import type { components } from "$shared/openapi";

import type { Step } from "../lib/types";
import type { Tally } from "./riders";

type Bodies = components["schemas"];
export type Payment = { cash_yen?: number | null; vouchers?: string[] };
export type DutyRecord = Bodies["RecordIn"]["record"];
export type Spot = { lat: number; lon: number };

/** A step at a stop, a record of the duty, or riders counted on a bus. */
export type Doing =
  | { booking_id: string; step: Step; payment?: Payment }
  | { record: DutyRecord }
  | { count: Tally };

/** What the driver did, before the tablet has given it a number. `at` is an ISO 8601 instant. */
export type Fresh = { event: string; vehicle: string; at: string; spot: Spot | null; doing: Doing };

/** An event as it is kept; `seq` counts up on this tablet and is never given twice. */
export type Kept = Fresh & { seq: number };

/** Few enough that a request stays far below the server's 64 KiB. */
export const BATCH = 100;

const kindOf = ({ doing }: Kept) =>
  "record" in doing ? "record" : "count" in doing ? "count" : "step";

/** The next events to send together: the steps or counts at the head of the queue, or one record. */
export function nextBatch(queue: readonly Kept[]): Kept[] {
  const [first] = queue;
  if (!first) return [];
  if (kindOf(first) === "record") return [first];
  const other = (one: Kept) => kindOf(one) !== kindOf(first) || one.vehicle !== first.vehicle;
  const end = queue.findIndex(other);
  return queue.slice(0, end < 0 ? BATCH : Math.min(end, BATCH));
}

/** An event as `POST /vehicles/{id}/reports` takes it. */
export function asReport({ event, at, spot, seq, doing }: Kept, boot: string) {
  if (!("step" in doing)) throw new Error("only a step is reported as one");
  return { ...doing, event, at, boot, seq, lat: spot?.lat ?? null, lon: spot?.lon ?? null };
}

/** An event as `POST /vehicles/{id}/counts` takes it. */
export function asCount({ event, at, seq, doing }: Kept, boot: string) {
  if (!("count" in doing)) throw new Error("only a count is told as one");
  return { ...doing.count, event, at, boot, seq };
}

/** An event as `POST /vehicles/{id}/duty` takes it. */
export function asRecord({ event, at, spot, doing }: Kept) {
  if (!("record" in doing)) throw new Error("a step is no record of the duty");
  return { record: doing.record, event, at, lat: spot?.lat ?? null, lon: spot?.lon ?? null };
}
