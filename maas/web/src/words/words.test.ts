import { expect, test } from "vitest";

import { faults, japaneseMarks, texts } from "$shared/catalogues";

/** Every catalogue of the staff pages: `ja.ts` beside `en.ts`, `driver.ja.ts` beside `driver.en.ts`. */
const files = import.meta.glob<Record<string, unknown>>(["./*ja.ts", "./*en.ts"], { eager: true });
const catalogueOf = (path: string) =>
  Object.values(files[path] ?? {}).find((one) => typeof one === "object");

for (const path of Object.keys(files).filter((one) => one.endsWith("ja.ts"))) {
  test(`${path} is said in English too`, () => {
    const ja = catalogueOf(path);
    expect(texts(ja).length).toBeGreaterThan(10);
    expect(faults(ja, catalogueOf(path.replace(/ja\.ts$/, "en.ts")))).toEqual([]);
  });
}

const pages = import.meta.glob<string>("../**/*.svelte", { eager: true, query: "?raw", import: "default" });

test("no page writes marks of Japanese itself, where English is said too", () => {
  expect(Object.keys(pages).length).toBeGreaterThan(10);
  const marked = Object.entries(pages).map(([file, page]) => `${file}: ${japaneseMarks(page).join("")}`);
  expect(marked.filter((one) => !one.endsWith(": "))).toEqual([]);
});
