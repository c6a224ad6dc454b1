import { language } from "$shared/language.svelte";

import { officeEn } from "./office.en";
import { officeJa, type OfficeWords } from "./office.ja";

/** The office's catalogue in the language chosen on this device. */
export const officeWords = (): OfficeWords => (language.now === "en" ? officeEn : officeJa);
