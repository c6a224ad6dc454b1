import { language } from "$shared/language.svelte";

import { adminEn } from "./admin-en";
import { adminJa, type AdminWords } from "./admin-ja";

/** The admin screen's catalogue in the language chosen on this device. */
export const adminWords = (): AdminWords => (language.now === "en" ? adminEn : adminJa);
