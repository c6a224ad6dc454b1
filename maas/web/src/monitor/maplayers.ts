import type { LayerSpecification } from "maplibre-gl";

export function busLayers(): LayerSpecification[] {
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

export function wayLayers(): LayerSpecification[] {
  const line = (id: string, color: string, dash: number[]): LayerSpecification => ({
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

/** The roads closed or slow, and on them a cross or a bar with the reason. */
export function closureLayers(): LayerSpecification[] {
  return [
    {
      id: "closed",
      type: "line",
      source: "closed",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": "#a3123a", "line-width": 8, "line-opacity": 0.85 },
    },
    {
      id: "closure",
      type: "circle",
      source: "closures",
      paint: {
        "circle-radius": 13,
        "circle-color": ["case", ["get", "slow"], "#8a4300", "#a3123a"],
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 3,
      },
    },
    {
      id: "closure-name",
      type: "symbol",
      source: "closures",
      layout: {
        "text-field": ["concat", ["case", ["get", "slow"], "▲ ", "✕ "], ["get", "label"]],
        "text-size": 15,
        "text-font": ["sans-serif"],
        "text-anchor": "left",
        "text-offset": [1.1, 0],
        "text-allow-overlap": true,
      },
      paint: { "text-color": "#a3123a", "text-halo-color": "#ffffff", "text-halo-width": 2.5 },
    },
  ];
}
