import { expect, test } from "vitest";

import { afterTen, stopOf, TEN, vanWith } from "../lib/samples";
import { exceptions } from "./exceptions";

const kinds = (vehicle = vanWith([]), age: number | undefined = 5) =>
  exceptions([vehicle], TEN, () => age, 60).map((one) => one.kind);

test("a quiet fleet has no exceptions", () => {
  expect(kinds(vanWith([stopOf("a", "pickup", 5)]))).toEqual([]);
});

test("a promise that will be broken by a minute is one, and names the worst", () => {
  const van = vanWith([
    stopOf("a", "pickup", 5, { slack_s: -60, rider_name: "A" }),
    stopOf("b", "pickup", 9, { slack_s: -200, rider_name: "B" }),
    stopOf("c", "pickup", 9, { slack_s: -900, rider_name: "C", state: "done" }),
  ]);
  const found = exceptions([van], TEN, () => 5, 60);
  expect(found).toEqual([{ kind: "late", vehicle: van, minutes: 3, who: "B" }]);
  expect(kinds(vanWith([stopOf("a", "pickup", 5, { slack_s: -59 })]))).toEqual([]);
});

test("silence counts on duty only, and only once there was a position", () => {
  expect(kinds(vanWith([]), 61)).toEqual(["silent"]);
  expect(kinds(vanWith([]), 60)).toEqual([]);
  expect(exceptions([vanWith([])], TEN, () => undefined, 60)).toEqual([]);
  expect(kinds(vanWith([], { shift_to: afterTen(-1) }), 600)).toEqual([]);
});

test("broken promises come before silence and batteries", () => {
  const tired = vanWith([stopOf("a", "pickup", 5, { slack_s: -600 })], { battery_percent: 19 });
  expect(kinds(tired, 600)).toEqual(["late", "silent", "battery"]);
  expect(kinds(vanWith([], { battery_percent: 20 }))).toEqual([]);
});
