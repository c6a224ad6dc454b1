import { fontPx } from "../lib/sizes";

/** Of what size letters and rows are on a panel, and how many of them there is room for. */
export type Fit = {
  /** Letters that are read from the panel's distance, in CSS pixels. */
  base: number;
  /** Small print, read from two metres. */
  foot: number;
  upright: boolean;
  /** A small panel read from afar: a row is one line, without readings, and notices have no room. */
  tight: boolean;
  /** Lines of text that one row needs: reading, destination and state; upright the badge besides. */
  lines: number;
  /** For how many rows there is space, and how many are shown: one always. */
  space: number;
  room: number;
  /** Letters of an emergency notice in a line, and lines of it. */
  across: number;
  down: number;
};

export type Panel = { width: number; height: number; inches: number; distance_m: number };

/** So much is free above and below: the board is moved by half of it and still does not touch the edge. */
export const MARGIN = 16;
const LINE = 4;

export function fit({ width, height, inches, distance_m }: Panel): Fit {
  const base = fontPx(distance_m, inches, width, height);
  const foot = fontPx(2, inches, width, height);
  const upright = height > width;
  const tight = !upright && height < base * 15;
  const lines = upright ? 4.4 : tight ? 1.5 : 2.95;
  // Head and foot with their small print; upright the notice has lines of its own.
  const around = base * (tight ? 2.7 : 4.6) + foot * (upright ? 7 : tight ? 1.2 : 2) + 2 * (MARGIN + LINE);
  const space = (height - around) / (base * lines);
  const room = Math.max(1, Math.floor(space));
  const across = Math.max(6, Math.floor((width - 2.4 * base) / base));
  const down = Math.max(1, Math.floor(((room > 1 ? 0.5 : 1) * (height - around)) / (1.3 * base)) - 1);
  return { base, foot, upright, tight, lines, space, room, across, down };
}

/** What fits where no more is free than so many pixels: a row is shown whole or not at all. */
export function within(found: Fit, free_px: number): Fit {
  const space = Math.min(found.space, free_px / (found.base * found.lines));
  return { ...found, space, room: Math.max(1, Math.floor(space)) };
}

/** How many rows an emergency notice of some lines leaves to the buses: one at least, where two fit. */
export function roomBeside({ room, space, lines }: Fit, text_lines: number): number {
  const left = space - (1.3 * (text_lines + 1) + 0.6) / lines;
  return room > 1 ? Math.max(1, Math.floor(left)) : 0;
}

/** How many letters of Japanese a text is wide; one of Latin is half as wide. */
const widthOf = (text: string): number =>
  [...text].reduce((sum, letter) => sum + (letter < "\u0100" ? 0.56 : 1), 0);

/** A line may end before it is full, for no word and no 、 is broken off. */
const FULL = 0.86;

/** How many lines a text takes, no more than there is room for. */
export const linesOf = (text: string, { across, down }: Pick<Fit, "across" | "down">): number =>
  Math.min(down, Math.ceil(widthOf(text) / (across * FULL)));

/** A long notice in parts that fit one after the other. */
export function pages(text: string, { across, down }: Pick<Fit, "across" | "down">): string[] {
  const found: string[] = [];
  let page = "";
  for (const word of text.match(/[!-~]+\s*|[\s\S]/g) ?? []) {
    if (page && widthOf(page + word) > across * down * FULL) {
      found.push(page);
      page = "";
    }
    page += word;
  }
  return page ? [...found, page] : found;
}
