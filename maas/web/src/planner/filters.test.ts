import { expect, test } from "vitest";

import { filtersOf, questionOf, searchOf, spans } from "./filters";

test("filters go into the address and come back", () => {
  const search = "?from=2025-12-01&to=2026-11-26&hours=9-11&weekday=0&age=85%2B&hamlet=%E7%94%B0%E5%9C%9F";
  const filters = filtersOf(search);
  expect([filters.age, filters.hamlet, filters.hours]).toEqual(["85+", "田土", "9-11"]);
  expect(filtersOf(searchOf(filters))).toEqual(filters);
  expect(searchOf(filtersOf(""))).toBe("");
});

test("what is no filter of ours is left out of the address", () => {
  expect(searchOf(filtersOf("?from=soon&weekday=9&age=old&x=1&vehicle=van-1"))).toBe("?vehicle=van-1");
});

test("the API is asked for the first and the last hour", () => {
  expect(questionOf(filtersOf("?hours=9-11&age=85%2B"))).toBe("?age=85%2B&hour_from=9&hour_to=11");
});

test("years begin in April, and those of the subsidy in October", () => {
  const of = (today: string) => Object.fromEntries(spans(today).map((one) => [one.key, `${one.from} ${one.to}`]));
  expect(of("2026-11-26")).toEqual({
    months12: "2025-12-01 2026-11-26", month: "2026-11-01 2026-11-26", lastMonth: "2026-10-01 2026-10-31",
    fiscal: "2026-04-01 2027-03-31", lastFiscal: "2025-04-01 2026-03-31",
    subsidy: "2026-10-01 2027-09-30", lastSubsidy: "2025-10-01 2026-09-30",
  });
  expect(of("2026-03-31")["fiscal"]).toBe("2025-04-01 2026-03-31");
  expect(of("2026-01-05")["lastMonth"]).toBe("2025-12-01 2025-12-31");
});
