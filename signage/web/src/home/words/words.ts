import { catalogue } from "../../lib/catalogue.svelte";
import { ja, type HomeWords } from "./ja";

const en = () => import("./en");

/** The home page's catalogue in the language chosen on this device. */
export const homeWords = catalogue<HomeWords>(ja, { en, "zh-Hans": en, ko: en, vi: en });
