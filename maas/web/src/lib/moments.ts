/** Days, months and times of day as they are typed and read; what is kept is ISO ("2026-12-07"). */

export type Kind = "date" | "month" | "time";

const PARTS: Record<Kind, RegExp> = {
  date: /^(?:(\d{4})\D)?(\d{1,2})\D(\d{1,2})\D*$|^(\d{4})(\d\d)(\d\d)$/,
  month: /^(\d{4})\D(\d{1,2})\D*$|^(\d{4})(\d\d)$/,
  time: /^(\d{1,2})[^\d](\d\d)$|^(\d{1,2})(\d\d)$/,
};

const two = (n: number): string => String(n).padStart(2, "0");

/** What somebody typed, as ISO: "" for nothing, undefined when it cannot be read; `today` lends its year. */
export function readMoment(kind: Kind, typed: string, today: string): string | undefined {
  const text = typed.normalize("NFKC").replace(/[（(].*$/, "").trim();
  if (text === "") return "";
  const found = PARTS[kind].exec(text)?.slice(1);
  if (!found) return undefined;
  const [a, b, c] = found.some((one, at) => one !== undefined && at >= found.length / 2)
    ? found.slice(found.length / 2)
    : found;
  if (kind === "time") {
    const time = `${two(Number(a))}:${b}`;
    return time <= "24:00" && Number(b) <= 59 ? time : undefined;
  }
  const year = a ?? today.slice(0, 4);
  const [month, day] = [Number(b), kind === "month" ? 1 : Number(c)];
  const made = new Date(Date.UTC(Number(year), month - 1, day));
  if (made.getUTCMonth() !== month - 1 || made.getUTCDate() !== day) return undefined;
  return made.toISOString().slice(0, kind === "month" ? 7 : 10);
}

/** ISO as it is typed: "2026/12/7", "2026/12", "9:00". */
export function typedMoment(kind: Kind, iso: string): string {
  if (iso === "") return "";
  if (kind === "time") return iso.replace(/^0(?=\d:)/, "").slice(0, 5);
  return iso.split("-").map((part, at) => (at === 0 ? part : String(Number(part)))).join("/");
}

/** ISO as it is read: "2026年12月7日(月)", "Mon, 7 Dec 2026". */
export function shownMoment(kind: Kind, iso: string, language: string): string {
  if (iso === "" || kind === "time") return typedMoment(kind, iso);
  const made = new Date(`${iso}${kind === "month" ? "-01" : ""}T12:00:00Z`);
  const english = language === "en";
  const parts: Intl.DateTimeFormatOptions = { year: "numeric", month: english ? "short" : "long", timeZone: "UTC" };
  if (kind === "date") Object.assign(parts, { day: "numeric", weekday: "short" });
  return new Intl.DateTimeFormat(english ? "en-GB" : language, parts).format(made);
}

/** The next day, month or five minutes, or the ones before. */
export function steppedMoment(kind: Kind, iso: string, step: number): string {
  if (kind === "time") {
    const minutes = Number(iso.slice(0, 2)) * 60 + Number(iso.slice(3, 5)) + step * 5;
    const day = (minutes + 1440) % 1440;
    return `${two(Math.floor(day / 60))}:${two(day % 60)}`;
  }
  const made = new Date(`${iso}${kind === "month" ? "-01" : ""}T12:00:00Z`);
  if (kind === "month") made.setUTCMonth(made.getUTCMonth() + step);
  else made.setUTCDate(made.getUTCDate() + step);
  return made.toISOString().slice(0, kind === "month" ? 7 : 10);
}
