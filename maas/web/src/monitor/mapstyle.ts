import type { LayerSpecification, Map, StyleSpecification } from "maplibre-gl";

import { busLayers, closureLayers, wayLayers } from "./maplayers";

const BIG = ["motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"];
const MIDDLE = ["secondary", "tertiary", "secondary_link", "tertiary_link"];
const SMALL = ["track", "path", "service", "footway"];
const NONE = { type: "FeatureCollection" as const, features: [] };

/** Names of the sources that the page fills while it runs. */
export const SOURCES = ["lines", "stops", "way", "waystops", "probe", "closed", "closures"] as const;
export type Source = (typeof SOURCES)[number];

/** A quiet map of the roads, drawn from our own tiles; letters come from this computer's fonts. */
export function style(tiles: string | null, attribution: string): StyleSpecification {
  const roads: StyleSpecification["sources"] = tiles
    ? { roads: { type: "vector", url: `pmtiles://${location.origin}${tiles}`, attribution } }
    : {};
  return {
    version: 8,
    sources: {
      ...roads,
      ...Object.fromEntries(SOURCES.map((name) => [name, { type: "geojson", data: NONE }])),
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": "#e2e8db" } },
      ...(tiles ? roadLayers() : []),
      ...busLayers(),
      ...wayLayers(),
      ...closureLayers(),
    ],
  };
}

const width = (big: number, middle: number, small: number, other: number): never =>
  [
    "interpolate",
    ["exponential", 1.5],
    ["zoom"],
    9,
    byClass(big / 4, middle / 5, small / 8, other / 6),
    16,
    byClass(big, middle, small, other),
  ] as never;

const byClass = (big: number, middle: number, small: number, other: number) => [
  "match",
  ["get", "class"],
  BIG,
  big,
  MIDDLE,
  middle,
  SMALL,
  small,
  other,
];

const roads = (big: string, middle: string, other: string): never =>
  ["match", ["get", "class"], BIG, big, MIDDLE, middle, other] as never;

/** Layer, property, and its colour by day and by night. */
const COLOURS: [string, string, string, string][] = [
  ["land", "background-color", "#e2e8db", "#1c2622"],
  ["road-edge", "line-color", "#8f988a", "#0b110f"],
  ["road", "line-color", roads("#ffe3a3", "#fff6d8", "#ffffff"), roads("#7d6b3a", "#5f5a45", "#46524c")],
  ["road-name", "text-color", "#3b463f", "#d3dcd6"],
  ["road-name", "text-halo-color", "#ffffff", "#1c2622"],
  ["stop-name", "text-color", "#14201c", "#eef3f0"],
  ["stop-name", "text-halo-color", "#ffffff", "#1c2622"],
  ["way", "line-color", "#0a4fd6", "#7aa7ff"],
  ["probe", "line-color", "#7a1fa2", "#dd9bff"],
  ["closure-name", "text-color", "#a3123a", "#ffa3b8"],
  ["closure-name", "text-halo-color", "#ffffff", "#1c2622"],
];

/** Gives a map the colours of the day or of the night. */
export function dress(map: Map, dark: boolean): void {
  for (const [layer, property, day, night] of COLOURS) {
    if (map.getLayer(layer)) map.setPaintProperty(layer, property as never, (dark ? night : day) as never);
  }
}

function roadLayers(): LayerSpecification[] {
  const road = { source: "roads", "source-layer": "roads" };
  const round = { "line-cap": "round", "line-join": "round" } as const;
  return [
    {
      id: "road-edge",
      type: "line",
      ...road,
      layout: round,
      paint: { "line-color": "#8f988a", "line-width": width(16, 12, 5, 9) },
    },
    {
      id: "road",
      type: "line",
      ...road,
      layout: round,
      paint: {
        "line-color": roads("#ffe3a3", "#fff6d8", "#ffffff"),
        "line-width": width(13, 9, 3, 6.5),
      },
    },
    {
      id: "road-name",
      type: "symbol",
      ...road,
      minzoom: 11,
      layout: {
        "symbol-placement": "line",
        "text-field": ["coalesce", ["get", "ref"], ["get", "name"], ""],
        "text-size": 14,
        "text-font": ["sans-serif"],
      },
      paint: { "text-color": "#3b463f", "text-halo-color": "#ffffff", "text-halo-width": 2 },
    },
  ];
}
