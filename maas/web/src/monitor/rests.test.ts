import { expect, test } from "vitest";

import type { Duty } from "../lib/types";
import { restsOf } from "./rests";

const at = (clock: string) => `2026-11-25T${clock}:00+09:00`;
const second = (clock: string) => Date.parse(at(clock)) / 1000;
const duty = (vehicle_id: string, rests: [string, string | null][]) =>
  ({
    vehicle_id,
    turns: [{ rests: rests.map(([since, until]) => ({ since: at(since), until: until && at(until), place: "" })) }],
  }) as unknown as Duty;

test("a vehicle's breaks are the town's and those its driver told of; one may last still", () => {
  const duties = [duty("van-1", [["14:30", null], ["09:00", "09:20"]]), duty("van-2", [["10:00", "10:10"]])];
  expect(restsOf("van-1", duties, "2026-11-25", ["12:00/13:00"])).toEqual([
    { from_s: second("09:00"), to_s: second("09:20") },
    { from_s: second("12:00"), to_s: second("13:00") },
    { from_s: second("14:30"), to_s: undefined },
  ]);
});
