import type { components } from "$shared/openapi";

type Bodies = components["schemas"];
export type Kept = Bodies["KeptOut"];
export type Refused = Bodies["RefusalLogOut"];

/** What some days add up to; the share is of the promises that are over, never an average of shares. */
export function sum(days: Kept[]): Kept & { due: number } {
  const add = (of: (day: Kept) => number) => days.reduce((total, day) => total + of(day), 0);
  const due = add(dueOf);
  const kept = add((day) => day.kept);
  return {
    date: "",
    promised: add((day) => day.promised),
    kept,
    kept_as_asked: add((day) => day.kept_as_asked),
    late: add((day) => day.late),
    not_carried: add((day) => day.not_carried),
    no_show: add((day) => day.no_show),
    cancelled: add((day) => day.cancelled),
    open: add((day) => day.open),
    moved: [],
    worst_late_s: Math.max(0, ...days.map((day) => day.worst_late_s)),
    worst_reference: null,
    share: due ? kept / due : null,
    due,
  };
}

/** Promises that are over and were ours to keep. */
export const dueOf = (day: Kept): number => day.kept + day.late + day.not_carried;

export const movedOf = (day: Kept): number => day.moved.reduce((total, one) => total + one.count, 0);

/** "98.5 %", cut and not rounded: 99.96 % is not all of them. */
export const percent = (share: number | null): string =>
  share === null ? "–" : `${(Math.floor(share * 1000) / 10).toFixed(1)}%`;

export type Reason = { reason: string; declined: boolean; asks: number; people: number };

/** How often each reason was given, the commonest first. */
export function byReason(refusals: Refused[]): Reason[] {
  const found = new Map<string, Reason>();
  for (const { reason, declined, ask } of refusals) {
    const key = `${declined}${reason}`;
    const one = found.get(key) ?? { reason, declined, asks: 0, people: 0 };
    found.set(key, { ...one, asks: one.asks + 1, people: one.people + ask.riders });
  }
  return [...found.values()].sort((a, b) => b.asks - a.asks || a.reason.localeCompare(b.reason));
}
