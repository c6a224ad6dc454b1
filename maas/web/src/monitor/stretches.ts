import type { Stretch } from "../lib/types";
import type { DeskWords } from "../words/desk.ja";

/** So far beside a road a place lies without the road being in doubt. */
const BESIDE_M = 50;

/** A road in words: what it is called, between which junctions, how long. */
export function stretchText(stretch: Stretch, said: DeskWords["stretch"], language: string): string {
  const [from, to] = stretch.ends.map(({ meets, near }) => {
    const place = near && (language === "ja" ? near.name : near.name_en || near.name);
    return said.end(meets.join(said.and), place ?? "", near?.distance_m ?? 0);
  });
  const road = said.road(stretch.road, from!, to!, stretch.length_m);
  return stretch.off_m > BESIDE_M ? road + said.off(stretch.off_m) : road;
}
