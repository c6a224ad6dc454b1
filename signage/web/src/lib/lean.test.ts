import { expect, test } from "vitest";

const sources = import.meta.glob<string>(["../**/*.svelte", "../**/*.svelte.ts"], {
  eager: true,
  query: "?raw",
  import: "default",
});

test("no public page has deep state, which is built without (see lean.ts)", () => {
  expect(Object.keys(sources).length).toBeGreaterThan(30);
  const deep = Object.entries(sources).filter(([, text]) => /\$state[<(]/.test(text));
  expect(deep.map(([file]) => file)).toEqual([]);
});
