import { expect, test } from "vitest";

import { afterTen, TEN } from "../lib/samples";
import type { PhoneTask } from "../lib/types";
import { byUrgency, isLater } from "./tasks";

function taskOf(key: string, urgency: number, due: number, from = -5): PhoneTask {
  return {
    key, urgency, due_at: afterTen(due), from_at: afterTen(from), occasion: "moved", area: "",
    booking_id: null, member_id: null, reference: "", name: "", kana: "", phone: "", attempts: 0,
    why: null, say: "",
  };
}

test("the most urgent call comes first, then the one that is due first", () => {
  const tasks = [taskOf("whenever", 4, 5), taskOf("soon", 2, 30), taskOf("sooner", 2, 10)];
  expect(byUrgency(tasks, TEN).map((task) => task.key)).toEqual(["sooner", "soon", "whenever"]);
});

test("who must not be called yet comes last, however urgent", () => {
  const later = taskOf("later", 1, 5, 20);
  expect(isLater(later, TEN)).toBe(true);
  expect(byUrgency([later, taskOf("now", 4, 60)], TEN).map((task) => task.key))
    .toEqual(["now", "later"]);
});
