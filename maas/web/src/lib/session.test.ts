import { expect, test } from "vitest";

import { pageAfterLogin } from "./session.svelte";

test("everybody lands on the screen of their work", () => {
  expect(pageAfterLogin("operator", null)).toBe("/operator");
  expect(pageAfterLogin("planner", null)).toBe("/planner");
  expect(pageAfterLogin("driver", "/monitor")).toBe("/monitor");
});

test.each(["//evil.example", "https://evil.example", "/a/b", "javascript:alert(1)", "/\\evil"])(
  "a way to another site (%s) is not followed",
  (next) => {
    expect(pageAfterLogin("operator", next)).toBe("/operator");
  },
);
