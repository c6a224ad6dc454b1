import type { components } from "./openapi";

/** Shapes of the public part of the API. Instants of departures are epoch seconds. */
type Bodies = components["schemas"];

export type Clock = Bodies["ClockOut"];
export type Stop = Bodies["StopOut"];
export type Departure = Bodies["DepartureOut"];

export type Board = Bodies["DeparturesOut"] & {
  /** Number for bookings and questions. */
  phone?: string | null;
};

/** A vehicle on the live stream's topic `vehicles`. */
export type LiveVehicle = {
  id: string;
  lat: number;
  lon: number;
  bearing: number | null;
  speed: number | null;
  /** Epoch seconds of the position. */
  ts: number;
  state: string;
  name?: string;
  trip?: string;
  route?: string;
};
