import { keep, recall } from "./keep";

/** Languages that names of places and the server's sentences come in. */
export type Language = "ja" | "en";
/** Languages that the public pages speak. */
export type Tongue = Language | "zh-Hans" | "ko" | "vi";

/** Every language by the name its speakers give it. */
export const TONGUES: Record<Tongue, string> = {
  ja: "日本語",
  en: "English",
  "zh-Hans": "简体中文",
  ko: "한국어",
  vi: "Tiếng Việt",
};

const KEY = "language";
const namesIn = (tongue: Tongue): Language => (tongue === "ja" ? "ja" : "en");

/** A language remembered on a device, Japanese when it is none of ours. */
export const tongueOf = (kept: unknown): Tongue =>
  typeof kept === "string" && Object.hasOwn(TONGUES, kept) ? (kept as Tongue) : "ja";

const start = tongueOf(recall(KEY));

/**
 * The language of this device's screens: Japanese until somebody chooses another here.
 * `tongue` is what was chosen; `now` is the one of the two that names and the staff screens have.
 */
class Speaking {
  now = $state.raw<Language>(namesIn(start));
  tongue = $state.raw<Tongue>(start);
}

export const language = new Speaking();

/** Shows the screen in a language, without remembering it. */
export function speakAs(next: Tongue): void {
  Object.assign(language, { now: namesIn(next), tongue: next });
  document.documentElement.lang = next;
}

export function speak(next: Tongue): void {
  speakAs(next);
  keep(KEY, next);
}

/** Names one after the other, as a sentence of a staff screen lists them. */
export const listed = (names: readonly string[]): string => names.join(language.now === "ja" ? "、" : ", ");

/** From here to there: "10:20〜10:30" or "10:20–10:30". */
export const ranged = (from: string, to: string): string => `${from}${language.tongue === "ja" ? "〜" : "–"}${to}`;

/** A text under its label: "運賃：500円" or "Fare: 500 yen". */
export const labelled = (label: string, text: string): string => `${label}${language.tongue === "ja" ? "：" : ": "}${text}`;

/** What is said besides, after the text it belongs to: "花子（家族）" or "Hanako (family)". */
export const bracketed = (text: string): string => (language.tongue === "ja" ? `（${text}）` : ` (${text})`);

/** Chooses between a Japanese and an English text; a missing English one falls back. */
export function say(ja: string, en: string | null | undefined): string {
  return language.now === "en" ? en || ja : ja;
}
