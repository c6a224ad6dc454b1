import { expect, test } from "vitest";

import type { Stretch } from "../lib/types";
import { desk as en } from "../words/desk.en";
import { desk as ja } from "../words/desk.ja";
import { stretchText } from "./stretches";

const near = (name: string, name_en: string, distance_m: number) => ({ name, name_en, distance_m });
const road: Stretch = {
  road: "一本道",
  length_m: 420,
  off_m: 12,
  path: [],
  ends: [
    { lat: 34, lon: 133, meets: ["県道1号", "県道2号"], near: near("役場", "Town hall", 30) },
    { lat: 34, lon: 133, meets: [], near: near("病院", "Clinic", 480) },
  ],
};

test("a road is said from junction to junction", () => {
  expect(stretchText(road, ja.stretch, "ja")).toBe(
    "一本道：県道1号・県道2号との交差点（役場の近く）〜病院から480mの交差点、長さ420m",
  );
  expect(stretchText(road, en.stretch, "en")).toBe(
    "一本道: from the junction with 県道1号, 県道2号 (near Town hall) to the junction 480 m from Clinic, 420 m long",
  );
});

test("a road without a name, far from the place that was chosen, says both", () => {
  const lane = { ...road, road: "", off_m: 140, ends: road.ends.map((end) => ({ ...end, near: null })) };
  expect(stretchText(lane, ja.stretch, "ja")).toBe(
    "名前のない道：県道1号・県道2号との交差点〜交差点、長さ420m（えらんだ所から140mはなれています）",
  );
});
