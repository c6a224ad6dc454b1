import { expect, test } from "vitest";

import { pinsOf, vehicleOf } from "./mappins";

const at = (name: string, lat: number) => ({ name, name_en: "", lat, lon: 133.7, address: "" });
const position = { lat: 34.9, lon: 133.6, bearing: null, ts: 100 };
const cars = { plans: { "van-1": { name: "1号車", name_en: "Car 1", position } } };
const nobody = { trip: {}, answer: { choices: [] } };
const offered = { choices: [{ offers: [{ vehicle: { id: "van-1" } }], at: 0 }] };

test("from, to and the vehicle that is offered are on the map", () => {
  const trip = { origin: at("自宅", 34.8), destination: at("病院", 34.85) };
  const pins = pinsOf({ trip, answer: offered }, cars, 130);
  expect(pins.map((pin) => [pin.kind, pin.name, pin.age])).toEqual([
    ["from", "自宅", undefined], ["to", "病院", undefined], ["vehicle", "1号車", 30],
  ]);
});

test("a place without coordinates and a vehicle never seen are left out", () => {
  const trip = { origin: { name: "どこか", name_en: "" } };
  expect(pinsOf({ ...nobody, trip }, { plans: {} }, 130)).toEqual([]);
});

test("the booking made goes before the offer, and that before the next ride", () => {
  const rider = { next_booking: { vehicle: { id: "van-3" } } };
  expect(vehicleOf({ ...nobody, rider })).toBe("van-3");
  expect(vehicleOf({ ...nobody, rider, answer: offered })).toBe("van-1");
  expect(vehicleOf({ ...nobody, answer: offered, done: { vehicle: { id: "van-2" } } })).toBe("van-2");
});
