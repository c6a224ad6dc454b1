import { expect, test } from "vitest";

import { afterTen, TEN, vanWith } from "../lib/samples";
import type { Disruption, Duty } from "../lib/types";
import { notCalled, vehiclesOut } from "./readiness";

const dutyOf = (readiness: Duty["readiness"]) => ({ vehicle_id: "van-1", readiness }) as Duty;
const reported = (kind: Disruption["kind"], ...ids: string[]) =>
  ({ kind, vehicles: ids.map((id) => ({ id, name: id })) }) as Disruption;
const out = (...all: Disruption[]) => vehiclesOut(all).map((one) => one.id);

test("a vehicle on duty needs a roll call that found its driver fit", () => {
  const van = vanWith([]);
  expect(notCalled([van], [], TEN)).toEqual([van]);
  expect(notCalled([van], [dutyOf("not_called")], TEN)).toEqual([van]);
  expect(notCalled([van], [dutyOf("not_fit")], TEN)).toEqual([van]);
  expect(notCalled([van], [dutyOf("ready")], TEN)).toEqual([]);
  expect(notCalled([vanWith([], { shift_from: afterTen(1) })], [], TEN)).toEqual([]);
});

test("the newest report of a vehicle counts, and roads take no vehicle out", () => {
  expect(out(reported("vehicle_out", "a", "b"))).toEqual(["a", "b"]);
  expect(out(reported("back", "a"), reported("driver_off", "a", "b"))).toEqual(["b"]);
  expect(out(reported("vehicle_out", "a"), reported("back", "a"))).toEqual(["a"]);
  expect(out(reported("road_closed"), reported("road_closed", "a"))).toEqual([]);
});
