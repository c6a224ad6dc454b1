import type { Cell, Table } from "../table";
import type { Compared, Interval, Result } from "./study";

/** What variants are compared by, in which unit, and whether more of it is better. */
export type Measure = { key: string; unit: "percent" | "rides" | "minutes" | "times" | "km" | "hours" | "yen"; digits: number; better: "more" | "less" | "" };

export const MEASURES: Measure[] = [
  { key: "served_percent", unit: "percent", digits: 1, better: "more" },
  { key: "served", unit: "rides", digits: 0, better: "more" },
  { key: "refused", unit: "rides", digits: 0, better: "less" },
  { key: "kept_percent", unit: "percent", digits: 1, better: "more" },
  { key: "wait_min", unit: "minutes", digits: 1, better: "less" },
  { key: "wait_p90_min", unit: "minutes", digits: 1, better: "less" },
  { key: "late_p90_min", unit: "minutes", digits: 1, better: "less" },
  { key: "shared_percent", unit: "percent", digits: 1, better: "more" },
  { key: "detour_ratio", unit: "times", digits: 2, better: "less" },
  { key: "km", unit: "km", digits: 0, better: "less" },
  { key: "empty_percent", unit: "percent", digits: 1, better: "less" },
  { key: "km_per_rider", unit: "km", digits: 2, better: "less" },
  { key: "vehicle_hours", unit: "hours", digits: 0, better: "" },
  { key: "fares_yen", unit: "yen", digits: 0, better: "" },
  { key: "cost_yen", unit: "yen", digits: 0, better: "less" },
  { key: "burden_per_rider_yen", unit: "yen", digits: 0, better: "less" },
];
export const MAIN = MEASURES[0]!;

export const measureOf = (key: string | undefined): Measure => MEASURES.find((one) => one.key === key) ?? MAIN;

export const numberText = (value: number, digits: number): string =>
  (Object.is(Number(value.toFixed(digits)), -0) ? 0 : value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
export const signed = (value: number, digits: number): string => `${Number(value.toFixed(digits)) > 0 ? "+" : Number(value.toFixed(digits)) === 0 ? "±" : ""}${numberText(value, digits)}`;

/** An interval of few repetitions may reach beyond what a share can be. */
export function inside(measure: Measure, one: Interval): Interval {
  if (measure.unit !== "percent" || one.low === null || one.high === null) return one;
  return { mean: one.mean, low: Math.max(0, one.low), high: Math.min(100, one.high) };
}

/** A difference is sure when its whole interval lies on one side of nothing. */
export type Verdict = "better" | "worse" | "other" | "unsure" | "once" | "same";
export function verdict(measure: Measure, against: Interval): Verdict {
  if (against.low === null || against.high === null) return "once";
  if (against.low === 0 && against.high === 0) return "same";
  if (against.low <= 0 && against.high >= 0) return "unsure";
  if (measure.better === "") return "other";
  return against.mean > 0 === (measure.better === "more") ? "better" : "worse";
}

/** The variants as they are shown: those asked for, then fleets that were tried, the smallest first. */
export function shown(result: Result, asked: number): (Compared & { fleet: boolean })[] {
  const all = result.variants.map((one, at) => ({ ...one, fleet: at > asked }));
  return [...all.slice(0, asked + 1), ...all.slice(asked + 1).sort((a, b) => a.vehicles - b.vehicles)];
}

const cell = (value: number | null, digits: number): Cell => (value === null ? "–" : Number(value.toFixed(digits)));

type Heads = { measure: string; unit: string; variant: string; mean: string; low: string; high: string; differs: string; differsLow: string; differsHigh: string };

/** Everything as one table, a row for each variant and measure: what is saved as CSV. */
export function tableOf(variants: readonly Compared[], nameOf: (one: Compared) => string, measureName: (key: string) => string, unitOf: (measure: Measure) => string, heads: Heads): Table {
  const columns = [
    { name: heads.measure }, { name: heads.unit }, { name: heads.variant }, { name: heads.mean, number: true }, { name: heads.low, number: true }, { name: heads.high, number: true },
    { name: heads.differs, number: true }, { name: heads.differsLow, number: true }, { name: heads.differsHigh, number: true },
  ];
  const rows = MEASURES.flatMap((measure) =>
    variants.map((one): Cell[] => {
      const [own, against] = [one.measures[measure.key]!, one.against[measure.key]!];
      const digits = measure.digits + 2;
      return [measureName(measure.key), unitOf(measure), nameOf(one), ...[own.mean, own.low, own.high, against.mean, against.low, against.high].map((value) => cell(value, digits))];
    }),
  );
  return { columns, rows };
}

/** Where an axis that need not begin at nothing begins and ends, with room around the whiskers. */
export function reach(intervals: readonly Interval[]): { from: number; to: number } {
  const ends = intervals.flatMap((one) => [one.low ?? one.mean, one.high ?? one.mean]);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const room = (most - least) * 0.12 || Math.abs(most) * 0.05 || 1;
  return { from: least - room, to: most + room };
}

/** How many seconds a study has still to go, by how fast it went while it was watched; null is not known. */
export function leftS(seen: readonly { at: number; done: number }[], done: number, total: number): number | null {
  const first = seen[0], last = seen[seen.length - 1];
  if (!first || !last || last.done <= first.done || last.at <= first.at) return null;
  return ((total - done) * (last.at - first.at)) / (last.done - first.done);
}
