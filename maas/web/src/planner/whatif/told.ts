import type { WhatIfWords } from "../../words/whatif.ja";
import { measureOf, numberText, signed, verdict } from "./measures";
import type { Compared, Question, Result } from "./study";

/** A study in words: what each variant changes, and what came out of it. */
type Names = { vehicle: (id: string) => string; edition: (id: string) => string };
type Variant = Question["variants"][number];

/** What a variant changes, a phrase for each. */
export function changesOf(variant: Variant, said: WhatIfWords, names: Names): string[] {
  const { says } = said;
  const hours = (text: string) => text.split("/") as [string, string];
  const found = [
    ...(variant.more ?? []).map((one) => says.more(one.count ?? 1, names.vehicle(one.like), one.shift ? says.hours(...hours(one.shift)) : "")),
    ...((variant.without ?? []).length ? [says.without(variant.without!.map(names.vehicle).join(says.dot))] : []),
    ...Object.entries(variant.shifts ?? {}).map(([id, text]) => says.shift(names.vehicle(id), ...hours(text))),
    ...rulesOf(variant, said),
  ];
  if (variant.zones) found.push(variant.zones.length ? says.drawn : says.none);
  if (variant.free) found.push(freeOf(variant.free, said));
  if (variant.timetable) found.push(says.timetable(names.edition(variant.timetable)));
  if ((variant.demand_percent ?? 100) !== 100) found.push(says.percent(variant.demand_percent!));
  return found.length ? found : [says.nothing];
}

function rulesOf(variant: Variant, { says }: WhatIfWords): string[] {
  const { from, to, ...hours } = (variant.hours ?? {}) as Record<string, unknown>;
  const { deadline_min, window_min, ...booking } = (variant.booking ?? {}) as Record<string, unknown>;
  const found: string[] = [];
  if (from !== undefined) found.push(says.opens(String(from)));
  if (to !== undefined) found.push(says.closes(String(to)));
  if (deadline_min !== undefined) found.push(says.deadline(Number(deadline_min)));
  if (window_min !== undefined) found.push(says.window(Number(window_min)));
  // Asked on the command line: shown by the names that the town's file has.
  const rest = Object.entries({ ...hours, ...booking, ...variant.tariff });
  return [...found, ...rest.map(([field, value]) => says.rule(field, JSON.stringify(value)))];
}

function freeOf(free: NonNullable<Variant["free"]>, { says, form }: WhatIfWords): string {
  const days = (free.weekdays ?? []).map((day) => form.weekdays[day] ?? day);
  return days.length ? says.freeDays(days.join(says.dot)) : (free.tags ?? []).length ? says.freeTags : says.free;
}

/** What one measure of a variant came to, beside the service as it is. */
export function sentenceOf(one: Compared, name: string, key: string, said: WhatIfWords): string {
  const measure = measureOf(key);
  const against = one.against[key]!;
  const unit = said.result.units[measure.unit] ?? "";
  const number = (value: number) => signed(value, measure.digits);
  const found = verdict(measure, against);
  const between = against.low === null || against.high === null ? "" : said.result.between(number(against.low), number(against.high));
  return said.result.sentence[found](name, said.result.measures[key] ?? key, `${number(against.mean)} ${unit}`, between);
}

/** What a variant is called: the service as it is, and fleets of the search, in the reader's language. */
export function nameOf(one: Compared & { fleet?: boolean }, at: number, said: WhatIfWords): string {
  return at === 0 ? said.result.asItIs : one.fleet ? said.result.fleet(one.vehicles) : one.name;
}

/** What the search for the smallest fleet found. */
export function foundSays(result: Result, serves: number, said: WhatIfWords): string {
  const found = result.variants.find((one) => one.name === result.smallest);
  if (!found) return said.result.notFound(serves, Math.max(...result.variants.map((one) => one.vehicles)));
  return said.result.found(serves, found.vehicles, numberText(found.measures["served_percent"]!.mean, 1));
}
