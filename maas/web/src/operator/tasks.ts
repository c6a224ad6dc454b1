import type { PhoneTask } from "../lib/types";

/** The calls that can be made now, the most urgent first, and after them those for later. */
export function byUrgency(tasks: PhoneTask[], now: number): PhoneTask[] {
  const later = (task: PhoneTask) => Number(isLater(task, now));
  return [...tasks].sort(
    (a, b) =>
      later(a) - later(b) || a.urgency - b.urgency || Date.parse(a.due_at) - Date.parse(b.due_at),
  );
}

/** Whether it is too early to call: quiet hours, or nobody was reached a moment ago. */
export const isLater = (task: PhoneTask, now: number): boolean =>
  Date.parse(task.from_at) / 1000 > now;
