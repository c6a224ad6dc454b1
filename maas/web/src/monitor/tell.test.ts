import { expect, test } from "vitest";

import { sayable, SAY_NOTHING, toDrivers, toSigns } from "./tell";

test("there must be words, and somebody who reads them", () => {
  expect(sayable(SAY_NOTHING)).toBe(false);
  expect(sayable({ ...SAY_NOTHING, text: " " })).toBe(false);
  expect(sayable({ ...SAY_NOTHING, text: "雪" })).toBe(true);
  expect(sayable({ ...SAY_NOTHING, text: "雪", drivers: false })).toBe(false);
});

test("drivers are told by vehicle, signs in two languages", () => {
  const telling = { ...SAY_NOTHING, text: " 雪です ", text_en: " Snow ", vehicles: ["van-1"], minutes: 30 };
  expect(toDrivers(telling)).toEqual({ text: "雪です", vehicles: ["van-1"], minutes: 30 });
  expect(toSigns(telling)).toEqual({
    header: "雪です", header_en: "Snow", minutes: 30, severity: "warning",
  });
});
