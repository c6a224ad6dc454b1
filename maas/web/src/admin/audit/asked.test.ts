import { expect, test } from "vitest";

import { audit as en } from "../../words/audit.en";
import { audit as ja } from "../../words/audit.ja";
import { actorText, asked, inWords, pretty } from "./asked";

const NOBODY = { actor: "", action: "", subject: "", from: "", to: "" };

test("only what is looked for is asked for", () => {
  expect(asked({ ...NOBODY, actor: "A&B", from: "2026-11-25" }, 50)).toBe("actor=A%26B&from=2026-11-25&limit=50");
  expect(asked(NOBODY, 50, 7)).toBe("limit=50&before=7");
});

test("a detail is indented when it is JSON, and shown when it is not", () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty("not json")).toBe("not json");
});

test("an action is said in words, and one that has none yet by its own", () => {
  expect(inWords("booking.cancelled", ja)).toBe("予約：取り消した");
  expect(inWords("town.place.added", en)).toBe("Place: added");
  expect(inWords("phone_task", ja)).toBe("電話連絡");
  expect([inWords("month.closed", en), inWords("return.closed", ja)]).toEqual(["Month: closed", "帰りの車：終えた"]);
  expect(inWords("moon.landed", en)).toBe("moon: landed");
});

test("what no person did is said in words, an account by its name", () => {
  expect(["device:ev-2", "improver", "operator"].map((actor) => actorText(actor, ja))).toEqual(["端末 ev-2", "自動の見直し", "operator"]);
});
