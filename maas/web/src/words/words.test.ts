import { expect, test } from "vitest";

import { faults, texts } from "$shared/catalogues";

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
