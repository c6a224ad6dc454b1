/** What an operator types in the time field, as a question to the dispatcher. */
export type Asked = {
  /** "10:30", or null for as soon as possible. */
  time: string | null;
  anchor: "depart" | "arrive";
  riders: number | undefined;
  wheelchairs: number | undefined;
};

/** A word that is none of the things one can type there. */
export type NotUnderstood = { wrong: string };

/** Hours before this one, typed without a leading zero, mean the afternoon: nobody rides at 3 a.m. */
const FIRST_HOUR = 7;

/**
 * Reads tokens in any order: `1030`, `10:30`, `着1000` or `a1000` (be there by), `+2` (people),
 * `w` or `w2` (wheelchairs). Full-width characters are as good as half-width ones.
 */
export function readTime(text: string): Asked | NotUnderstood {
  const asked: Asked = { time: null, anchor: "depart", riders: undefined, wheelchairs: undefined };
  for (const word of text.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean)) {
    if (!readWord(word, asked)) return { wrong: word };
  }
  return asked;
}

function readWord(word: string, asked: Asked): boolean {
  const people = /^\+([1-9])$/.exec(word);
  if (people) asked.riders = Number(people[1]);
  const chairs = /^w([1-9]?)$/.exec(word);
  if (chairs) asked.wheelchairs = Number(chairs[1] || 1);
  const time = /^(着|a)?(\d{1,2}):?(\d{2})$/.exec(word);
  if (time) return readClock(time, asked);
  return Boolean(people ?? chairs);
}

function readClock([, arrive, hours, minutes]: RegExpExecArray, asked: Asked): boolean {
  let hour = Number(hours);
  if (hour < FIRST_HOUR && !hours!.startsWith("0")) hour += 12;
  if (hour > 23 || Number(minutes) > 59) return false;
  asked.time = `${String(hour).padStart(2, "0")}:${minutes}`;
  asked.anchor = arrive ? "arrive" : "depart";
  return true;
}

/** A time already past today means tomorrow, unless the operator chose the day. */
export function dayFor(time: string | null, chosen: number | undefined, nowTime: string): number {
  if (chosen !== undefined) return chosen;
  return time !== null && time < nowTime ? 1 : 0;
}
