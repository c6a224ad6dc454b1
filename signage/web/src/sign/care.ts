import { dateOf, epochOf } from "../lib/times";

/** Against burnt-in pictures: where the whole board stands, for ten minutes each. */
export const shiftAt = (now_s: number): string => SHIFTS[Math.floor(now_s / 600) % SHIFTS.length]!;

const SHIFTS = ["-8px -8px", "8px -8px", "8px 8px", "-8px 8px"];

/** When the night's care is due next: 3:30 in the town and some minutes, not all signs at once. */
export function nextCare(now_s: number, zone: string, jitter_s: number): number {
  const due = careOn(dateOf(now_s, zone)) + jitter_s;
  return due > now_s ? due : due + DAY_S;
}

export const JITTER_S = 900;
const DAY_S = 86_400;

/** Japan has no summer time; elsewhere the hour may be another one on two nights a year. */
const careOn = (date: string): number => epochOf(`${date}T03:30:00+09:00`);

/** Head and foot change their places every night. */
export function swapped(now_s: number, zone: string): boolean {
  const date = dateOf(now_s - 3.5 * 3600, zone);
  return Math.floor(epochOf(`${date}T00:00:00Z`) / DAY_S) % 2 === 1;
}
