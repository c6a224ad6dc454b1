import { language } from "$shared/language.svelte";
import { en } from "./en";
import { ja, type Words } from "./ja";

/** The staff screens' catalogue in the language chosen on this device. */
export const words = (): Words => (language.now === "en" ? en : ja);
