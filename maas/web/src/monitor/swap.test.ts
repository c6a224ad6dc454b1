import { expect, test } from "vitest";

import { stopOf, TEN, vanWith } from "../lib/samples";
import type { MovedRider } from "../lib/types";
import { laterBy, movable, swapped } from "./swap";

const both = (id: string, minutes: number) => [stopOf(id, "pickup", minutes), stopOf(id, "dropoff", minutes + 20)];

test("riders who wait, ride, or are about to be fetched stay where they are", () => {
  const van = vanWith([
    stopOf("aboard", "dropoff", 15),
    stopOf("waits", "pickup", 30, { state: "arrived" }),
    stopOf("held", "pickup", 30, { state: "held" }),
    ...both("near", 10),
    ...both("later", 11),
  ]);
  expect(movable(van, TEN).map((stop) => stop.booking_id)).toEqual(["later"]);
});

test("two vehicles change all the rides that can still change", () => {
  const one = vanWith(both("a", 30));
  const other = vanWith([...both("b", 40), ...both("near", 5)], { id: "van-2" });
  expect(swapped(one, other, TEN)).toEqual([
    { booking_id: "a", vehicle_id: "van-2", pinned: true },
    { booking_id: "b", vehicle_id: "van-1", pinned: true },
  ]);
});

test("minutes are rounded away from the rider's favour", () => {
  const rider = (pickup_later_s: number, arrive_later_s: number) =>
    laterBy({ pickup_later_s, arrive_later_s } as MovedRider);
  expect([rider(61, 0), rider(0, 60), rider(-30, 10), rider(-130, -200), rider(0, 0)]).toEqual([2, 1, 1, -3, 0]);
});
