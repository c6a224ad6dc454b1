import type { components } from "$shared/openapi";

import type { LatLon } from "../../admin/ground";

/** What a study asks, as the form holds it, as the API takes it, and as words tell it. */
type Bodies = components["schemas"];
export type StudyIn = Bodies["StudyIn"];
export type VariantIn = Bodies["VariantIn"];
export type StudyOut = Bodies["StudyOut"];

export type Interval = { mean: number; low: number | null; high: number | null };
export type Compared = { name: string; vehicles: number; measures: Record<string, Interval>; against: Record<string, Interval> };
export type Result = { variants: Compared[]; days: number; asked: number; seeds: number; smallest: string | null; town: string; hash: string };
/** A question as it is kept: like `StudyIn`, but an edition of the timetable is its number as a text. */
export type Question = Omit<StudyIn, "variants"> & { variants: (Omit<VariantIn, "timetable"> & { timetable?: string })[] };
export type Study = Omit<Bodies["StudyWholeOut"], "question" | "result"> & { question: Question; result: Result | null };

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];
export const SERVES = 98;

export type More = { like: string; count: number; from: string; to: string };
export type Hours = { from: string; to: string };
/** One variant as the form holds it; what is empty stays as it is. */
export type Change = {
  name: string;
  more: More[];
  without: string[];
  shifts: Record<string, Hours>;
  opens: string;
  closes: string;
  deadline: number | null;
  window: number | null;
  /** "" as it is, "none" no area at all, "drawn" only inside `corners`. */
  area: "" | "none" | "drawn";
  corners: LatLon[];
  /** "" as it is, "all" nobody pays, "days" nobody pays on `freeDays`. */
  free: "" | "all" | "days";
  freeDays: Day[];
  timetable: number | null;
  percent: number;
};
export type Draft = {
  name: string;
  first: string;
  last: string;
  demand: "past" | "drawn";
  variants: Change[];
  seeds: number;
  flexible: number;
  hourYen: number;
  kmYen: number;
};

export const noChange = (): Change => ({
  name: "", more: [], without: [], shifts: {}, opens: "", closes: "", deadline: null, window: null,
  area: "", corners: [], free: "", freeDays: [], timetable: null, percent: 100,
});

export const newDraft = (first: string, last: string): Draft => ({
  name: "", first, last, demand: "past", variants: [noChange()], seeds: 10, flexible: 30, hourYen: 2600, kmYen: 45,
});

/** The rules of a variant's area hold on every day there is. */
const EVER = "2000-01-01";
const ZONE = "what-if";

function areaOf(change: Change, area: string, name: string): Pick<VariantIn, "zones" | "relations"> {
  if (change.area === "") return {};
  if (change.area === "none") return { zones: [], relations: [] };
  const rule = { area, valid_from: EVER, id: ZONE };
  return {
    zones: [{ ...rule, name, name_en: name, polygons: [change.corners] }],
    relations: [{ ...rule, from: [ZONE], to: [ZONE] }],
  };
}

const span = ({ from, to }: Hours) => `${from}/${to}`;
const whole = ({ from, to }: Hours) => from !== "" && to !== "";

/** A variant as the API takes it; `names` are said where the form leaves a name open. */
function variantOf(change: Change, area: string, name: string): VariantIn {
  const shifts = Object.entries(change.shifts).filter(([id, hours]) => whole(hours) && !change.without.includes(id));
  return {
    name: change.name.trim() || name,
    more: change.more.filter((one) => one.like && one.count > 0).map((one) => ({ like: one.like, count: one.count, ...(whole(one) ? { shift: span(one) } : {}) })),
    without: change.without,
    shifts: Object.fromEntries(shifts.map(([id, hours]) => [id, span(hours)])),
    hours: { ...(change.opens ? { from: change.opens } : {}), ...(change.closes ? { to: change.closes } : {}) },
    booking: { ...(change.deadline === null ? {} : { deadline_min: change.deadline }), ...(change.window === null ? {} : { window_min: change.window }) },
    ...areaOf(change, area, name),
    ...(change.free ? { free: { weekdays: change.free === "days" ? change.freeDays : [], tags: [] } } : {}),
    demand_percent: change.percent,
    ...(change.timetable === null ? {} : { timetable: change.timetable }),
    tariff: {},
  };
}

/** A study as the API takes it; with `serves` it looks for the smallest fleet and compares nothing else. */
export function bodyOf(draft: Draft, area: string, name: string, nameOf: (index: number) => string, serves?: number): StudyIn {
  return {
    name: draft.name.trim() || name,
    first: draft.first,
    last: draft.last,
    demand: draft.demand,
    variants: serves === undefined ? draft.variants.map((one, at) => variantOf(one, area, nameOf(at))) : [],
    smallest: serves === undefined ? null : { serves_percent: serves },
    seeds: draft.seeds,
    flexible_min: draft.flexible,
    prices: { hour_yen: draft.hourYen, km_yen: draft.kmYen },
    area,
  } as StudyIn;
}

const hoursOf = (text: string | null | undefined): Hours => {
  const [from = "", to = ""] = (text ?? "").split("/");
  return { from, to };
};

const cornersOf = (zones: Record<string, unknown>[]): LatLon[] => ((zones[0]?.["polygons"] as LatLon[][] | undefined) ?? [])[0] ?? [];

function changeOf(variant: Question["variants"][number]): Change {
  const hours = (variant.hours ?? {}) as Partial<Hours>;
  const booking = (variant.booking ?? {}) as { deadline_min?: number; window_min?: number };
  const corners = cornersOf(variant.zones ?? []);
  return {
    ...noChange(),
    name: variant.name,
    more: (variant.more ?? []).map((one) => ({ like: one.like, count: one.count ?? 1, ...hoursOf(one.shift) })),
    without: [...(variant.without ?? [])],
    shifts: Object.fromEntries(Object.entries(variant.shifts ?? {}).map(([id, text]) => [id, hoursOf(text)])),
    opens: hours.from ?? "",
    closes: hours.to ?? "",
    deadline: booking.deadline_min ?? null,
    window: booking.window_min ?? null,
    area: !variant.zones ? "" : corners.length ? "drawn" : "none",
    corners,
    free: !variant.free ? "" : (variant.free.weekdays ?? []).length ? "days" : "all",
    freeDays: [...(variant.free?.weekdays ?? [])],
    timetable: variant.timetable ? Number(variant.timetable) : null,
    percent: variant.demand_percent ?? 100,
  };
}

/** A question back in the form, to ask it otherwise. */
export const draftOf = (question: Question): Draft => ({
  name: question.name,
  first: question.first,
  last: question.last,
  demand: question.demand ?? "past",
  variants: question.variants.length ? question.variants.map(changeOf) : [noChange()],
  seeds: question.seeds ?? 10,
  flexible: question.flexible_min ?? 30,
  hourYen: question.prices?.hour_yen ?? 2600,
  kmYen: question.prices?.km_yen ?? 45,
});

/** Whether a variant changes nothing: it would be compared with itself. */
export const isSame = (change: Change): boolean =>
  JSON.stringify({ ...change, name: "", more: change.more.filter((one) => one.count > 0) }) === JSON.stringify(noChange());
