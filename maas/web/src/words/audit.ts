import { language } from "$shared/language.svelte";

import { audit as en } from "./audit.en";
import { audit as ja, type AuditWords } from "./audit.ja";

/** The audit's catalogue in the language chosen on this device. */
export const auditWords = (): AuditWords => (language.now === "en" ? en : ja);
