import type { RulesOfDay } from "../types";

/** The words that a tariff asks of a person, in the order of its discounts. */
export function wordsOf(tariff: RulesOfDay["tariff"]): string[] {
  const discounts = (tariff?.discounts ?? []) as { any_of: string[] }[];
  return [...new Set(discounts.flatMap((one) => one.any_of))];
}

/** How many of each kind as one list of words for each person; `""` are grown-ups. */
export function headsOf(counts: Record<string, number>): string[][] {
  return Object.entries(counts).flatMap(([word, count]) =>
    Array.from({ length: Math.max(0, Math.trunc(count || 0)) }, () => (word ? [word] : [])),
  );
}
