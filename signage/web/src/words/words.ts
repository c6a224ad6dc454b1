import { language } from "../lib/language.svelte";
import { en } from "./en";
import { ja, type Words } from "./ja";

/** The catalogue of the language chosen on this device. */
export const words = (): Words => (language.now === "en" ? en : ja);

export { en, ja, type Words };
