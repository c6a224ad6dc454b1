import { catalogue } from "../../lib/catalogue.svelte";
import { ja, type RideWords } from "./ja";

/** The ride page's catalogue in the language chosen on this device. */
export const rideWords = catalogue<RideWords>(ja, {
  en: () => import("./en"),
  "zh-Hans": () => import("./zh-Hans"),
  ko: () => import("./ko"),
  vi: () => import("./vi"),
});
