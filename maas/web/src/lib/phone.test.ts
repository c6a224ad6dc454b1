import { expect, test } from "vitest";

import { spaced } from "./phone";

test("bare digits are read in groups; what is written otherwise stays", () => {
  expect(["0000001167", "00000001167", "000-000-1167", "1167", ""].map(spaced)).toEqual([
    "000 000 1167", "000 0000 1167", "000-000-1167", "1167", "",
  ]);
});
