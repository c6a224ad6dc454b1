import { listed } from "$shared/language.svelte";
import { shortClock } from "$shared/times";
import type { AdminWords } from "../../words/admin-ja";

/** A rule as in town.toml. */
export type Rule = Record<string, unknown>;
export type Line = { label: string; value: string };

/** Fields that are said elsewhere: whose rule it is, and its days. */
const ASIDE = new Set(["area", "valid_from", "valid_to"]);
const UNITS = [
  [/_min$/, "min"],
  [/_s$/, "s"],
  [/_yen$|^yen$/, "yen"],
  [/_percent$|^percent$/, "percent"],
  [/_days$/, "days"],
  [/_weeks$/, "weeks"],
] as const;

export type Unit = (typeof UNITS)[number][1];

/** In what a number is measured: `deadline_min` in minutes; undefined for a mere count. */
export function unitOf(field: string): Unit | undefined {
  return UNITS.find(([pattern]) => pattern.test(field))?.[1];
}

const isRule = (value: unknown): value is Rule =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isEmpty = (value: unknown): boolean =>
  value === null || value === "" || (Array.isArray(value) && value.length === 0) ||
  (isRule(value) && Object.keys(value).length === 0);

/** Writes a value of a field as it is read. */
export function valueText(field: string, value: unknown, said: AdminWords): string {
  if (isEmpty(value) || value === undefined) return said.none;
  if (typeof value === "boolean") return value ? said.yes : said.no;
  if (typeof value === "number") {
    const unit = unitOf(field);
    return unit ? said.units[unit](String(value)) : String(value);
  }
  if (field === "polygons" && Array.isArray(value)) return value.map((ring: unknown[]) => ring.length).join(" + ");
  if (Array.isArray(value)) return joined(value.map((one) => valueText(wordsOf(field), one, said)), isRule(value[0]));
  if (isRule(value)) return entryText(value, said);
  const text = String(value);
  return said.values[text] ?? said.fields[field === "assumption" ? text : ""] ?? spanText(text, said);
}

/** A span of the day, 12:00/13:00, or of the year, 12-27/01-04, as it is read; anything else as it is. */
function spanText(text: string, said: AdminWords): string {
  const [from, to, ...more] = text.split("/").map((end) => {
    const [, month, day] = /^(\d\d)-(\d\d)$/.exec(end) ?? [];
    return month && day ? said.dayOfYear(Number(month), Number(day)) : shortClock(end);
  });
  return from && to && more.length === 0 ? said.span(from, to) : shortClock(text);
}

const joined = (values: string[], areRules: boolean): string => (areRules ? values.join(" / ") : listed(values));

const wordsOf = (field: string): string => (field === "assumption" ? field : "");

/** A fare, a discount, a deadline in a line: its name first, then what it says. */
function entryText(entry: Rule, said: AdminWords): string {
  const { id, name, name_en, ...rest } = entry;
  const called = (said.values.mon === "Mon" && name_en) || name || said.values[String(id)] || id;
  const facts = Object.entries(rest)
    .filter(([, value]) => !isEmpty(value))
    .map(([field, value]) => {
      const text = valueText(field, value, said);
      return unitOf(field) ? text : `${said.fields[field] ?? field}: ${text}`;
    });
  return [called, ...facts].filter(Boolean).join(" ");
}

/** What a rule says, a line for each field that says something. */
export function lines(rule: Rule, said: AdminWords): Line[] {
  return Object.entries(rule)
    .filter(([field, value]) => !ASIDE.has(field) && field !== "id" && !isEmpty(value) && !(field === "assumption" && value === false))
    .map(([field, value]) => ({ label: said.fields[field] ?? field, value: valueText(field, value, said) }));
}

/** The outline of polygons (rings of latitude, longitude) as an SVG path in a box of 100 by 100. */
export function outline(polygons: [number, number][][]): string {
  const points = polygons.flat();
  if (points.length === 0) return "";
  const flat = Math.cos(((points[0]?.[0] ?? 0) * Math.PI) / 180);
  const at = ([lat, lon]: [number, number]) => [lon * flat, -lat] as const;
  const xs = points.map((point) => at(point)[0]);
  const ys = points.map((point) => at(point)[1]);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const scale = 100 / (Math.max(Math.max(...xs) - left, Math.max(...ys) - top) || 1);
  const spot = (point: [number, number]) =>
    at(point).map((value, axis) => ((value - (axis ? top : left)) * scale).toFixed(1)).join(" ");
  return polygons.map((ring) => `M${ring.map(spot).join("L")}Z`).join("");
}
