import { expect, test } from "vitest";

import type { TownPlace } from "../types";
import { bodyOf, formOf, found } from "./placeform";

const place = (change: Partial<TownPlace>): TownPlace => ({
  id: 1, code: "P1", name: "賀陽病院", kana: "かようびょういん", name_en: "Kayo hospital", kind: "hospital", address: "", oaza: "豊野",
  lat: 34.8, lon: 133.7, nicknames: ["病院"], hidden: false, reachable: true, pickup_point: null, ...change,
});

test("a place is found by name, either kana, English, hamlet or nickname", () => {
  const all = [place({}), place({ id: 2, name: "古い店", kana: "ふるいみせ", nicknames: [], hidden: true })];
  for (const query of ["病院", "カヨウ", "かよう", "kayo", "豊野", ""]) {
    expect(found(all, query, false).map(({ id }) => id)).toEqual([1]);
  }
  expect(found(all, "みせ", true).map(({ id }) => id)).toEqual([2]);
  expect(found(all, "みせ", false)).toEqual([]);
});

test("a form gives back the place that it was made from", () => {
  const { id, code, reachable, pickup_point, ...rest } = place({ nicknames: ["病院", "かよう"] });
  expect(bodyOf(formOf(place({ nicknames: ["病院", "かよう"] })))).toEqual(rest);
});
