import { expect, test } from "vitest";

import { faults, japaneseMarks, texts } from "../lib/catalogues";

/** Every catalogue of the public pages, by its folder and then its language's file. */
const files = import.meta.glob<Record<string, unknown>>(
  ["./*.ts", "../*/words/*.ts", "!../**/words.ts", "!../**/*.test.ts"],
  { eager: true },
);
const folders = new Map<string, Map<string, unknown>>();
for (const [path, file] of Object.entries(files)) {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const language = path.slice(folder.length + 1, -".ts".length);
  const catalogue = Object.values(file).find((one) => typeof one === "object");
  folders.set(folder, (folders.get(folder) ?? new Map()).set(language, catalogue));
}

test("there are catalogues to compare", () => expect(folders.size).toBeGreaterThan(0));

for (const [folder, catalogues] of folders) {
  for (const [language, catalogue] of catalogues) {
    test(`${folder}/${language} says everything that is said in Japanese`, () => {
      expect(faults(catalogues.get("ja"), catalogue)).toEqual([]);
      expect(texts(catalogue).length).toBeGreaterThan(10);
    });
  }
}

test("a text that is missing, too many or empty is found", () => {
  const ja = { a: "あ", b: { c: (n: number) => `${n}分` } };
  expect(faults(ja, { a: " ", b: {}, d: "x" })).toEqual(["missing: b.c", "too many: d", "empty: a"]);
});

const pages = import.meta.glob<string>("../**/*.svelte", { eager: true, query: "?raw", import: "default" });

test("no page writes marks of Japanese itself, where English is said too", () => {
  expect(Object.keys(pages).length).toBeGreaterThan(10);
  const marked = Object.entries(pages).map(([file, page]) => `${file}: ${japaneseMarks(page).join("")}`);
  expect(marked.filter((one) => !one.endsWith(": "))).toEqual([]);
});

test("marks of Japanese are found in a page, and left alone in notes and readings", () => {
  expect(japaneseMarks("<p>{from}〜{to}、{who}（{age}）</p>")).toEqual(["〜", "、", "（", "）"]);
  expect(japaneseMarks("<!-- 9:00〜 --><rp>（</rp>\n  // 駅。\n{split(/[、,]/)}")).toEqual([]);
});
