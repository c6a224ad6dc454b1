import type { Place, VehiclePlan } from "../lib/types";

/** A point of the call on the map; the list under the map says the same in words. */
export type Pin = {
  kind: "from" | "to" | "vehicle";
  mark: string;
  name: string;
  name_en: string;
  address: string;
  lat: number;
  lon: number;
  /** Of a vehicle: how long ago it was there, in seconds. */
  age?: number;
};

type Where = Pick<Place, "name" | "name_en"> & Partial<Pick<Place, "lat" | "lon" | "address">>;
type Going = {
  trip: { origin?: Where | undefined; destination?: Where | undefined };
  done?: { vehicle: { id: string } } | undefined;
  rider?: { next_booking: { vehicle: { id: string } } | null } | undefined;
  answer: { choices: { offers: { vehicle: { id: string } }[]; at: number }[] };
};

/** The vehicle a call is about: that of the booking made, of the offer chosen, of the next ride. */
export function vehicleOf(desk: Going): string | undefined {
  const [choice] = desk.answer.choices;
  const offered = choice?.offers[choice.at]?.vehicle.id;
  return desk.done?.vehicle.id ?? offered ?? desk.rider?.next_booking?.vehicle.id;
}

export function pinsOf(
  desk: Going,
  cars: { plans: Record<string, Pick<VehiclePlan, "name" | "name_en" | "position">> },
  now: number,
): Pin[] {
  const { origin, destination } = desk.trip;
  const car = cars.plans[vehicleOf(desk) ?? ""];
  const seen = car?.position;
  return [
    ...pinAt("from", "1", origin),
    ...pinAt("to", "2", destination),
    ...(car && seen
      ? [{ ...named(car), kind: "vehicle" as const, mark: "●", address: "", lat: seen.lat,
          lon: seen.lon, age: Math.max(0, Math.round(now - seen.ts)) }]
      : []),
  ];
}

const named = ({ name, name_en }: Pick<Place, "name" | "name_en">) => ({ name, name_en });

function pinAt(kind: "from" | "to", mark: string, place: Where | undefined): Pin[] {
  if (place?.lat === undefined || place.lon === undefined) return [];
  const { lat, lon, address = "" } = place;
  return [{ ...named(place), kind, mark, address, lat, lon }];
}
