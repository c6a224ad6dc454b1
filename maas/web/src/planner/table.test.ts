import { expect, test } from "vitest";

import { cellText, csvOf } from "./table";

const table = { columns: [{ name: "地区" }, { name: "人", number: true }], rows: [["田土, 北", 12.5], ["=SUM(A1)", null], ["-", 1234567]] };

test("a table is saved as Excel opens it, few people unsaid, no cell a formula", () => {
  expect(csvOf(table, ["出典: 乗車の記録"])).toBe(
    "\ufeff地区,人\r\n\"田土, 北\",12.5\r\n'=SUM(A1),＜5\r\n'-,1234567\r\n\r\n出典: 乗車の記録\r\n",
  );
});

test("numbers are read in groups of three, few people as fewer than five", () => {
  expect([cellText(1234567), cellText(null), cellText("x"), cellText(0.25)]).toEqual(["1,234,567", "＜5", "x", "0.3"]);
});
