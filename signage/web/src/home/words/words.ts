import { language } from "../../lib/language.svelte";
import { en } from "./en";
import { ja, type HomeWords } from "./ja";

/** The home page's catalogue in the language chosen on this device. */
export const homeWords = (): HomeWords => (language.now === "en" ? en : ja);
