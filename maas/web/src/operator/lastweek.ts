import type { Habit } from "../lib/types";

const WEEKDAYS: Habit["weekday"][] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** In how many days a habitual trip is due again; today only while its time is not past. */
export function againOn(
  habit: Pick<Habit, "weekday" | "time">,
  today: string,
  nowTime: string,
): number {
  const weekday = new Date(`${today}T00:00:00Z`).getUTCDay();
  const days = (WEEKDAYS.indexOf(habit.weekday) - weekday + 7) % 7;
  return days === 0 && habit.time < nowTime ? 7 : days;
}
