import { expect, test } from "vitest";

import { afterTen } from "../lib/samples";
import type { Booking } from "../lib/types";
import { matching } from "./matching";

const bookingOf = (reference: string, minutes: number, name = "", state = "booked") =>
  ({
    reference,
    state,
    rider: name ? { name, kana: "かりの" } : null,
    contact_name: "窓口",
    pickup_planned: afterTen(minutes),
  }) as Booking;
const ALL = [
  bookingOf("4821", 50, "仮野 勇"),
  bookingOf("4830", 10, "例田 花"),
  bookingOf("1482", 5),
  bookingOf("4899", 1, "仮野 勇", "done"),
];
const found = (query: string) => matching(ALL, query).map((one) => one.reference);

test("a number is found by how it begins, the next to ride first, what is over not at all", () => {
  expect(found("48")).toEqual(["4830", "4821"]);
  expect(found("４８２")).toEqual(["4821"]);
});

test("a name is found by any part of it, a guest by the name given", () => {
  expect(found("野 勇")).toEqual(["4821"]);
  expect(found("かり")).toEqual(["4830", "4821"]);
  expect(found("窓口")).toContain("1482");
  expect(found(" ")).toEqual([]);
});
