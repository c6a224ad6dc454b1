import { fontPx } from "../lib/sizes";

/** Of what size letters and rows are on a panel, and how many of them there is room for. */
export type Fit = {
  /** Letters that are read from the panel's distance, in CSS pixels. */
  base: number;
  /** Small print, read from two metres. */
  foot: number;
  upright: boolean;
  /** A small panel read from afar: the buses need the room of readings and notices. */
  tight: boolean;
  /** Lines of text that one row needs: reading, destination and state; upright the badge besides. */
  lines: number;
  /** How many rows there is room for; one is always shown. */
  room: number;
  /** Letters of an emergency notice in a line, and lines of it. */
  across: number;
  down: number;
};

export type Panel = { width: number; height: number; inches: number; distance_m: number };

/** The board is moved by so many pixels each way, and keeps them free. */
export const MARGIN = 8;
const LINE = 4;

export function fit({ width, height, inches, distance_m }: Panel): Fit {
  const base = fontPx(distance_m, inches, width, height);
  const foot = fontPx(2, inches, width, height);
  const upright = height > width;
  const tight = !upright && height < base * 15;
  const lines = upright ? 4.4 : tight ? 1.82 : 2.95;
  // Head and foot with their small print; upright the notice has lines of its own.
  const around = base * (tight ? 2.7 : 4.6) + foot * (upright ? 7 : tight ? 1.2 : 2) + 2 * (MARGIN + LINE);
  const room = Math.max(1, Math.floor((height - around) / (base * lines)));
  const across = Math.max(6, Math.floor((width - 2.4 * base) / base));
  const down = Math.max(1, Math.floor(((room > 1 ? 0.5 : 1) * (height - around)) / (1.3 * base)) - 1);
  return { base, foot, upright, tight, lines, room, across, down };
}

/** How many rows an emergency notice leaves to the buses. */
export const roomBeside = ({ room }: Fit): number => (room > 1 ? Math.floor(room / 2) : 0);

/** A long notice in parts that fit one after the other; a letter of Latin is half as wide. */
export function pages(text: string, across: number, down: number): string[] {
  const found: string[] = [];
  let page = "";
  let wide = 0;
  for (const word of text.match(/[!-~]+\s*|[\s\S]/g) ?? []) {
    const more = [...word].reduce((sum, letter) => sum + (letter < "\u0100" ? 0.56 : 1), 0);
    // A line may end before it is full, for no word and no 、 is broken off.
    if (page && wide + more > across * down * 0.86) {
      found.push(page);
      [page, wide] = ["", 0];
    }
    page += word;
    wide += more;
  }
  return page ? [...found, page] : found;
}
