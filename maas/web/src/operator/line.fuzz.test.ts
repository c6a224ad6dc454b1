import { expect, test } from "vitest";

import { daysAhead, readLine, withoutPlaces } from "./line";

// More on demand: MAAS_FUZZ_LINES=1000000 npm run test -w maas/web -- line.fuzz
const LINES = Number(process.env["MAAS_FUZZ_LINES"] ?? 20_000);
const PIECES = [
  "1", "9", "0", "10", "1030", "930", "2460", "10:30", ":", "時", "分", "半", "午前", "午後", "着", "a",
  "+", "+2", "w", "w2", "r", "r?", "r1200", "?", "明日", "明後日", "火", "曜", "日", "tue", "12/3", "/",
  "99/99", "13月", "31日", "病院", "役場", "ﾋﾞｮｳ", "１０３０", "　", " ", "\t", "\u0000", "\ud800", "㍘", "ﬁ",
  "constructor", "__proto__", "e\u0301", "🚌", "-1", "NaN",
];

/** A small generator of our own: what fails is found again by its seed. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test("any line is understood or has a word that is not", () => {
  const below = chance(9);
  for (let i = 0; i < LINES; i += 1) {
    const text = Array.from({ length: 1 + below(9) }, () => PIECES[below(PIECES.length)]).join("");
    const line = readLine(text);
    if ("wrong" in line) {
      if (line.wrong === "") expect.fail(`no word is wrong in ${JSON.stringify(text)}`);
      continue;
    }
    const times = [line.time, line.back && line.back !== "open" ? line.back.time : null];
    const good =
      line.places.length <= 2 &&
      times.every((time) => time === null || /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(time)) &&
      [line.riders, line.wheelchairs].every((n) => n === undefined || (n >= 1 && n <= 9)) &&
      Number.isInteger(daysAhead(line, "2026-11-27", "09:00")) &&
      daysAhead(line, "2026-11-27", "09:00") >= 0;
    const rest = readLine(withoutPlaces(text));
    if (!good || "wrong" in rest || rest.places.length > 0) {
      expect.fail(`${JSON.stringify(text)} was read as ${JSON.stringify(line)}`);
    }
  }
}, 600_000);
