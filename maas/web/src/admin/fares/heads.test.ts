import { expect, test } from "vitest";

import { headsOf, wordsOf } from "./heads";

test("a family is a list of words for each of them", () => {
  expect(headsOf({ "": 2, infant: 1, aicard: 0 })).toEqual([[], [], ["infant"]]);
  expect(headsOf({ "": Number.NaN, child: -1 })).toEqual([]);
});

test("a tariff asks for each of its words once", () => {
  const discounts = [{ any_of: ["infant"] }, { any_of: ["child", "infant"] }];
  expect(wordsOf({ discounts })).toEqual(["infant", "child"]);
  expect(wordsOf(null)).toEqual([]);
});
