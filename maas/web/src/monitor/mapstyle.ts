import type { LayerSpecification, StyleSpecification } from "maplibre-gl";

const BIG = ["motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"];
const MIDDLE = ["secondary", "tertiary", "secondary_link", "tertiary_link"];
const SMALL = ["track", "path", "service", "footway"];
const NONE = { type: "FeatureCollection" as const, features: [] };

/** Names of the sources that the page fills while it runs. */
export const SOURCES = ["lines", "stops", "way", "waystops", "probe", "vehicles"] as const;
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
      ...vehicleLayers(),
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
        "line-color": ["match", ["get", "class"], BIG, "#ffe3a3", MIDDLE, "#fff6d8", "#ffffff"],
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

function busLayers(): LayerSpecification[] {
  return [
    {
      id: "line",
      type: "line",
      source: "lines",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": ["get", "paint"], "line-width": 4, "line-opacity": 0.75 },
    },
    {
      id: "stop",
      type: "circle",
      source: "stops",
      minzoom: 10,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 2, 14, 6],
        "circle-color": "#ffffff",
        "circle-stroke-color": "#14201c",
        "circle-stroke-width": 2,
      },
    },
    {
      id: "stop-name",
      type: "symbol",
      source: "stops",
      minzoom: 12.5,
      layout: {
        "text-field": ["get", "label"],
        "text-size": 14,
        "text-font": ["sans-serif"],
        "text-anchor": "top",
        "text-offset": [0, 0.6],
      },
      paint: { "text-color": "#14201c", "text-halo-color": "#ffffff", "text-halo-width": 2 },
    },
  ];
}

function wayLayers(): LayerSpecification[] {
  const line = (id: Source, color: string, dash: number[]): LayerSpecification => ({
    id,
    type: "line",
    source: id,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color, "line-width": 6, "line-dasharray": dash, "line-opacity": 0.9 },
  });
  return [
    line("way", "#0a4fd6", [1, 0]),
    line("probe", "#7a1fa2", [1, 1.6]),
    {
      id: "waystops",
      type: "circle",
      source: "waystops",
      paint: {
        "circle-radius": 12,
        "circle-color": "#0a4fd6",
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 2,
      },
    },
    {
      id: "waystops-number",
      type: "symbol",
      source: "waystops",
      layout: {
        "text-field": ["get", "label"],
        "text-size": 14,
        "text-font": ["sans-serif"],
        "text-allow-overlap": true,
      },
      paint: { "text-color": "#ffffff" },
    },
  ];
}

/** A vehicle fades and its halo grows while nothing is heard of it. */
function vehicleLayers(): LayerSpecification[] {
  return [
    {
      id: "halo",
      type: "circle",
      source: "vehicles",
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["get", "age"], 0, 16, 60, 26, 600, 44],
        "circle-color": ["get", "paint"],
        "circle-opacity": ["interpolate", ["linear"], ["get", "age"], 0, 0.35, 600, 0.12],
      },
    },
    {
      id: "vehicle",
      type: "circle",
      source: "vehicles",
      paint: {
        "circle-radius": ["case", ["get", "chosen"], 15, 11],
        "circle-color": ["get", "paint"],
        "circle-stroke-color": ["case", ["get", "chosen"], "#ffd166", "#ffffff"],
        "circle-stroke-width": ["case", ["get", "chosen"], 5, 3],
      },
    },
    {
      id: "heading",
      type: "symbol",
      source: "vehicles",
      filter: ["has", "bearing"],
      layout: {
        "icon-image": "heading",
        "icon-rotate": ["get", "bearing"],
        "icon-rotation-alignment": "map",
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    },
    {
      id: "vehicle-name",
      type: "symbol",
      source: "vehicles",
      layout: {
        "text-field": ["get", "label"],
        "text-size": 15,
        "text-font": ["sans-serif"],
        // Names give way to each other; the chosen vehicle's comes first.
        "text-variable-anchor": ["top", "bottom", "left", "right"],
        "text-radial-offset": 1.2,
        "symbol-sort-key": ["case", ["get", "chosen"], 0, 1],
      },
      paint: { "text-color": "#14201c", "text-halo-color": "#ffffff", "text-halo-width": 2.5 },
    },
  ];
}

/** A white arrow pointing north, turned by each vehicle's bearing. */
export function headingImage(): ImageData {
  const size = 40;
  const drawing = new OffscreenCanvas(size, size).getContext("2d")!;
  drawing.fillStyle = "#ffffff";
  drawing.beginPath();
  drawing.moveTo(20, 10);
  drawing.lineTo(28, 29);
  drawing.lineTo(20, 24);
  drawing.lineTo(12, 29);
  drawing.fill();
  return drawing.getImageData(0, 0, size, size);
}
