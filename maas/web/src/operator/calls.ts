import type { Call } from "../lib/types";

/** What hangs on the topic `calls`: events of the day, some of which are a telephone call. */
export type CallEvent = { id: string; call?: Call };

const rang = (call: Call) => Date.parse(call.rang_at) / 1000;

/** The calls going on, those that wait first, the longest waiting at the head. */
export function inOrder(calls: Call[]): Call[] {
  const last = (call: Call) => Number(call.state !== "ringing");
  return [...calls].sort((a, b) => last(a) - last(b) || rang(a) - rang(b));
}

/** How long a caller has waited by now, or had waited when somebody answered, in whole seconds. */
export function waitedS(call: Call, now: number): number {
  const until = call.answered_at === null ? now : Date.parse(call.answered_at) / 1000;
  return Math.max(0, Math.floor(until - rang(call)));
}

/** What F2 takes: who waits longest; when nobody waits, a call answered that is on no card here. */
export function nextOf(calls: Call[], shown: string | undefined): Call | undefined {
  return inOrder(calls).find((call) => call.id !== shown);
}

/**
 * Whom a free desk shows by itself: the call its own operator has answered, else who waits longest.
 * What another operator is known to have answered is theirs.
 */
export function popsUp(calls: Call[], me: string): Call | undefined {
  const sorted = inOrder(calls);
  return sorted.find((call) => call.operator === me) ?? sorted.find((call) => call.state === "ringing");
}

/** "0:35", or "12:05". */
export const minutesText = (s: number): string =>
  `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
