/** What the pages of figures look at; all of it is in the address, so that it can be sent to somebody. */
export type Filters = {
  from: string;
  to: string;
  area: string;
  hours: string;
  weekday: string;
  age: string;
  purpose: string;
  hamlet: string;
  vehicle: string;
};

export const AGES = ["0-17", "18-64", "65-74", "75-84", "85+", "unknown"] as const;
export const PURPOSES = ["medical", "shopping", "hall", "school", "transfer", "facility", "other"] as const;
export const HOURS = ["0-8", "9-11", "12-14", "15-29"] as const;
export const WEEKDAYS = ["0", "1", "2", "3", "4", "5", "6"] as const;

const NAMES = ["from", "to", "area", "hours", "weekday", "age", "purpose", "hamlet", "vehicle"] as const;
const DAY = /^\d{4}-\d\d-\d\d$/;
const CHOICES: Partial<Record<keyof Filters, readonly string[]>> = { hours: HOURS, weekday: WEEKDAYS, age: AGES, purpose: PURPOSES };

/** Filters from an address; what is not one of ours is as if it were not there. */
export function filtersOf(search: string): Filters {
  const asked = new URLSearchParams(search);
  const fine = (name: (typeof NAMES)[number]) => {
    const value = asked.get(name) ?? "";
    if (name === "from" || name === "to") return DAY.test(value) ? value : "";
    const known = CHOICES[name];
    return known && !known.includes(value) ? "" : value;
  };
  return Object.fromEntries(NAMES.map((name) => [name, fine(name)])) as Filters;
}

/** The address of some filters: only what is chosen. */
export function searchOf(filters: Filters): string {
  const chosen = new URLSearchParams(NAMES.filter((name) => filters[name]).map((name) => [name, filters[name]]));
  return chosen.size ? `?${chosen}` : "";
}

/** The same as a question to the API. */
export function questionOf({ hours, ...filters }: Filters): string {
  const [first, last] = hours.split("-");
  const asked = new URLSearchParams(searchOf({ ...filters, hours: "" }));
  if (first && last) {
    asked.set("hour_from", first);
    asked.set("hour_to", last);
  }
  return asked.size ? `?${asked}` : "";
}

export type Span = { key: "months12" | "month" | "lastMonth" | "fiscal" | "lastFiscal" | "subsidy" | "lastSubsidy"; from: string; to: string };

const iso = (year: number, month0: number, day: number) => new Date(Date.UTC(year, month0, day)).toISOString().slice(0, 10);

/** The periods that are asked for again and again; years begin in April, those of the subsidy in October. */
export function spans(today: string): Span[] {
  const [year, month] = today.split("-").map(Number) as [number, number];
  const began = (begins: number) => (month >= begins ? year : year - 1);
  const yearFrom = (begins: number, ago: number, key: Span["key"]): Span => ({
    key,
    from: iso(began(begins) - ago, begins - 1, 1),
    to: iso(began(begins) - ago + 1, begins - 1, 0),
  });
  return [
    { key: "months12", from: iso(year - 1, month, 1), to: today },
    { key: "month", from: iso(year, month - 1, 1), to: today },
    { key: "lastMonth", from: iso(year, month - 2, 1), to: iso(year, month - 1, 0) },
    yearFrom(4, 0, "fiscal"),
    yearFrom(4, 1, "lastFiscal"),
    yearFrom(10, 0, "subsidy"),
    yearFrom(10, 1, "lastSubsidy"),
  ];
}
