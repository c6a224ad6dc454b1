import { clock } from "$shared/clock.svelte";
import { language } from "$shared/language.svelte";
import { dayText, epochOf, onTimetable } from "$shared/times";

import { servicesWords } from "../../words/services";

/** What a service answered, or why it could not: "返事は404", "つながらない". */
export function answerOf(error: string): string {
  const said = servicesWords();
  return /^\d+$/.test(error) ? said.status(error) : (said.errors[error] ?? error);
}

/** "12月7日（月） 10:20". */
export function moment(iso: string | null): string {
  if (!iso) return "";
  const epoch_s = epochOf(iso);
  return `${dayText(epoch_s, clock.zone, language.now)} ${onTimetable(epoch_s, clock.zone)}`;
}
