import { expect, test } from "vitest";

import { mayChange, sectionsOf } from "./sections";

test("a planner sees neither members nor accounts", () => {
  expect(sectionsOf("planner")).toEqual(["rules", "areas", "calendar", "fares", "timetables"]);
});

test("a driver has nothing to do here", () => expect(sectionsOf("driver")).toEqual([]));

test("a dispatcher reads the rules and changes members and places", () => {
  expect(mayChange("rules", "dispatcher")).toBe(false);
  expect(mayChange("vehicles", "dispatcher")).toBe(false);
  expect(mayChange("members", "dispatcher")).toBe(true);
  expect(mayChange("places", "dispatcher")).toBe(true);
});
