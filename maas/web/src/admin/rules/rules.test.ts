import { expect, test } from "vitest";

import { adminEn } from "../../words/admin-en";
import { adminJa } from "../../words/admin-ja";
import { draftRules, formOf, ruleOf, whole } from "./ruleform";
import { lines, outline, valueText } from "./ruletext";

const HOURS = { area: "a", valid_from: "2021-10-01", days: ["mon", "fri"], from: "08:00", to: "17:00", breaks: ["12:00/13:00"], holidays: false };

test("a rule is read as sentences with units", () => {
  expect(lines(HOURS, adminJa)).toEqual([
    { label: "曜日", value: "月、金" },
    { label: "始まり", value: "8:00" },
    { label: "終わり", value: "17:00" },
    { label: "休憩", value: "12:00〜13:00" },
    { label: "祝日も運行", value: "いいえ" },
  ]);
  expect(valueText("closed", ["12-27/01-04"], adminJa)).toBe("12月27日〜1月4日");
  expect(valueText("closed", ["12-27/01-04"], adminEn)).toBe("27 Dec–4 Jan");
  expect(valueText("deadline_min", 15, adminJa)).toBe("15分");
  expect(valueText("horizon_days", 14, adminEn)).toBe("14 days");
  expect(valueText("fares", [{ id: "base", name: "", name_en: "", when: [], yen: 500 }], adminJa)).toBe("ふつう 500円");
});

test("a form gives back the rule that it was made from", () => {
  const { days, from, to, breaks, holidays } = HOURS;
  const fares = { cap_yen: null, max_party: 6, fares: [{ id: "base", yen: 500 }] };
  expect(ruleOf(formOf({ ...HOURS, ...fares }), adminJa)).toEqual({ days, from, to, breaks, holidays, ...fares });
});

test("full-width typing is understood and nonsense is named", () => {
  const form = formOf({ deadline_min: 15 });
  form[0]!.text = "３０";
  expect(ruleOf(form, adminJa)).toEqual({ deadline_min: 30 });
  form[0]!.text = "すぐ";
  expect(() => ruleOf(form, adminJa)).toThrow("「予約のしめきり」は数で書いてください。");
});

test("hours side by side come along when one of them is changed", () => {
  const sat = { ...HOURS, days: ["sat"] };
  const rules = draftRules("hours", [HOURS, sat], 1, { ...sat, to: "12:00" });
  expect(rules.map(({ rule }) => [rule.days, rule.to])).toEqual([[["mon", "fri"], "17:00"], [["sat"], "12:00"]]);
  expect(draftRules("booking", [{ max_party: 6 }], 0, { max_party: 4 })).toHaveLength(1);
});

test("what is left out of a day's rule is found in the history, not in what was replaced", () => {
  const full = { days: ["mon"], from: "08:00", run_min: 30 };
  const old = { kind: "hours", rule: { ...full, run_min: 10 }, replaced_at: "2022-01-01" };
  const now = { kind: "hours", rule: full, replaced_at: null };
  expect(whole({ days: ["mon"], from: "08:00" }, "hours", [old, now])).toEqual(full);
});

test("an outline fits its box, north up", () => {
  expect(outline([[[0, 0], [0, 1], [1, 1]]])).toBe("M0.0 100.0L100.0 100.0L100.0 0.0Z");
});
