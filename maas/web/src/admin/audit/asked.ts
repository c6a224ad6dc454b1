export type Filter = { actor: string; action: string; subject: string; from: string; to: string };

/** What is looked for, as the address of a page of the audit; what is empty is not asked for. */
export function asked(filter: Filter, limit: number, before?: number): string {
  const values = { ...filter, limit: String(limit), before: before === undefined ? "" : String(before) };
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "")).toString();
}

/** The detail of an entry, indented; what is no JSON is shown as it is. */
export function pretty(detail: string): string {
  try {
    return JSON.stringify(JSON.parse(detail), null, 2);
  } catch {
    return detail;
  }
}
