import { expect, test } from "vitest";

import { covers, planned, type Timetable } from "./timetable";

const line = (headsign: string) => ({
  route: "R1", route_name: "町内線", route_name_en: "Town", headsign, headsign_kana: "", headsign_en: "", color: "", text_color: "", platform: "",
});
const kept: Timetable = {
  until: 200_000,
  lines: [line("病院"), line("駅")],
  departures: [[900, 0, "a"], [1000, 1, "b"], [5000, 0, "c"], [90_000, 1, "d"]],
  off: ["c"],
};

test("what has left is gone and what is more than a day away is not yet there", () => {
  expect(planned(kept, 1000, new Set()).map((one) => one.id)).toEqual(["b", "c"]);
  expect(planned(kept, 80_000, new Set()).map((one) => one.id)).toEqual(["d"]);
});

test("a planned departure has the words of its line and no more than its planned time", () => {
  const [first] = planned(kept, 1000, new Set());
  expect([first?.headsign, first?.scheduled, first?.expected]).toEqual(["駅", 1000, null]);
});

test("one that was called off is still shown so, by the timetable or by the last board", () => {
  expect(planned(kept, 1000, new Set(["b"])).map((one) => one.state)).toEqual(["cancelled", "cancelled"]);
});

test("a timetable says what happens until its end", () => {
  expect([covers(kept, 199_999), covers(kept, 200_000), covers(undefined, 0)]).toEqual([true, false, false]);
});
