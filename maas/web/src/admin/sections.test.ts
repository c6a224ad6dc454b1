import { expect, test } from "vitest";

import { mayChange, sectionsOf, spotOf } from "./sections";

test("a planner sees neither members nor devices", () => {
  expect(sectionsOf("planner")).toEqual(["rules", "fares", "timetables"]);
  expect(spotOf("#members/6", "planner")).toEqual({ section: "rules", rest: [] });
});

test("an address says what is open in a section", () => {
  expect(spotOf("#rules/changes/3", "admin")).toEqual({ section: "rules", rest: ["changes", "3"] });
  expect(spotOf("", "admin")?.section).toBe("rules");
});

test("a driver has nothing to do here", () => expect(spotOf("#rules", "driver")).toBeUndefined());

test("a dispatcher reads the rules and changes members", () => {
  expect(mayChange("rules", "dispatcher")).toBe(false);
  expect(mayChange("members", "dispatcher")).toBe(true);
});
