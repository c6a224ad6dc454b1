import type { components } from "../lib/openapi";

export type RidePage = components["schemas"]["RidePageOut"];
export type RideVehicle = components["schemas"]["RideVehicleOut"];
export type RideEnd = components["schemas"]["RideEndOut"];
