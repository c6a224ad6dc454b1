import { listed } from "$shared/language.svelte";
import type { AdminWords } from "../../words/admin-ja";
import type { Rule } from "./ruletext";

export type Kind = "hours" | "booking" | "tariff" | "zone" | "relation" | "figure";
export type Version = { kind: string; rule: Rule; replaced_at: string | null };
export type FieldForm = { field: string; type: "truth" | "number" | "text" | "list" | "json"; text: string; on: boolean };

const OWN = new Set(["area", "valid_from", "valid_to", "assumption"]);
const NUMBERS = new Set(["cap_yen", "party_cap_yen"]);

/** A rule in force with all its fields: what the day's rules leave out is in the history. */
export function whole(rule: Rule, kind: Kind, history: Version[]): Rule {
  const same = ({ rule: other }: Version) =>
    Object.entries(rule).every(([field, value]) => JSON.stringify(other[field]) === JSON.stringify(value));
  return history.find((one) => one.kind === kind && one.replaced_at === null && same(one))?.rule ?? rule;
}

const plainList = (value: unknown): value is (string | number)[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

/** The fields of a rule as they are typed. */
export function formOf(rule: Rule): FieldForm[] {
  return Object.entries(rule)
    .filter(([field]) => !OWN.has(field))
    .map(([field, value]): FieldForm => {
      if (typeof value === "boolean") return { field, type: "truth", text: "", on: value };
      if (typeof value === "number" || (value === null && NUMBERS.has(field)))
        return { field, type: "number", text: value === null ? "" : String(value), on: false };
      if (plainList(value)) return { field, type: "list", text: listed(value.map(String)), on: false };
      if (typeof value === "string") return { field, type: "text", text: value, on: false };
      return { field, type: "json", text: JSON.stringify(value, null, 1), on: false };
    });
}

/** What was typed, as a rule; throws `SyntaxError` with the sentence of the first wrong field. */
export function ruleOf(form: FieldForm[], said: AdminWords): Rule {
  return Object.fromEntries(form.map((one) => [one.field, valueOf(one, said)]));
}

function valueOf(one: FieldForm, said: AdminWords): unknown {
  const text = one.text.normalize(one.type === "text" ? "NFC" : "NFKC").trim();
  const label = said.fields[one.field] ?? one.field;
  if (one.type === "truth") return one.on;
  if (one.type === "text") return text;
  if (one.type === "list") return text.split(/[、,]/).map((each) => each.trim()).filter(Boolean);
  if (one.type === "json") {
    try {
      return JSON.parse(text || "null") as unknown;
    } catch {
      throw new SyntaxError(said.rules.badJson(label));
    }
  }
  if (text === "" && NUMBERS.has(one.field)) return null;
  if (text === "" || Number.isNaN(Number(text))) throw new SyntaxError(said.rules.badNumber(label));
  return Number(text);
}

/**
 * The rules of a draft: the one that was edited, and for hours those beside it.
 * Hours that begin on a day replace all earlier ones, so the others must come along.
 */
export function draftRules(kind: Kind, beside: Rule[], index: number, edited: Rule): { kind: Kind; rule: Rule }[] {
  const rules = kind === "hours" ? beside.map((rule, at) => (at === index ? edited : rule)) : [edited];
  return rules.map((rule) => ({
    kind,
    rule: Object.fromEntries(Object.entries(rule).filter(([field]) => !OWN.has(field))),
  }));
}
