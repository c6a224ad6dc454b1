/** A vehicle on a map; one that is `silent` is grey and hatched, and says since when. */
export type Marker = {
  id: string;
  kind: string;
  label: string;
  /** Longitude and latitude. */
  at: [number, number];
  bearing: number | null;
  age_s: number;
  silent: boolean;
  chosen: boolean;
};

/** Where something lies on the screen, in pixels. */
export type Point = { x: number; y: number };
export type Side = "below" | "above" | "right" | "left";

const COLORS: Record<string, string> = {
  van: "#0b4f43",
  wheelchair_van: "#5b2a86",
  micro_ev: "#0a5fa8",
  bus: "#8a4300",
};
const SILENT = "#5f6763";

export const paintOf = (one: Marker): string =>
  one.silent ? SILENT : (COLORS[one.kind] ?? COLORS["van"]!);

/** A vehicle's halo grows and fades while nothing is heard of it: its width in pixels, its opacity. */
export function haloOf(age_s: number): { width: number; opacity: number } {
  const old = Math.min(1, Math.max(0, age_s) / 600);
  return { width: Math.round(32 + 56 * Math.sqrt(old)), opacity: 0.35 - 0.23 * old };
}

const SIDES: readonly Side[] = ["below", "above", "right", "left"];
/** From the middle of a marker to the near edge of its name. */
const AWAY_PX = 16;
const LINE_PX = 20;

type Box = { left: number; right: number; top: number; bottom: number };

/** Gives each name the first side on which it covers no other name; without one it is left out. */
export function sidesOf(placed: (Marker & Point)[]): Map<string, Side> {
  const taken: Box[] = [];
  const sides = new Map<string, Side>();
  // The chosen vehicle's name comes first.
  for (const one of [...placed].sort((a, b) => Number(b.chosen) - Number(a.chosen))) {
    const side = SIDES.find((name) => !taken.some((box) => covers(box, boxOf(one, name))));
    if (!side) continue;
    taken.push(boxOf(one, side));
    sides.set(one.id, side);
  }
  return sides;
}

function boxOf(one: Marker & Point, side: Side): Box {
  const lines = one.label.split("\n");
  const width = Math.max(...lines.map(widthOf)) + 8;
  const height = lines.length * LINE_PX;
  const x = { below: -width / 2, above: -width / 2, right: AWAY_PX, left: -AWAY_PX - width }[side];
  const y = { below: AWAY_PX, above: -AWAY_PX - height, right: -height / 2, left: -height / 2 }[side];
  return { left: one.x + x, right: one.x + x + width, top: one.y + y, bottom: one.y + y + height };
}

/** About how wide a text is at 15 pixels: Japanese letters are twice as wide as Latin ones. */
const widthOf = (text: string): number =>
  [...text].reduce((sum, letter) => sum + (letter > "\u2fff" ? 15 : 8.5), 0);

const covers = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** The marker nearest to a point of the screen, if it is within reach of a finger. */
export function nearest<T extends Point>(placed: T[], at: Point, within_px = 22): T | undefined {
  const far = (one: T): number => Math.hypot(one.x - at.x, one.y - at.y);
  return placed.filter((one) => far(one) <= within_px).sort((a, b) => far(a) - far(b))[0];
}
