import { language } from "$shared/language.svelte";

import { timetableEn } from "./timetable.en";
import { timetableJa, type TimetableWords } from "./timetable.ja";

/** The timetable editor's catalogue in the language chosen on this device. */
export const timetableWords = (): TimetableWords => (language.now === "en" ? timetableEn : timetableJa);
