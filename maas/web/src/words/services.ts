import { language } from "$shared/language.svelte";

import { servicesEn } from "./services.en";
import { servicesJa, type ServicesWords } from "./services.ja";

/** What is said of other services that are told of bookings, in the language chosen on this device. */
export const servicesWords = (): ServicesWords => (language.now === "en" ? servicesEn : servicesJa);
