import { call, Refused } from "$shared/api";

import type { RoadRoute } from "../lib/types";
import { words } from "../words/words";

type LonLat = [number, number];

/** Measures a way by road between two chosen points. */
export class Probe {
  active = $state(false);
  points = $state<LonLat[]>([]);
  route = $state<RoadRoute>();
  trouble = $state("");

  toggle(): void {
    Object.assign(this, { active: !this.active, points: [], route: undefined, trouble: "" });
  }

  /** Takes the start, then the end; a third point begins anew. */
  async take(point: LonLat): Promise<void> {
    const kept = this.points.length >= 2 ? [] : this.points;
    Object.assign(this, { points: [...kept, point], route: undefined, trouble: "" });
    const [from, to] = this.points;
    if (!from || !to) return;
    const text = ([lon, lat]: LonLat) => `${lat.toFixed(6)},${lon.toFixed(6)}`;
    try {
      this.route = await call<RoadRoute>("GET", `/roads/route?from=${text(from)}&to=${text(to)}`);
    } catch (error) {
      this.trouble = error instanceof Refused ? error.message : words().noAnswer;
    }
  }
}
