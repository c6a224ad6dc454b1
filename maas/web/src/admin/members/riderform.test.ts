import { expect, test } from "vitest";

import type { Rider } from "../../lib/types";
import { changesOf, formOf } from "./riderform";

const RIDER = {
  id: 1, number: "1001", name: "見本 花子", kana: "みほん はなこ", phone: "000-000-0001", phones: [], email: "", line_id: "",
  address: "", oaza: "", household: "", birth_year: 1940, tags: ["walker"], aids: [], notes: "", confirm_by: "none", language: "ja",
  provisional: false, eligibility: [{ kind: "aicard", until: "2027-03-31", valid: true }], contacts: [],
} as unknown as Rider;

test("a card that was only looked at has no changes", () => {
  expect(changesOf(RIDER, formOf(RIDER), "")).toEqual({});
});

test("tags are read and typed by their names; one of the town's own stays as it is", () => {
  const form = formOf(RIDER);
  expect(form.tags).toBe("歩行器");
  form.tags = "歩行器、車いす、雪の日は早め";
  expect(changesOf(RIDER, form, "")).toEqual({ tags: ["walker", "wheelchair", "雪の日は早め"] });
});

test("only what was changed is sent, and empty lines are not", () => {
  const form = formOf(RIDER);
  form.aids = "walker、 cane";
  form.phones.push({ number: "000-000-0002", label: "携帯" }, { number: " ", label: "" });
  form.eligibility[0]!.until = "";
  expect(changesOf(RIDER, form, " ")).toEqual({
    aids: ["walker", "cane"],
    phones: [{ number: "000-000-0002", label: "携帯" }],
    eligibility: [{ kind: "aicard", until: null }],
  });
});

test("how they agreed goes with a contact who hears of rides", () => {
  const form = formOf(RIDER);
  form.contacts.push({ name: "見本 娘", relation: "娘", phone: "000-000-0003", email: "", watch: true });
  expect(changesOf(RIDER, form, "電話で本人に確認")).toMatchObject({ consent: "電話で本人に確認" });
});
