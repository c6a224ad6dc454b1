/** A round number at least as large, for the top of an axis, and the steps up to it. */
export function axis(largest: number): { top: number; steps: number[] } {
  if (largest <= 0) return { top: 1, steps: [0, 1] };
  const rough = largest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? 10 * power;
  const count = Math.ceil(largest / step - 1e-9);
  return { top: step * count, steps: Array.from({ length: count + 1 }, (_, at) => at * step) };
}

/** How strongly a cell is coloured: 0 nothing, 1 to 4 up to the largest; null is few people. */
export function level(value: number | null, largest: number): number {
  if (value === null || value <= 0 || largest <= 0) return 0;
  return Math.min(4, Math.ceil((value / largest) * 4 - 1e-9));
}

/** Every how manyth label is written, so that none touches the next. */
export const every = (slot: number, wide: number): number => Math.max(1, Math.ceil(wide / Math.max(slot, 1)));

/** By how much now is more or less than before, as a share; null when nothing can be compared. */
export const change = (now: number | null, before: number | null | undefined): number | null =>
  now === null || !before ? null : now / before - 1;
