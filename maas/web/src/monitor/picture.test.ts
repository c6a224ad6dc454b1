import { expect, test } from "vitest";

import { downward } from "./picture";

test("a picture read from below stands upright", () => {
  const upward = Uint8Array.from([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);

  const rows = downward(upward, 2, 2);

  expect([...rows]).toEqual([3, 3, 3, 3, 4, 4, 4, 4, 1, 1, 1, 1, 2, 2, 2, 2]);
});
