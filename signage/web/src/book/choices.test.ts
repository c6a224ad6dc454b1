import { expect, test } from "vitest";

import { isMorning, nextStep, numberOf, placesFor, timesOf, wayBack, type Answers } from "./choices";
import type { MyPlace, MyRider } from "./types";

const place = (id: number, home = false): MyPlace => ({ id, name: `P${id}`, name_en: `P${id}`, kana: "", home });
const RIDER = { id: 1, name: "見本", wheelchair: false, home: place(9, true), places: [place(2), place(3)], trips: [], rides: [] } as MyRider;
const DAY = { date: "2026-11-27", opens: "8:00", closes: "17:00", closed: null };
const none: Answers = { anchor: "depart", riders: 1, wheelchair: false };

test("the four questions come one after another", () => {
  const asked: Answers = { ...none };
  expect(nextStep(asked)).toBe("who");
  expect(nextStep({ ...asked, rider: RIDER })).toBe("from");
  expect(nextStep({ ...asked, rider: RIDER, origin: place(1) })).toBe("to");
  expect(nextStep({ ...asked, rider: RIDER, origin: place(1), destination: place(2) })).toBe("day");
  const full: Answers = { ...asked, rider: RIDER, origin: place(1), destination: place(2), date: DAY.date };
  expect(nextStep(full)).toBe("time");
  expect(nextStep({ ...full, time: null })).toBe("confirm");
  expect([numberOf("who"), numberOf("to"), numberOf("time")]).toEqual([1, 3, 4]);
});

test("home comes first, and nobody rides from a place to itself", () => {
  expect(placesFor(RIDER, undefined).map((one) => one.id)).toEqual([9, 2, 3]);
  expect(placesFor(RIDER, place(9)).map((one) => one.id)).toEqual([2, 3]);
});

test("a day has its half hours, today those that are left", () => {
  expect(timesOf(DAY, undefined)).toHaveLength(19);
  expect(timesOf(DAY, undefined)[0]).toBe("08:00");
  expect(timesOf(DAY, 16 * 60 + 5)).toEqual(["16:30", "17:00"]);
  expect(timesOf(DAY, 17 * 60)).toEqual([]);
  expect(timesOf({ ...DAY, opens: "0:00", closes: "24:00" }, 23 * 60)).toEqual(["23:30"]);
  expect(timesOf({ ...DAY, opens: null, closes: null, closed: "運休" }, undefined)).toEqual([]);
  expect([isMorning("11:30"), isMorning("12:00")]).toEqual([true, false]);
});

test("the way back asks for the time alone", () => {
  const there: Answers = { ...none, rider: RIDER, origin: place(9, true), destination: place(2), date: DAY.date, time: "09:00", anchor: "arrive" };
  const back = wayBack(there);
  expect([back.origin?.id, back.destination?.id, back.anchor]).toEqual([2, 9, "depart"]);
  expect(nextStep(back)).toBe("time");
});
