import { say } from "../lib/language.svelte";
import type { MyPlace } from "./types";
import type { BookWords } from "./words/ja";

/** A place by the name its rider knows it by. */
export const placeName = (place: MyPlace, said: BookWords): string =>
  place.home ? said.home1 : say(place.name, place.name_en);
