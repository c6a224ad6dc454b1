import { leaves } from "../lib/board";
import type { components } from "../lib/openapi";
import type { Departure } from "../lib/types";

export type Car = components["schemas"]["ReservedOut"];
/** What a row shows: a bus, or a booked car. */
export type Shown = Departure | Car;

/** Shares the rows of a panel between buses and booked cars; the only row shows what leaves first. */
export function share(buses: Departure[], cars: Car[], room: number): Shown[] {
  const [bus, car] = [buses[0], cars[0]];
  if (room <= 1 && car && (!bus || car.planned < leaves(bus))) return cars.slice(0, room);
  const forCars = room <= 1 ? 0 : Math.min(cars.length, Math.max(Math.floor(room / 3), 1, room - buses.length));
  return [...buses.slice(0, room - forCars), ...cars.slice(0, forCars)];
}
