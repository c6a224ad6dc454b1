import type { PlanStop, VehiclePlan } from "./types";

/** 10:00 on the day of the tests, in Japan. */
export const TEN = Date.parse("2026-11-25T10:00:00+09:00") / 1000;

/** An instant some minutes after ten, as the API writes it. */
export const afterTen = (minutes: number): string =>
  new Date((TEN + minutes * 60) * 1000).toISOString();

/** A stop of booking `id`, planned some minutes after ten, with five minutes to spare. */
export function stopOf(
  id: string,
  kind: "pickup" | "dropoff",
  minutes: number,
  change: Partial<PlanStop> = {},
): PlanStop {
  const place = { id: 1, name: "病院", kana: "", name_en: "", kind: "", address: "", oaza: "" };
  return {
    seq: 0,
    kind,
    booking_id: id,
    reference: id,
    rider_name: "仮野 勇",
    rider_kana: "",
    notes: "",
    tags: [],
    riders: 1,
    wheelchairs: 0,
    place: { ...place, lat: 34.8, lon: 133.7 },
    planned: afterTen(minutes),
    window_from: kind === "pickup" ? afterTen(minutes) : null,
    window_to: afterTen(minutes + 15),
    slack_s: 300,
    state: "planned",
    load_after: 0,
    fare_yen: null,
    phone: "",
    ...change,
  };
}

/** A van on duty from 8 to 17 with these stops. */
export function vanWith(stops: PlanStop[], change: Partial<VehiclePlan> = {}): VehiclePlan {
  return {
    id: "van-1",
    name: "1号車",
    name_en: "Car 1",
    kind: "van",
    operator: "",
    seats: 8,
    wheelchair_places: 0,
    version: 1,
    shift_from: afterTen(-120),
    shift_to: afterTen(420),
    driver: null,
    position: null,
    battery_percent: null,
    stops,
    rests: [],
    path: [],
    on_board: 0,
    ...change,
  };
}
