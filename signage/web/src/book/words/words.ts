import { catalogue } from "../../lib/catalogue.svelte";
import { ja, type BookWords } from "./ja";

const en = () => import("./en");

/** The booking page's catalogue; who books here is a member of the town, so it has two languages. */
export const bookWords = catalogue<BookWords>(ja, { en, "zh-Hans": en, ko: en, vi: en });
