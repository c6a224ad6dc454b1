import { keep, recall } from "./keep";

export type Language = "ja" | "en";

const KEY = "language";

/** The language of this device's screens: Japanese until somebody chooses English here. */
export const language = $state<{ now: Language }>({ now: recall<Language>(KEY) ?? "ja" });

export function speak(next: Language): void {
  language.now = next;
  keep(KEY, next);
  document.documentElement.lang = next;
}

/** Chooses between a Japanese and an English text; a missing English one falls back. */
export function say(ja: string, en: string | null | undefined): string {
  return language.now === "en" ? en || ja : ja;
}
