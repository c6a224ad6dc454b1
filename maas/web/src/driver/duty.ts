import type { DutyRecord, Kept } from "./events";

/** Where a driver's turn with a vehicle stands: what comes next in it. */
export type Stage = "check" | "call_before" | "out" | "work" | "rest" | "in" | "call_after" | "done";

export type Kind = DutyRecord["kind"];
type Entry = { kind: Kind; at: string };

/** The kinds of records of a driver's day in their order: what the server has, then what waits. */
export function kindsOf(
  records: readonly { kind: string; at: string; driver: string; stands: boolean }[],
  driver: string | undefined,
  queue: readonly Kept[],
): Entry[] {
  const kept = records
    .filter((one) => one.stands && (driver === undefined || one.driver === driver))
    .map(({ kind, at }) => ({ kind: kind as Kind, at }));
  const waiting = queue.flatMap(({ doing, at }) =>
    "record" in doing ? [{ kind: doing.record.kind, at }] : [],
  );
  return [...kept, ...waiting];
}

/** What comes next; after the roll call at the end another turn begins with the next check. */
export function stageOf(entries: readonly Entry[]): Stage {
  let stage: Stage = "check";
  for (const { kind } of entries) stage = AFTER[kind] ?? stage;
  return stage;
}

const AFTER: Partial<Record<Kind, Stage>> = {
  check: "call_before",
  call_before: "out",
  out: "work",
  break_begin: "rest",
  break_end: "work",
  in: "call_after",
  call_after: "done",
};

/** When the break that lasts began. */
export const restingSince = (entries: readonly Entry[]): string | undefined =>
  entries.findLast((one) => one.kind === "break_begin")?.at;

/** The check as it is recorded: everything is good but what has a note. */
export function checkOf(items: readonly string[], faults: Readonly<Record<string, string>>): DutyRecord {
  return {
    kind: "check",
    items: items.map((item) => {
      const note = faults[item];
      return note === undefined ? { item, ok: true, note: "" } : { item, ok: false, note };
    }),
    note: "",
  };
}

/** Counted against what should be there: 0 is right, more than 0 too much. */
export const difference = (counted: number, expected: number): number => counted - expected;
