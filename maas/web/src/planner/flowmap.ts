import type { LatLon } from "../admin/ground";

/** A place on the map: the larger `size`, the larger its circle. */
export type Spot = { key: string; name: string; title: string; at: LatLon; size: number; isPublic?: boolean };
/** Somebody rode from one place to another; the larger `size`, the thicker the line. */
export type Way = { key: string; title: string; from: LatLon; to: LatLon; size: number };

type Placed = Spot & { xy: [number, number]; r: number };
export type Named = { key: string; name: string; x: number; y: number; anchor: "start" | "end" };

const MOST = 14;
const TALL = 24;
const WIDE = 23;

/** Names of the largest spots, each where it touches no other name; one that fits nowhere is left out. */
export function spread(spots: Placed[]): Named[] {
  const taken: { left: number; right: number; y: number }[] = [];
  const found: Named[] = [];
  for (const spot of [...spots].sort((a, b) => b.size - a.size)) {
    if (found.length >= MOST) break;
    const wide = [...spot.name].reduce((sum, letter) => sum + (letter.charCodeAt(0) < 256 ? 0.55 : 1) * WIDE, 0);
    const [x, y] = spot.xy;
    const places = (["start", "end"] as const).flatMap((anchor) => [8, -16, 30].map((down) => ({ anchor, down })));
    for (const { anchor, down } of places) {
      const start = anchor === "start" ? x + spot.r + 5 : x - spot.r - 5;
      const left = anchor === "start" ? start : start - wide;
      const box = { left, right: left + wide, y: y + down };
      const out = box.left < 0 || box.right > 1000 || box.y < TALL;
      if (out || taken.some((one) => box.left < one.right && one.left < box.right && Math.abs(one.y - box.y) < TALL)) continue;
      taken.push(box);
      found.push({ key: spot.key, name: spot.name, x: start, y: box.y, anchor });
      break;
    }
  }
  return found;
}
