/** Every text of a catalogue with its place ("stop.sizes.large"); functions are spoken with samples. */
export function texts(catalogue: unknown, place = ""): [string, string][] {
  if (typeof catalogue === "string") return [[place, catalogue]];
  if (typeof catalogue === "function") return texts(spokenWithSamples(catalogue as Speaker), place);
  if (catalogue === null || typeof catalogue !== "object") return [];
  return Object.entries(catalogue).flatMap(([key, value]) => texts(value, place ? `${place}.${key}` : key));
}

/** What stands before or after a number may be empty: languages differ in which they need. */
const AFFIX = /\.(before|after)$/;

type Speaker = (...samples: unknown[]) => unknown;

/** Sentences are made of numbers or of texts; a sample of the wrong sort only looks odd. */
function spokenWithSamples(speaker: Speaker): unknown {
  return speaker(...Array.from({ length: Math.max(speaker.length, 1) }, () => 3));
}

/** What is wrong with a catalogue beside the Japanese one: texts it lacks, has too many, left empty. */
export function faults(ja: unknown, other: unknown): string[] {
  const wanted = new Map(texts(ja));
  const found = new Map(texts(other));
  return [
    ...[...wanted.keys()].filter((place) => !found.has(place)).map((place) => `missing: ${place}`),
    ...[...found.keys()].filter((place) => !wanted.has(place)).map((place) => `too many: ${place}`),
    ...[...found].filter(([place, text]) => text.trim() === "" && wanted.get(place)?.trim() !== "" && !AFFIX.test(place)).map(([place]) => `empty: ${place}`),
  ];
}

/**
 * The marks of Japanese that a page writes itself, around what its catalogue says, and so in every
 * language; notes and the readings of Japanese names aside.
 */
export function japaneseMarks(page: string): string[] {
  const said = page.replace(/<!--.*?-->|\/\*.*?\*\/|^\s*\/\/.*$|<rp>.<\/rp>/gms, "");
  // In a pattern for what people type, both commas stand side by side.
  return said.match(/[〜：（）。・]|、(?!,)/g) ?? [];
}
