type Position = [number, number];

export type LineFeature = {
  properties: Record<string, unknown>;
  geometry: { type: string; coordinates: Position[] | Position[][] };
};

/** The answer of GET /map. Coordinates are longitude, latitude. */
export type TownMap = {
  bounds: [number, number, number, number];
  center: Position;
  tiles: string | null;
  /** The roads are invented; every map must say so. */
  synthetic: boolean;
  notice: string;
  attribution: string;
  lines: { type: "FeatureCollection"; features: LineFeature[] };
  stops: {
    type: "FeatureCollection";
    features: {
      properties: Record<string, unknown>;
      geometry: { type: string; coordinates: Position };
    }[];
  };
  town: { name: string; name_en: string; phone: string } | null;
};

/** West, south, east and north of the bus stops, else of the whole road network. */
export function inhabited(town: TownMap): [number, number, number, number] {
  const points = town.stops.features.map((stop) => stop.geometry.coordinates);
  if (points.length < 2) return town.bounds;
  const lons = points.map((point) => point[0]);
  const lats = points.map((point) => point[1]);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

/** A flat picture of the town: longitude shrunk by the latitude, north up, 1000 units wide. */
export function projection(points: Position[]): { at: (point: Position) => Position; height: number } {
  const lons = points.map((point) => point[0]);
  const lats = points.map((point) => point[1]);
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const shrink = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = 940 / Math.max((east - west) * shrink, 1e-6);
  return {
    at: ([lon, lat]) => [30 + (lon - west) * shrink * scale, 30 + (north - lat) * scale],
    height: 60 + (north - south) * scale,
  };
}

/** Every part of a line, whether it is one or several. */
export function partsOf(line: LineFeature): Position[][] {
  return line.geometry.type === "LineString"
    ? [line.geometry.coordinates as Position[]]
    : (line.geometry.coordinates as Position[][]);
}
