import { catalogue } from "../lib/catalogue.svelte";
import { ja, type Words } from "./ja";

/** The catalogue of the language chosen on this device. */
export const words = catalogue<Words>(ja, {
  en: () => import("./en"),
  "zh-Hans": () => import("./zh-Hans"),
  ko: () => import("./ko"),
  vi: () => import("./vi"),
});

export { type Words };
