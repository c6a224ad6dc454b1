import { afterEach, expect, test } from "vitest";

import { bracketed, labelled, language, ranged } from "./language.svelte";

afterEach(() => {
  language.tongue = "ja";
});

test("a span, a label and a bracket are written as the page's language writes them", () => {
  const written = () => [ranged("10:20", "10:30"), labelled("運賃", "500"), bracketed("家族")];

  expect(written()).toEqual(["10:20〜10:30", "運賃：500", "（家族）"]);

  language.tongue = "vi";

  expect(written()).toEqual(["10:20–10:30", "運賃: 500", " (家族)"]);
});
