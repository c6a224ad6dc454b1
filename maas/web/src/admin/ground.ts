/** A flat drawing of the town to point at places on. Places are latitude, longitude. */
export type LatLon = [number, number];
export type Flat = { at: (place: LatLon) => [number, number]; back: (x: number, y: number) => LatLon; height: number };

const M_PER_DEG = 111_195;
const WIDTH = 1000;
const MARGIN = 40;

const shrinkAt = (lat: number): number => Math.cos((lat * Math.PI) / 180);

/** A drawing 1000 units wide that holds these places, north up. */
export function flat(places: LatLon[]): Flat {
  const lats = places.map(([lat]) => lat);
  const lons = places.map(([, lon]) => lon);
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const shrink = shrinkAt((south + north) / 2);
  const wide = Math.max((east - west) * shrink, (north - south) * 0.8, 0.005);
  const scale = (WIDTH - 2 * MARGIN) / wide;
  const left = MARGIN + (WIDTH - 2 * MARGIN - (east - west) * shrink * scale) / 2;
  return {
    at: ([lat, lon]) => [left + (lon - west) * shrink * scale, MARGIN + (north - lat) * scale],
    back: (x, y) => [north - (y - MARGIN) / scale, west + (x - left) / scale / shrink],
    height: 2 * MARGIN + Math.max((north - south) * scale, 100),
  };
}

/** To five digits, a metre: what a hand can point at. */
export const rounded = ([lat, lon]: LatLon): LatLon => [Number(lat.toFixed(5)), Number(lon.toFixed(5))];

const STEPS: Record<string, LatLon> = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };

/** Where an arrow key moves a place, some metres on; undefined for another key. */
export function stepped(place: LatLon, key: string, metres: number): LatLon | undefined {
  const step = STEPS[key];
  if (!step) return undefined;
  const [lat, lon] = place;
  return rounded([lat + (step[0] * metres) / M_PER_DEG, lon + (step[1] * metres) / M_PER_DEG / shrinkAt(lat)]);
}

/** A ring with a place added where it lengthens the sides least. */
export function withCorner(ring: LatLon[], place: LatLon): LatLon[] {
  if (ring.length < 3) return [...ring, place];
  const longer = ring.map((corner, at) => {
    const next = ring[(at + 1) % ring.length]!;
    return apart(corner, place) + apart(place, next) - apart(corner, next);
  });
  const after = longer.indexOf(Math.min(...longer)) + 1;
  return [...ring.slice(0, after), place, ...ring.slice(after)];
}

/** Metres between two places, near enough within a town. */
export function apart([lat, lon]: LatLon, [lat2, lon2]: LatLon): number {
  return Math.hypot(lat2 - lat, (lon2 - lon) * shrinkAt((lat + lat2) / 2)) * M_PER_DEG;
}

const turn = ([ay, ax]: LatLon, [by, bx]: LatLon, [cy, cx]: LatLon): number =>
  Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));

/** Whether two sides of a ring cross each other. */
export function crosses(ring: LatLon[]): boolean {
  const sides = ring.map((corner, at) => [corner, ring[(at + 1) % ring.length]!] as const);
  return sides.some(([a, b], one) =>
    sides.some(([c, d], other) => {
      const beside = Math.abs(one - other) <= 1 || Math.abs(one - other) === ring.length - 1;
      return !beside && turn(a, b, c) !== turn(a, b, d) && turn(c, d, a) !== turn(c, d, b);
    }),
  );
}

/** Whether a place lies in a ring. */
export function holds(ring: LatLon[], [lat, lon]: LatLon): boolean {
  let inside = false;
  ring.forEach(([lat1, lon1], at) => {
    const [lat2, lon2] = ring[(at + 1) % ring.length]!;
    if (lat1 > lat !== lat2 > lat && lon < ((lon2 - lon1) * (lat - lat1)) / (lat2 - lat1) + lon1) inside = !inside;
  });
  return inside;
}

/** Square kilometres of a ring. */
export function km2(ring: LatLon[]): number {
  const shrink = shrinkAt(ring[0]?.[0] ?? 0);
  const twice = ring.reduce((sum, [lat, lon], at) => {
    const [lat2, lon2] = ring[(at + 1) % ring.length]!;
    return sum + lon * shrink * lat2 - lon2 * shrink * lat;
  }, 0);
  return (Math.abs(twice) / 2) * (M_PER_DEG / 1000) ** 2;
}
