import { expect, test } from "vitest";

import { bodyOf, formOf } from "./vehicleform";

test("a form gives back the vehicle that it was made from", () => {
  const car = {
    area: "a", name: "1号車", name_en: "Car 1", operator: "", kind: "micro_ev", profile: "micro_ev", seats: 3,
    wheelchair_places: 0, seats_lost_per_wheelchair: 0, battery_wh: 9060, depot: 7, plate: "", colour: "white" as const, shift_from: "08:00",
    shift_to: "17:00", in_service: true,
  };
  const shown = { ...car, id: "e-1", depot_name: "車庫", depot_name_en: "Depot", block: null, driver: null };
  expect(bodyOf(formOf(shown, ""))).toEqual(car);
});

test("a vehicle without a battery has none, not one of 0 Wh", () => {
  expect(bodyOf({ ...formOf(undefined, "a"), seats: "4" })).toMatchObject({ battery_wh: null, seats: 4, depot: null });
});
