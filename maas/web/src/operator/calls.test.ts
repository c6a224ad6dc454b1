import { expect, test } from "vitest";

import { afterTen, TEN } from "../lib/samples";
import type { Call } from "../lib/types";
import { inOrder, minutesText, nextOf, popsUp, waitedS } from "./calls";

function callOf(id: string, minutes: number, change: Partial<Call> = {}): Call {
  return {
    id, state: "ringing", number: "0000000001", rang_at: afterTen(minutes), answered_at: null,
    ended_at: null, operator: null, wait_s: 0, members: [], ...change,
  };
}
const answered = (id: string, minutes: number, operator: string | null) =>
  callOf(id, minutes, { state: "answered", answered_at: afterTen(minutes + 1), operator });

const ids = (calls: Call[]) => calls.map((call) => call.id);

test("those who wait come first, the longest waiting at the head", () => {
  const calls = [answered("a", -9, null), callOf("new", 0), callOf("old", -3)];
  expect(ids(inOrder(calls))).toEqual(["old", "new", "a"]);
});

test("a caller waits until somebody answers", () => {
  expect(waitedS(callOf("a", -2), TEN)).toBe(120);
  expect(waitedS(answered("a", -5, null), TEN)).toBe(60);
  expect(waitedS(callOf("a", 1), TEN)).toBe(0);
});

test("a free desk shows what it has answered, else who waits longest", () => {
  const mine = answered("mine", -1, "operator");
  const theirs = answered("theirs", -9, "dispatcher");
  expect(popsUp([theirs, callOf("old", -3), callOf("new", 0)], "operator")?.id).toBe("old");
  expect(popsUp([theirs, callOf("old", -3), mine], "operator")?.id).toBe("mine");
  expect(popsUp([theirs], "operator")).toBeUndefined();
});

test("F2 takes the next call, not the one on the card", () => {
  const calls = [callOf("old", -3), callOf("new", 0)];
  expect(nextOf(calls, undefined)?.id).toBe("old");
  expect(nextOf(calls, "old")?.id).toBe("new");
  expect(nextOf([callOf("old", -3)], "old")).toBeUndefined();
});

test("a wait is written in minutes and seconds", () => {
  expect([0, 35, 725].map(minutesText)).toEqual(["0:00", "0:35", "12:05"]);
});
