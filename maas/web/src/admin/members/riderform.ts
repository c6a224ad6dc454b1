import { listed } from "$shared/language.svelte";
import type { Rider } from "../../lib/types";
import { words } from "../../words/words";

export type RiderForm = {
  name: string; kana: string; phone: string; email: string; line_id: string; address: string; oaza: string;
  household: string; birth_year: string; tags: string; aids: string; notes: string;
  confirm_by: Rider["confirm_by"]; language: string; provisional: boolean;
  phones: { number: string; label: string }[];
  eligibility: { kind: string; until: string }[];
  contacts: { name: string; relation: string; phone: string; email: string; watch: boolean }[];
};

/** A card as it is typed. */
export function formOf(rider: Rider): RiderForm {
  const { name, kana, phone, email, line_id, address, oaza, household, notes, confirm_by, language, provisional } = rider;
  return {
    name, kana, phone, email, line_id, address, oaza, household, notes, confirm_by, language, provisional,
    birth_year: rider.birth_year === null ? "" : String(rider.birth_year),
    tags: listed(rider.tags.map(tagNamed)),
    aids: listed(rider.aids),
    phones: rider.phones.map((one) => ({ number: one.number ?? "", label: one.label ?? "" })),
    eligibility: rider.eligibility.map((one) => ({ kind: one.kind, until: one.until ?? "" })),
    contacts: rider.contacts.map((one) => ({
      name: one.name, relation: one.relation ?? "", phone: one.phone ?? "", email: one.email ?? "", watch: one.watch ?? false,
    })),
  };
}

/** A tag as it is said, and the tag that somebody means; the town's own are their own name. */
const tagNamed = (tag: string): string => words().tags[tag] ?? tag;
const tagMeant = (name: string): string => Object.entries(words().tags).find(([, said]) => said === name)?.[0] ?? name;

const listOf = (text: string) => text.split(/[、,，]/).map((one) => one.trim()).filter(Boolean);

/** The form as the API takes it; empty lines fall away. */
function bodyOf(form: RiderForm): Record<string, unknown> {
  const year = form.birth_year.normalize("NFKC").trim();
  return {
    ...form,
    // A year that is no number goes as it is: the server says what to write.
    birth_year: year === "" ? null : (/^\d+$/.test(year) ? Number(year) : year),
    tags: listOf(form.tags).map(tagMeant),
    aids: listOf(form.aids),
    phones: form.phones.filter((one) => one.number.trim()),
    eligibility: form.eligibility.filter((one) => one.kind.trim()).map((one) => ({ kind: one.kind, until: one.until || null })),
    contacts: form.contacts.filter((one) => one.name.trim()),
  };
}

/** What was changed on a card, and nothing else: a colleague may be changing the rest. */
export function changesOf(rider: Rider, form: RiderForm, consent: string): Record<string, unknown> {
  const before = bodyOf(formOf(rider));
  const after = Object.entries(bodyOf(form));
  const changed = after.filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field]));
  if (changed.length === 0) return {};
  return { ...Object.fromEntries(changed), ...(consent.trim() ? { consent: consent.trim() } : {}) };
}
