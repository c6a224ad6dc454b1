import type { Rider } from "../../lib/types";
import { formOf } from "./riderform";

export type Row = { field: string; one: string; other: string; differs: boolean };

/** Two cards field by field; what both leave empty is left out. */
export function compared(one: Rider, other: Rider): Row[] {
  const [first, second] = [formOf(one), formOf(other)];
  return (Object.keys(first) as (keyof typeof first)[])
    .map((field) => {
      const [a, b] = [textOf(first[field]), textOf(second[field])];
      return { field, one: a, other: b, differs: a !== b };
    })
    .filter((row) => row.one || row.other);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(" / ");
  if (typeof value === "object" && value !== null) {
    return Object.values(value).filter((part) => part !== "" && part !== false).map(textOf).join(" ");
  }
  return typeof value === "boolean" ? (value ? "✓" : "") : String(value);
}
