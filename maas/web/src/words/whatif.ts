import { language } from "$shared/language.svelte";

import { whatIfEn } from "./whatif.en";
import { whatIfJa, type WhatIfWords } from "./whatif.ja";

/** The catalogue of what-if studies in the language chosen on this device. */
export const whatIfWords = (): WhatIfWords => (language.now === "en" ? whatIfEn : whatIfJa);
