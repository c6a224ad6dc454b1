/** A place as typed: the digit of a favourite, or words to search for. */
export type Typed = number | string;

/** When the way back is: at a time, or when they telephone. */
export type Back = { time: string } | "open";

export type DayWord =
  | { kind: "ahead"; days: number }
  | { kind: "weekday"; weekday: number }
  | { kind: "date"; month: number | undefined; date: number };

/** What an operator typed on the booking line, as a question to the dispatcher. */
export type Line = {
  /** One place is the destination, two are from and to. */
  places: Typed[];
  day: DayWord | undefined;
  /** "10:30", or null for as soon as possible. */
  time: string | null;
  anchor: "depart" | "arrive";
  riders: number | undefined;
  wheelchairs: number | undefined;
  back: Back | undefined;
};

/** A word that is none of the things one can type there. */
export type NotUnderstood = { wrong: string };

/** Hours before this one, typed without a leading zero, mean the afternoon: nobody rides at 3 a.m. */
const FIRST_HOUR = 7;
const MOST_PLACES = 2;

const AHEAD: Record<string, number> = {
  今日: 0, 本日: 0, today: 0, 明日: 1, あした: 1, あす: 1, tomorrow: 1, 明後日: 2, あさって: 2,
};
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const YOUBI = "日月火水木金土";

const TIME = String.raw`(?<half>午前|午後)?(?:(?<h>\d{1,2})(?::(?<m>\d{2})|時(?:(?<mm>\d{1,2})分|(?<thirty>半))?)|(?<plain>\d{4}|[1-9]\d{2}))`;
const PIECES = {
  back: new RegExp(`r(?:${TIME}|\\?)?`, "y"),
  time: new RegExp(`(?<arrive>着|a)?${TIME}`, "y"),
  people: /\+([1-9])/y,
  chairs: /w([1-9]?)/y,
};
type Piece = keyof typeof PIECES;

/**
 * Reads `[favourite or from] [to] [day] [time] [people] [return]`: `1` (favourite), `1030`, `10:30`
 * or `午後1時半`, `着1000` or `a1000` (be there by), `+2` (people), `w` or `w2` (wheelchairs),
 * `r1200` or `r?` (return at 12:00, or by telephone), `明日`, `火`, `tue`, `12/3`.  Words that are no
 * command are places.  Full-width characters are as good as half-width ones; no time means now.
 */
export function readLine(text: string): Line | NotUnderstood {
  const line: Line = {
    places: [], day: undefined, time: null, anchor: "depart",
    riders: undefined, wheelchairs: undefined, back: undefined,
  };
  for (const word of text.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean)) {
    if (!readDay(word, line) && !readCommands(word, line) && !readPlace(word, line)) {
      return { wrong: word };
    }
  }
  return line;
}

function readDay(word: string, line: Line): boolean {
  const day = dayWord(word);
  if (day) line.day = day;
  return day !== undefined;
}

function dayWord(word: string): DayWord | undefined {
  if (Object.hasOwn(AHEAD, word)) return { kind: "ahead", days: AHEAD[word]! };
  const weekday = /^([日月火水木金土])(曜日?)?$/.exec(word);
  const number = weekday ? YOUBI.indexOf(weekday[1]!) : WEEKDAYS.indexOf(word);
  if (number >= 0) return { kind: "weekday", weekday: number };
  const date = /^(?:(\d{1,2})\/(\d{1,2})|(?:(\d{1,2})月)?(\d{1,2})日)$/.exec(word);
  if (!date) return undefined;
  const month = date[1] ?? date[3];
  return { kind: "date", month: month ? Number(month) : undefined, date: Number(date[2] ?? date[4]) };
}

/** A word made of commands alone, as `1030`, or `1030r1200` in one go. */
function readCommands(word: string, line: Line): boolean {
  const said: Partial<Line> = {};
  for (let at = 0; at < word.length; ) {
    const found = pieceAt(word, at);
    if (!found || !takePiece(found.piece, found.match, said)) return false;
    at += found.match[0].length;
  }
  Object.assign(line, said);
  return true;
}

function pieceAt(word: string, at: number): { piece: Piece; match: RegExpExecArray } | undefined {
  for (const piece of Object.keys(PIECES) as Piece[]) {
    PIECES[piece].lastIndex = at;
    const match = PIECES[piece].exec(word);
    if (match) return { piece, match };
  }
  return undefined;
}

function takePiece(piece: Piece, match: RegExpExecArray, said: Partial<Line>): boolean {
  if (piece === "people") said.riders = Number(match[1]);
  if (piece === "chairs") said.wheelchairs = Number(match[1] || 1);
  if (piece === "back" && !/\d/.test(match[0])) said.back = "open";
  else if (piece === "back" || piece === "time") {
    const time = clockOf(match.groups!);
    if (time === undefined) return false;
    if (piece === "back") said.back = { time };
    else Object.assign(said, { time, anchor: match.groups!.arrive ? "arrive" : "depart" });
  }
  return true;
}

function clockOf(found: Record<string, string | undefined>): string | undefined {
  const plain = found.plain?.padStart(4, "0");
  const minute = Number(plain?.slice(2) ?? found.m ?? found.mm ?? (found.thirty ? 30 : 0));
  let hour = Number(plain?.slice(0, 2) ?? found.h);
  const zero = (found.plain ?? found.h!).startsWith("0");
  if (found.half) hour = (hour % 12) + (found.half === "午後" ? 12 : 0);
  else if (hour < FIRST_HOUR && !zero) hour += 12;
  if (hour > 23 || minute > 59) return undefined;
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

function readPlace(word: string, line: Line): boolean {
  if (line.places.length === MOST_PLACES) return false;
  const favourite = /^[1-9]$/.test(word);
  // Digits and signs alone are a time gone wrong, not the name of a place.
  if (!favourite && !/\p{L}/u.test(word)) return false;
  line.places.push(favourite ? Number(word) : word);
  return true;
}

/** The line without its places: what is kept when they have been chosen from a list. */
export function withoutPlaces(text: string): string {
  return text
    .split(/\s+/)
    .filter((word) => {
      const line = readLine(word);
      return !("wrong" in line) && line.places.length === 0;
    })
    .join(" ");
}

/**
 * How many days from `today` (YYYY-MM-DD) the ride is.  Without a day a time already past means
 * tomorrow; a weekday is the next one, today's only while its time is not past.
 */
export function daysAhead(
  line: Pick<Line, "day" | "time">,
  today: string,
  nowTime: string,
): number {
  const past = line.time !== null && line.time < nowTime;
  const start = new Date(`${today}T00:00:00Z`);
  if (!line.day) return past ? 1 : 0;
  if (line.day.kind === "ahead") return line.day.days;
  if (line.day.kind === "weekday") {
    const days = (line.day.weekday - start.getUTCDay() + 7) % 7;
    return days === 0 && past ? 7 : days;
  }
  return daysToDate(start, line.day);
}

function daysToDate(start: Date, day: { month: number | undefined; date: number }): number {
  const year = start.getUTCFullYear();
  const month = day.month === undefined ? start.getUTCMonth() : day.month - 1;
  const next = day.month === undefined ? [year, month + 1] : [year + 1, month];
  const here = Date.UTC(year, month, day.date);
  const epoch = here >= start.getTime() ? here : Date.UTC(next[0]!, next[1]!, day.date);
  return Math.round((epoch - start.getTime()) / 86_400_000);
}
