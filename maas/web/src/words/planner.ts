import { language } from "$shared/language.svelte";

import { plannerEn } from "./planner.en";
import { plannerJa, type PlannerWords } from "./planner.ja";

/** The catalogue of the planner's figures in the language chosen on this device. */
export const plannerWords = (): PlannerWords => (language.now === "en" ? plannerEn : plannerJa);
