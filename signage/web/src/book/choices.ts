import type { MyDay, MyPlace, MyRider } from "./types";

export type Anchor = "depart" | "arrive";
/** What has been answered so far; `time` null is as soon as possible. */
export type Answers = {
  rider?: MyRider;
  origin?: MyPlace;
  destination?: MyPlace;
  date?: string;
  time?: string | null;
  anchor: Anchor;
  riders: number;
  wheelchair: boolean;
};
export type Step = "start" | "who" | "from" | "to" | "day" | "time" | "confirm" | "done";

/** Times are offered at every half hour. */
const EVERY_MIN = 30;

/** The first question that is not answered yet. */
export function nextStep(answers: Answers): Step {
  if (!answers.rider) return "who";
  if (!answers.origin) return "from";
  if (!answers.destination) return "to";
  if (!answers.date) return "day";
  return answers.time === undefined ? "time" : "confirm";
}

/** The number of a question among the four that everybody knows. */
export const numberOf = (step: Step): number => ({ who: 1, from: 2, to: 3 })[step as "who"] ?? 4;

/** Home first, then what the rider often wants; not the place that was answered already. */
export function placesFor(rider: MyRider, other: MyPlace | undefined): MyPlace[] {
  const all = rider.home ? [rider.home, ...rider.places] : rider.places;
  const seen = new Set(other ? [other.id] : []);
  return all.filter((place) => !seen.has(place.id) && seen.add(place.id));
}

const minutesOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
};
export const timeOf = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** The half hours of a day when people are carried; today only those after `now_min`. */
export function timesOf(day: MyDay, now_min: number | undefined): string[] {
  if (day.opens === null || day.closes === null) return [];
  const first = Math.max(minutesOf(day.opens), now_min === undefined ? 0 : now_min + 1);
  const last = Math.min(minutesOf(day.closes), 24 * 60 - 1);
  const from = Math.ceil(first / EVERY_MIN) * EVERY_MIN;
  const count = Math.max(0, Math.floor((last - from) / EVERY_MIN) + 1);
  return Array.from({ length: count }, (_, n) => timeOf(from + n * EVERY_MIN));
}

export const isMorning = (time: string): boolean => minutesOf(time) < 12 * 60;

/** The same way back: where one went to is where one gets in. */
export const wayBack = (answers: Answers): Answers => ({
  ...answers,
  ...(answers.destination ? { origin: answers.destination } : {}),
  ...(answers.origin ? { destination: answers.origin } : {}),
  time: undefined as never,
  anchor: "depart",
});
