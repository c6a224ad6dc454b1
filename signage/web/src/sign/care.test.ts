import { expect, test, vi } from "vitest";

import { nextCare, shiftAt, startAnew, swapped } from "./care";

const at = (iso: string) => Date.parse(iso) / 1000;

test("the care of a night is due at half past three and the sign's own minutes", () => {
  expect(nextCare(at("2026-11-26T02:00:00+09:00"), 60)).toBe(at("2026-11-26T03:31:00+09:00"));
  expect(nextCare(at("2026-11-26T03:31:00+09:00"), 60)).toBe(at("2026-11-27T03:31:00+09:00"));
  expect(nextCare(at("2026-11-26T23:59:00+09:00"), 60)).toBe(at("2026-11-27T03:31:00+09:00"));
});

test("head and foot change places every night, at half past three", () => {
  const of = (iso: string) => swapped(at(iso));
  expect(of("2026-11-26T04:00:00+09:00")).toBe(of("2026-11-27T03:00:00+09:00"));
  expect(of("2026-11-26T04:00:00+09:00")).not.toBe(of("2026-11-27T04:00:00+09:00"));
  expect(of("2026-11-26T04:00:00+09:00")).toBe(of("2026-11-28T04:00:00+09:00"));
});

test("the board stands elsewhere every ten minutes, eight pixels from its middle", () => {
  const places = [0, 600, 1200, 1800].map(shiftAt);
  expect(new Set(places).size).toBe(4);
  expect(shiftAt(599)).toBe(shiftAt(0));
  for (const place of places) expect(place).toMatch(/^-?8px -?8px$/);
});

test.each([
  ["answers", () => Promise.resolve(new Response()), 1],
  ["is ill", () => Promise.resolve(new Response("", { status: 503 })), 0],
  ["is away", () => Promise.reject(new TypeError("Failed to fetch")), 0],
])("without a worker it starts anew only when its server %s", async (_, fetch, times) => {
  const reload = vi.fn();
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("fetch", fetch);
  vi.stubGlobal("location", { href: "http://sign.test/signage/1", reload });
  await startAnew();
  expect(reload).toHaveBeenCalledTimes(times);
  vi.unstubAllGlobals();
});
