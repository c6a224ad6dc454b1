import { expect, test } from "vitest";

import { qrPath } from "./qr";

test("a code is drawn with its three corner marks inside a margin", () => {
  const { size, path } = qrPath("K7QF2-9PMXA");
  expect(size).toBe(21 + 4);
  for (const corner of ["M2 2h", "M22 2h", "M2 22h"]) expect(path).toContain(corner);
  expect(path).not.toMatch(/M[01] |M\d+ [01]h/);
});
