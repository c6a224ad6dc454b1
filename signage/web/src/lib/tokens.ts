/** Which colours meet on the screens, and how well they must be told apart. */
export const LOOKS = { light: ":root", dark: ".night" } as const;

/** Text on ground: the driver's page, the rider's and the sign need 7, all others 4.5. */
export const PAIRS: readonly [text: string, ground: string, least: number][] = [
  ["ink", "paper", 7], ["ink", "card", 7], ["ink", "brand-soft", 7], ["ink", "warn-soft", 7], ["ink", "bad-soft", 7],
  ["ink-soft", "paper", 7], ["ink-soft", "card", 7], ["ink-soft", "brand-soft", 4.5],
  ["brand", "paper", 7], ["brand", "card", 7], ["brand", "brand-soft", 4.5], ["brand-ink", "brand", 7],
  ["warn-ink", "warn", 7],
  ["bad", "paper", 4.5], ["bad", "card", 7], ["bad", "bad-soft", 4.5],
  ["late", "paper", 4.5], ["late", "card", 7], ["late", "warn-soft", 4.5],
  // No text, but what must be seen: the frame of what has the keyboard, and of what can be typed in.
  ["focus", "paper", 3], ["focus", "card", 3], ["ink-soft", "card", 3],
];

/** Colours that say different things side by side; each has its own words or sign as well. */
export const APART: readonly [string, string][] = [
  ["brand", "bad"], ["brand", "late"], ["bad", "warn"], ["brand", "warn"], ["late", "warn"],
];

/** CIELAB difference that is seen at a glance, by every eye. */
export const GLANCE = 15;
