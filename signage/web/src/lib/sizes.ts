/**
 * Character height in millimetres needed to read a sign at a distance
 * (barrier-free guideline of the Ministry of Land: 9 mm at 2 m, 20 at 5, 40 at 10, 80 at 20).
 */
export function heightFor(distance_m: number): number {
  return distance_m <= 2 ? 9 : 4 * distance_m;
}

/** CSS pixels of a font whose kanji (0.9 em high) reach that height on a panel of this size. */
export function fontPx(
  distance_m: number,
  panel_inches: number,
  width_px: number,
  height_px: number,
): number {
  const mm_per_px = (panel_inches * 25.4) / Math.hypot(width_px, height_px);
  return Math.ceil(heightFor(distance_m) / mm_per_px / 0.9);
}
