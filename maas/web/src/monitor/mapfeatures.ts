import type { Feature, FeatureCollection, Geometry } from "geojson";

import { say } from "$shared/language.svelte";
import type { TownMap } from "$shared/townmap";

import type { Closure, VehiclePlan } from "../lib/types";

export const collection = (features: Feature[]): FeatureCollection => ({
  type: "FeatureCollection",
  features,
});

const feature = (geometry: Geometry, properties: Record<string, unknown> = {}): Feature => ({
  type: "Feature",
  geometry,
  properties,
});

export const pointOf = (coordinates: number[], properties: Record<string, unknown> = {}): Feature =>
  feature({ type: "Point", coordinates }, properties);

export const lineOf = (coordinates: number[][]): Feature =>
  feature({ type: "LineString", coordinates });

/** The bus lines in their colours. */
export const linesOf = (town: TownMap): Feature[] =>
  town.lines.features.map((line) => ({
    ...(line as unknown as Feature),
    properties: { paint: `#${String(line.properties["color"] || "0b4f43").replace("#", "")}` },
  }));

export const stopsOf = (town: TownMap): Feature[] =>
  town.stops.features.map(({ geometry, properties }) =>
    feature(geometry as Geometry, {
      label: say(String(properties["name"] ?? ""), properties["name_en"] as string | undefined),
    }),
  );

/** The stops a vehicle has still to make, numbered in their order. */
export const waystopsOf = (plan: VehiclePlan | undefined): Feature[] =>
  (plan?.stops ?? [])
    .filter((stop) => stop.state !== "done")
    .map((stop, index) => pointOf([stop.place.lon, stop.place.lat], { label: String(index + 1) }));

/** The roads that are closed or slow, from junction to junction. */
export const stretchesOf = (closures: Closure[]): Feature[] =>
  closures.flatMap(({ stretches }) => stretches.map(({ path }) => lineOf(path)));

/** Where roads are closed or slow; one that holds for all roads has no place. */
export const closuresOf = (closures: Closure[]): Feature[] =>
  closures.flatMap((closure) =>
    closure.points.map(([lat, lon]) =>
      pointOf([lon!, lat!], { label: closure.reason, slow: closure.factor !== null }),
    ),
  );
