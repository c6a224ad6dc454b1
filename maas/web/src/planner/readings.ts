import type { PlannerWords } from "../words/planner.ja";
import type { End, Ridership, Totals } from "./analysis.svelte";
import type { Filters } from "./filters";
import { change } from "./scale";

/** What the charts say in sentences, and the numbers worked out of counts. */
export const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
export const tenth = (value: number): string => value.toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
/** Cut and not rounded: 99.96 % is not all of them. */
export const percent = (share: number): string => `${(Math.floor(share * 1000 + 1e-9) / 10).toFixed(1)}%`;
export const part = (some: number, all: number): number | null => (all > 0 ? some / all : null);

export const kept = (one: Totals): number | null => part(one.kept, one.kept + one.late + one.not_carried);
export const lostShare = (one: Totals): number | null => part(one.lost, one.lost + one.rides + one.not_carried + one.no_show + one.cancelled);

export type TileOf = { key: string; of: (one: Totals) => number | null; format: (value: number) => string };

const hundred = (share: number | null) => (share === null ? null : share * 100);

/** The figures on top, and how each is worked out of the counts. */
export const TILES: TileOf[] = [
  { key: "riders", of: (one) => one.riders, format: whole },
  { key: "members", of: (one) => one.members, format: whole },
  { key: "trips_each", of: (one) => part(one.rides, one.members), format: tenth },
  { key: "shared_share", of: (one) => hundred(part(one.shared, one.rides)), format: tenth },
  { key: "kept_share", of: (one) => hundred(kept(one)), format: (value) => (Math.floor(value * 10 + 1e-9) / 10).toFixed(1) },
  { key: "lost_share", of: (one) => hundred(lostShare(one)), format: tenth },
  { key: "no_show_share", of: (one) => hundred(part(one.no_show, one.rides + one.no_show + one.not_carried)), format: tenth },
  { key: "fare_each", of: (one) => part(one.fare_yen, one.riders), format: whole },
  { key: "distance_each", of: (one) => part(one.distance_m / 1000, one.rides), format: tenth },
];

/** What the filters choose, in words. */
export function chosenNames(filters: Filters, data: Ridership, said: PlannerWords): string[] {
  const vehicle = data.vehicles.find((one) => one.id === filters.vehicle);
  return [
    filters.hours && (said.hourNames[filters.hours] ?? ""),
    filters.weekday && (said.weekdays[Number(filters.weekday)] ?? ""),
    filters.age && (said.ages[filters.age] ?? ""),
    filters.purpose && (said.purposes[filters.purpose] ?? ""),
    filters.hamlet,
    filters.vehicle && (vehicle?.name ?? filters.vehicle),
  ].filter(Boolean);
}

export function overviewSays(data: Ridership, said: PlannerWords): string {
  const now = data.now!;
  const grew = change(now.riders, data.before?.riders);
  const than = grew === null ? said.says.alone : Math.abs(grew) < 0.005 ? said.says.same : (grew > 0 ? said.says.more : said.says.less)(`${Math.abs(grew * 100).toFixed(0)}%`);
  return said.says.overview(whole(now.riders), whole(now.rides), than);
}

/** The first of the largest; undefined of nothing. */
export function largest<T>(list: readonly T[], of: (one: T) => number | null): T | undefined {
  const known = list.filter((one) => of(one) !== null);
  return known.reduce<T | undefined>((best, one) => (best === undefined || of(one)! > of(best)! ? one : best), undefined);
}

export const smallest = <T>(list: readonly T[], of: (one: T) => number | null): T | undefined =>
  largest(list, (one) => { const value = of(one); return value === null ? null : -value; });

/** What an end of journeys is called. */
export function endNames(ends: readonly End[], said: PlannerWords, english: boolean): (key: string) => string {
  const known = new Map(ends.map((end) => [end.key, end]));
  return (key) => {
    const end = known.get(key);
    if (!end) return key.slice(2);
    return end.kind === "hamlet" ? said.homes(end.name) : (english && end.name_en) || end.name;
  };
}

/** How many of the rides in bins are in those that `fits`, and of all. */
export function inBins(bins: Ridership["waits"], fits: (to_min: number | null) => boolean): number | null {
  const all = bins.reduce((sum, one) => sum + (one.rides ?? 0), 0);
  return part(bins.filter((one) => fits(one.to_min)).reduce((sum, one) => sum + (one.rides ?? 0), 0), all);
}

/** Riders on one such day: by hour of the day, then by weekday; hours between the first and the last. */
export function perDay(data: Ridership): { hour: number; cells: (number | null)[] }[] {
  if (!data.heat.length) return [];
  const hours = data.heat.map((cell) => cell.hour);
  const [first, last] = [Math.min(...hours), Math.max(...hours)];
  const riders = new Map(data.heat.map((cell) => [`${cell.weekday} ${cell.hour}`, cell.riders]));
  return Array.from({ length: last - first + 1 }, (_, at) => ({
    hour: first + at,
    cells: data.days_of.map((days, weekday) => {
      const found = riders.get(`${weekday} ${first + at}`);
      return found === undefined ? 0 : found === null ? null : days ? found / days : 0;
    }),
  }));
}

/** The months a period has a part of, like "2026-09". */
export function monthsOf({ first, last }: { first: string; last: string }): string[] {
  const number = (day: string) => 12 * Number(day.slice(0, 4)) + Number(day.slice(5, 7)) - 1;
  return Array.from({ length: number(last) - number(first) + 1 }, (_, at) => {
    const month = number(first) + at;
    return `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;
  });
}
