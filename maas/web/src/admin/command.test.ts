import { expect, test } from "vitest";

import { Keys } from "./command";

test("a command sent again keeps its key until it is done", () => {
  const keys = new Keys();
  const first = keys.of({ name: "a" });
  expect(keys.of({ name: "a" })).toBe(first);
  expect(keys.of({ name: "b" })).not.toBe(first);
  const again = keys.of({ name: "a" });
  expect(again).not.toBe(first);
  keys.done();
  expect(keys.of({ name: "a" })).not.toBe(again);
});
