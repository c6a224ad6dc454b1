import { expect, test } from "vitest";

import type { Ladder, LadderRun } from "../lib/types";
import { band, dueAt, inOrder, named, planned, scaleOf, standing } from "./ladder";

const TEN = 36_000;
const run = (change: Partial<LadderRun> = {}, from = TEN): LadderRun => ({
  trip: "t",
  headsign: "行先",
  headsign_en: "",
  state: "running",
  calls: [
    { at_m: 0, arrive: from, depart: from },
    { at_m: 1000, arrive: from + 100, depart: from + 160 },
    { at_m: 2000, arrive: from + 260, depart: from + 260 },
  ],
  bus: null,
  ...change,
});
const bus = (delay_s: number, ts = TEN + 130) => ({ vehicle: "b", name: "赤", at_m: 900, ts, delay_s });
const ladder = (runs: LadderRun[]): Ladder => ({
  route: "r",
  name: "線",
  name_en: "",
  color: "",
  rungs: [0, 1000, 2000].map((at_m) => ({ name: `${at_m}`, name_en: "", at_m })),
  runs,
});

test("a bus is on time from a minute early to six minutes late", () => {
  const of = (delay_s: number) => standing(run({ bus: bus(delay_s) }), TEN + 130);
  expect([-61, -60, 0, 360, 361].map(of)).toEqual(["early", "on_time", "on_time", "on_time", "late"]);
});

test("a run that should be under way without a bus is a ghost, until it would have ended", () => {
  expect(standing(run(), TEN + 59)).toBe("ahead");
  expect(standing(run(), TEN + 60)).toBe("ghost");
  expect(standing(run(), TEN + 261)).toBe("done");
  expect(standing(run({ state: "cancelled" }), TEN + 100)).toBe("cancelled");
});

test("a bus that has not been heard of for three minutes is silent", () => {
  const long = run({ bus: bus(0, TEN) });
  long.calls[2] = { at_m: 2000, arrive: TEN + 900, depart: TEN + 900 };
  expect(standing(long, TEN + 180)).toBe("on_time");
  expect(standing(long, TEN + 181)).toBe("silent");
});

test("between two stops a run is due in proportion, at a stop it stands", () => {
  expect([-1, 50, 130, 210, 261].map((s) => dueAt(run(), TEN + s))).toEqual([
    undefined, 500, 1000, 1500, undefined,
  ]);
});

test("the chart puts now a third of the way and the band around the plan", () => {
  const scale = scaleOf(ladder([run()]), TEN, 900, 200);
  expect(scale.x(TEN)).toBe(300);
  expect(planned(run(), scale).split(" ")[0]).toBe("300.0,0.0");
  const points = band(run(), scale).split(" ");
  expect(points[0]).toBe("290.0,0.0");
  expect(points.at(-1)).toBe("360.0,0.0");
});

test("ghosts come first, and stops that stand too close lose their names", () => {
  const ahead = run({ trip: "later" }, TEN + 600);
  expect(inOrder([ahead, run()], TEN + 100).map((one) => one.trip)).toEqual(["t", "later"]);
  const close = ladder([run()]);
  expect(named(close, scaleOf(close, TEN, 100, 20), 12).map((rung) => rung.at_m)).toEqual([0, 2000]);
});
