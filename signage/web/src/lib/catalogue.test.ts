import { afterEach, expect, test, vi } from "vitest";

import { catalogue, fetchedFirst } from "./catalogue.svelte";
import { language, tongueOf } from "./language.svelte";

const page = { documentElement: { lang: "ko" } };
vi.stubGlobal("document", page);
afterEach(() => Object.assign(language, { now: "ja", tongue: "ja" }));

const none = async () => ({ default: "" });
const others = { en: none, "zh-Hans": none, ko: none, vi: none };

test("a language is fetched once, when it is chosen, and Japanese is spoken until then", async () => {
  const fetch = vi.fn(async () => ({ default: "你好" }));
  const words = catalogue("やあ", { ...others, "zh-Hans": fetch });
  expect(words()).toBe("やあ");
  expect(fetch).not.toHaveBeenCalled();
  Object.assign(language, { now: "en", tongue: "zh-Hans" });
  expect(words()).toBe("やあ");
  await fetchedFirst();
  expect(words()).toBe("你好");
  expect(fetch).toHaveBeenCalledTimes(1);
});

test("a language remembered here is fetched before the page is shown", async () => {
  Object.assign(language, { now: "en", tongue: "vi" });
  const words = catalogue("やあ", { ...others, vi: async () => ({ default: "xin chào" }) });
  await fetchedFirst();
  expect(words()).toBe("xin chào");
});

test("a language that cannot be fetched leaves the page in Japanese, and the page says so", async () => {
  const fails = vi.fn(async () => Promise.reject(new TypeError("no connection")));
  const words = catalogue("やあ", { ...others, ko: fails });
  Object.assign(language, { now: "en", tongue: "ko" });
  words();
  await fetchedFirst();
  expect([words(), language.tongue, page.documentElement.lang]).toEqual(["やあ", "ja", "ja"]);
  language.tongue = "ko";
  words();
  expect(fails).toHaveBeenCalledTimes(2);
  await fetchedFirst();
});

test("what a device remembers is one of our languages or Japanese", () => {
  expect(tongueOf("vi")).toBe("vi");
  for (const other of ["fr", undefined, 3, "constructor"]) expect(tongueOf(other)).toBe("ja");
});
