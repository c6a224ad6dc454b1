/** A chart as rows and columns: what is shown below it and saved as CSV. */
export type Cell = string | number | null;
export type Table = { columns: { name: string; number?: boolean }[]; rows: Cell[][] };

/** What stands for a count of fewer than five people. */
export const FEW = "＜5";

export const cellText = (cell: Cell): string =>
  cell === null ? FEW : typeof cell === "number" ? cell.toLocaleString("en-US", { maximumFractionDigits: 1 }) : cell;

// A cell that a spreadsheet would take for a formula is text.
const safe = (text: string) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const csvCell = (cell: Cell) => (typeof cell === "number" ? String(Math.round(cell * 1000) / 1000) : quoted(safe(cell ?? FEW)));

/** The table as CSV that Excel opens: UTF-8 with a mark at its beginning, and notes under it. */
export function csvOf({ columns, rows }: Table, notes: string[]): string {
  const lines = [columns.map((one) => one.name), ...rows].map((row) => row.map(csvCell).join(","));
  return "\ufeff" + [...lines, "", ...notes.map((note) => csvCell(note))].join("\r\n") + "\r\n";
}

/** Gives the browser a text to save as a file. */
export function saveText(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
