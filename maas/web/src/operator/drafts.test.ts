import { expect, test } from "vitest";

import type { Offer, Quote } from "../lib/types";
import { among, asWritten, byNeed, type Draft, inTurn, named, whyNot } from "./drafts";

const offer = (kind: Offer["kind"], token: string) => ({ kind, token }) as Offer;
const offers = (...found: Offer[]): Quote => ({ offers: found, refusal: null, advice: [] });
const refused = (sentence: string): Quote => ({
  offers: [],
  refusal: {
    sentence, reason: "full", binding: null, alternatives: [], relaxations: [], waivable: false,
  },
  advice: [],
});
const draft = (id: string, made: number, state: Draft["state"] = "waiting") =>
  ({ id, made, state }) as Draft;

test("a draft is booked only at the time that was written down", () => {
  expect(asWritten([offers(offer("earlier", "a"), offer("asked", "b"))])).toEqual([
    offer("asked", "b"),
  ]);
  expect(asWritten([offers(offer("later", "a"))])).toBeUndefined();
  expect(asWritten([])).toBeUndefined();
});

test("a way back that cannot be had makes the whole trip a conflict", () => {
  const both = [offers(offer("asked", "a")), refused("満員です。")];
  expect(asWritten(both)).toBeUndefined();
  expect(whyNot(both)).toBe("満員です。");
});

test("drafts are sent in the order in which they were written down", () => {
  const all = [draft("c", 3), draft("a", 1), draft("x", 0, "booked"), draft("b", 2)];
  expect(inTurn(all).map((one) => one.id)).toEqual(["a", "b", "c"]);
});

test("what needs a call comes first, then what is to be told, then what waits", () => {
  const all = [draft("w", 1), draft("b", 2, "booked"), draft("c", 3, "conflict")];
  expect(byNeed(all).map((one) => one.id)).toEqual(["c", "b", "w"]);
});

const place = (name: string, kana: string, name_en: string) => ({ name, kana, name_en });
const hall = place("賀陽庁舎", "かようちょうしゃ", "Kayo town hall");
const clinic = place("賀陽病院", "かようびょういん", "Kayo hospital");

test("a written name is a place only when it is one alone", () => {
  expect(named("賀陽病院", [hall, clinic])).toBe(clinic);
  expect(named("ＫＡＹＯ hospital", [hall, clinic])).toBe(clinic);
  expect(named("賀陽", [hall, clinic])).toBeUndefined();
  expect(named("賀陽病院", [clinic, { ...clinic }])).toBeUndefined();
});

test("kept places are found without the server, those that begin so first", () => {
  expect(among("かよう", [hall, clinic])).toEqual([hall, clinic]);
  expect(among("病院", [hall, clinic])).toEqual([clinic]);
  expect(among("hosp", [hall, clinic])).toEqual([clinic]);
  expect(among("駅", [hall, clinic])).toEqual([]);
});
