export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/** A ride on the chart: where its bar begins. */
export type Spot = { booking: string; left: number };

/** The ride an arrow leads to: along its own line, or the nearest on the next line that has any. */
export function neighbour(lines: Spot[][], from: string, arrow: Arrow): string | undefined {
  const row = lines.findIndex((line) => line.some((spot) => spot.booking === from));
  if (row < 0) return undefined;
  const line = [...lines[row]!].sort((a, b) => a.left - b.left);
  const at = line.findIndex((spot) => spot.booking === from);
  if (arrow === "ArrowLeft") return line[at - 1]?.booking;
  if (arrow === "ArrowRight") return line[at + 1]?.booking;
  const others = arrow === "ArrowUp" ? lines.slice(0, row).reverse() : lines.slice(row + 1);
  const next = others.find((each) => each.length > 0) ?? [];
  const far = (spot: Spot) => Math.abs(spot.left - line[at]!.left);
  return [...next].sort((a, b) => far(a) - far(b))[0]?.booking;
}
