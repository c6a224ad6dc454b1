import { keep, recall } from "../lib/keep";
import type { Stop } from "../lib/types";

type Favourite = Pick<Stop, "id" | "name" | "name_en">;

/** Stops remembered on this device. */
export const favourites = new (class {
  ids = $state.raw<Favourite[]>(recall<Favourite[]>("stops") ?? []);
})();

export function toggleFavourite(stop: Favourite): void {
  const known = favourites.ids.some((one) => one.id === stop.id);
  favourites.ids = known
    ? favourites.ids.filter((one) => one.id !== stop.id)
    : [...favourites.ids, { id: stop.id, name: stop.name, name_en: stop.name_en ?? null }];
  keep("stops", favourites.ids);
}
