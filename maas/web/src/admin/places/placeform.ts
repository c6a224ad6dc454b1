import { listed } from "$shared/language.svelte";
import type { TownPlace, TownPlaceIn } from "../types";

const plain = (text: string): string =>
  text.normalize("NFKC").toLowerCase().replace(/[ァ-ヶ]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0x60));

/** The places that have a text in name, reading, address or nickname; katakana is hiragana here. */
export function found(places: TownPlace[], query: string, hiddenToo: boolean): TownPlace[] {
  const wanted = plain(query.trim());
  const texts = ({ name, kana, name_en, address, oaza, nicknames }: TownPlace) =>
    plain([name, kana, name_en, address, oaza, ...nicknames].join("\n"));
  return places.filter((place) => (hiddenToo || !place.hidden) && texts(place).includes(wanted));
}

export type PlaceForm = Omit<TownPlaceIn, "nicknames" | "lat" | "lon"> & { nicknames: string; lat: string; lon: string };

export function formOf(place: TownPlace | undefined): PlaceForm {
  return {
    name: place?.name ?? "",
    kana: place?.kana ?? "",
    name_en: place?.name_en ?? "",
    kind: (place?.kind ?? "facility") as TownPlaceIn["kind"],
    address: place?.address ?? "",
    oaza: place?.oaza ?? "",
    lat: place ? String(place.lat) : "",
    lon: place ? String(place.lon) : "",
    nicknames: listed(place?.nicknames ?? []),
    hidden: place?.hidden ?? false,
  };
}

/** What was typed, as the API takes it. */
export function bodyOf(form: PlaceForm): TownPlaceIn {
  return {
    ...form,
    lat: Number(form.lat),
    lon: Number(form.lon),
    nicknames: form.nicknames.split(/[、,]/).map((one) => one.trim()).filter(Boolean),
  };
}
