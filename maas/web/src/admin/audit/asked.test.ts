import { expect, test } from "vitest";

import { asked, pretty } from "./asked";

const NOBODY = { actor: "", action: "", subject: "", from: "", to: "" };

test("only what is looked for is asked for", () => {
  expect(asked({ ...NOBODY, actor: "A&B", from: "2026-11-25" }, 50)).toBe("actor=A%26B&from=2026-11-25&limit=50");
  expect(asked(NOBODY, 50, 7)).toBe("limit=50&before=7");
});

test("a detail is indented when it is JSON, and shown when it is not", () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty("not json")).toBe("not json");
});
