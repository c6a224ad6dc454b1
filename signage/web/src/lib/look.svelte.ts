import { keep, recall } from "./keep";

/** Light or dark; "auto" is what the device itself is set to. */
export type Look = "auto" | "light" | "dark";
export const LOOKS: readonly Look[] = ["auto", "light", "dark"];

const KEY = "look";
const lookOf = (kept: unknown): Look => LOOKS.find((one) => one === kept) ?? "auto";

export const look = new (class {
  now = $state.raw<Look>(lookOf(recall(KEY)));
  /** What the page wears, for what style sheets do not reach. */
  dark = $state.raw(false);
})();

const device = (): MediaQueryList => matchMedia("(prefers-color-scheme: dark)");

function show(): void {
  look.dark = look.now === "dark" || (look.now === "auto" && device().matches);
  document.documentElement.classList.toggle("night", look.dark);
}

export function wear(next: Look): void {
  look.now = next;
  keep(KEY, next);
  show();
}

/** Gives the whole page the look that was chosen here, and follows the device; call it once at the start. */
export function followLook(): void {
  show();
  device().addEventListener("change", show);
}
