import type { AuditWords } from "../../words/audit.ja";

export type Filter = { actor: string; action: string; subject: string; from: string; to: string };

/** What is looked for, as the address of a page of the audit; what is empty is not asked for. */
export function asked(filter: Filter, limit: number, before?: number): string {
  const values = { ...filter, limit: String(limit), before: before === undefined ? "" : String(before) };
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "")).toString();
}

/** An action in words: "town.place.added" is the subject "town.place" and what was done, "added". */
export function inWords(action: string, { entry, subjects, verbs }: AuditWords): string {
  const dot = action.lastIndexOf(".");
  const subject = dot < 0 ? action : action.slice(0, dot);
  const verb = dot < 0 ? "" : action.slice(dot + 1);
  return entry(subjects[subject] ?? subject, verbs[action] ?? verbs[verb] ?? verb);
}

/** Who did it: an account by its name, what no person did in words. */
export function actorText(actor: string, { actors, device }: AuditWords): string {
  return actor.startsWith("device:") ? device(actor.slice("device:".length)) : (actors[actor] ?? actor);
}

/** The detail of an entry, indented; what is no JSON is shown as it is. */
export function pretty(detail: string): string {
  try {
    return JSON.stringify(JSON.parse(detail), null, 2);
  } catch {
    return detail;
  }
}
