/** Colours as the eye has them: contrast by WCAG, differences by CIELAB, and eyes that lack a cone. */
export type Rgb = readonly [number, number, number];
export type Eye = "usual" | "protan" | "deutan" | "tritan";

/** "#0b4f43" as linear light, 0 to 1; style sheets that were made small say "#fff". */
export function linear(colour: string): Rgb {
  const hex = colour.length === 4 ? colour.replace(/[\da-f]/gi, "$&$&") : colour;
  const channel = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** Contrast of two colours by WCAG 2, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(linear(one)), luminance(linear(other))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Machado, Oliveira and Fernandes (2009): what is left to an eye without one sort of cone. */
const SEEN: Record<Eye, readonly [Rgb, Rgb, Rgb]> = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** A colour as an eye sees it, in linear light. */
export function seenBy(eye: Eye, hex: string): Rgb {
  const light = linear(hex);
  const along = (row: Rgb) => Math.min(1, Math.max(0, row[0] * light[0] + row[1] * light[1] + row[2] * light[2]));
  const [r, g, b] = SEEN[eye];
  return [along(r), along(g), along(b)];
}

/** CIE 1976 L*a*b* under D65. */
function lab([r, g, b]: Rgb): Rgb {
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(luminance([r, g, b]));
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** How different two colours look to an eye; about 2 can just be told apart side by side. */
export function difference(one: string, other: string, eye: Eye = "usual"): number {
  const [a, b] = [lab(seenBy(eye, one)), lab(seenBy(eye, other))];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** "#000000" or "#ffffff", whichever can be read better on a colour. */
export const readableOn = (hex: string): string =>
  contrast(hex, "#000000") >= contrast(hex, "#ffffff") ? "#000000" : "#ffffff";

/** The colours of a block of tokens.css by name: of ":root" or of ".night" laid over it. */
export function palette(css: string, selector: ":root" | ".night"): Record<string, string> {
  const block = (name: string) => css.match(new RegExp(`(?:^|\\n)\\${name} \\{([^}]*)\\}`))?.[1] ?? "";
  const read = (text: string) =>
    Object.fromEntries([...text.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map((one) => [one[1]!, one[2]!]));
  return { ...read(block(":root")), ...(selector === ".night" ? read(block(".night")) : {}) };
}
