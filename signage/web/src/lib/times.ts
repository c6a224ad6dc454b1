import type { Tongue } from "./language.svelte";

/** Words for instants and waits; every instant is epoch seconds, every zone an IANA name. */
type Parts = { hour: number; minute: number };

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, zone: string, options: Intl.DateTimeFormatOptions) {
  const key = locale + zone + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
    formats.set(key, found);
  }
  return found;
}

function partsOf(epoch_s: number, zone: string): Parts {
  const parts = format("en-GB", zone, { hour: "numeric", minute: "numeric", hourCycle: "h23" })
    .formatToParts(new Date(epoch_s * 1000));
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  return { hour: part("hour"), minute: part("minute") };
}

/** "9:05", as on a timetable. */
export function onTimetable(epoch_s: number, zone: string): string {
  const { hour, minute } = partsOf(epoch_s, zone);
  return `${hour}:${String(minute).padStart(2, "0")}`;
}

/** "9:05" of a rule's "09:05". */
export const shortClock = (clock: string): string => clock.replace(/^0(?=\d:)/, "");

/** "午前9時5分" or "9:05 am": a time for a person who does not count to 24. */
export function spoken(epoch_s: number, zone: string, language: Tongue): string {
  const { hour, minute } = partsOf(epoch_s, zone);
  if (language === "ja") {
    return `${hour < 12 ? "午前" : "午後"}${hour % 12}時${minute === 0 ? "" : `${minute}分`}`;
  }
  if (language === "en") {
    return `${hour % 12 || 12}:${String(minute).padStart(2, "0")} ${hour < 12 ? "am" : "pm"}`;
  }
  // As their speakers write it: Vietnamese and Chinese count to 24.
  return format(language, zone, { hour: "numeric", minute: "2-digit" }).format(epoch_s * 1000);
}

/** Both ends of a span; Japanese names the half of the day once: 午前10時, 10時15分. */
export function spokenSpan(from_s: number, to_s: number, zone: string, language: Tongue): [string, string] {
  const [from, to] = [spoken(from_s, zone, language), spoken(to_s, zone, language)];
  return [from, language === "ja" && from.slice(0, 2) === to.slice(0, 2) ? to.slice(2) : to];
}

/** "11月25日（水）" or "Wed, 25 Nov". */
export function dayText(epoch_s: number, zone: string, language: Tongue): string {
  const english = language === "en";
  const month = english ? "short" : "long";
  return format(english ? "en-GB" : language, zone, { month, day: "numeric", weekday: "short" }).format(
    epoch_s * 1000,
  );
}

/** "2026-11-25" in the town's zone. */
export function dateOf(epoch_s: number, zone: string): string {
  return format("en-CA", zone, { year: "numeric", month: "2-digit", day: "2-digit" })
    .format(new Date(epoch_s * 1000));
}

/** Noon of an ISO date plus some days, as epoch seconds: safe to format as that day in Japan. */
export function noonOf(date: string, days = 0): number {
  return Date.parse(`${date}T12:00:00+09:00`) / 1000 + days * 86_400;
}

/** Epoch seconds of an ISO 8601 instant. */
export const epochOf = (iso: string): number => Date.parse(iso) / 1000;
