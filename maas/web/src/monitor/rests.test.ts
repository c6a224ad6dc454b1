import { expect, test } from "vitest";

import { afterTen, stopOf, vanWith } from "../lib/samples";
import type { Duty } from "../lib/types";
import { desk } from "../words/desk.ja";
import { plannedRests, restOf, restsOf, restText } from "./rests";

const at = (clock: string) => `2026-11-25T${clock}:00+09:00`;
const second = (clock: string) => Date.parse(at(clock)) / 1000;
const duty = (vehicle_id: string, rests: [string, string | null][]) =>
  ({
    vehicle_id,
    turns: [{ rests: rests.map(([since, until]) => ({ since: at(since), until: until && at(until), place: "" })) }],
  }) as unknown as Duty;

const { place } = stopOf("a", "pickup", 0);
const planned = { id: "r1", since: afterTen(60), until: afterTen(90), place };

test("a vehicle's breaks are the town's, its driver's and the office's; one may last still", () => {
  const duties = [duty("van-1", [["14:30", null], ["09:00", "09:20"]]), duty("van-2", [["10:00", "10:10"]])];
  expect(restsOf(vanWith([], { rests: [planned] }), duties, "2026-11-25", ["12:00/13:00"])).toEqual([
    { from_s: second("09:00"), to_s: second("09:20") },
    { id: "r1", from_s: second("11:00"), to_s: second("11:30"), place },
    { from_s: second("12:00"), to_s: second("13:00") },
    { from_s: second("14:30"), to_s: undefined },
  ]);
});

test("the office's breaks are listed with their vehicle, and say where", () => {
  const cars = [vanWith([], { id: "van-1" }), vanWith([], { id: "van-2", rests: [planned] })];
  expect(plannedRests(cars).map(({ id, vehicle }) => [id, vehicle.id])).toEqual([["r1", "van-2"]]);
  expect(restText(restOf(planned), "Asia/Tokyo", desk)).toBe("休憩 11:00〜11:30 病院");
});
