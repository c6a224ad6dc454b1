import { expect, test } from "vitest";

import type { Rider } from "../../lib/types";
import { compared } from "./compare";

const card = (changes: object) =>
  ({ name: "例田 和子", phones: [], tags: [], aids: [], eligibility: [], contacts: [], birth_year: 1940, provisional: false, ...changes }) as unknown as Rider;

test("cards are compared by what at least one of them says", () => {
  const rows = compared(card({ phone: "000-000-0001" }), card({ phone: "000-000-0002", phones: [{ number: "000-000-0003", label: "携帯" }] }));
  expect(rows.filter((row) => row.differs)).toEqual([
    { field: "phone", one: "000-000-0001", other: "000-000-0002", differs: true },
    { field: "phones", one: "", other: "000-000-0003 携帯", differs: true },
  ]);
  expect(rows.find((row) => row.field === "name")?.differs).toBe(false);
  expect(rows.some((row) => row.field === "aids")).toBe(false);
});
