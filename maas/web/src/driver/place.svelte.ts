import type { Spot } from "./events";

/** Above this the screen is locked but for 到着: 10 km/h in metres a second. */
const LOCK_M_S = 10 / 3.6;
/** A fix older than this says nothing about now. */
const FRESH_MS = 15_000;

type Fix = { lat: number; lon: number; speed: number | null; bearing: number | null; t_ms: number };

/** Where the tablet is, as far as its receiver and the driver's permission tell. */
export class Whereabouts {
  fix = $state.raw<Fix>();
  /** Ticks so that an old speed ends by itself. */
  private now_ms = $state(Date.now());

  /** Whether the vehicle drives; without a receiver it never does. */
  get moving(): boolean {
    return this.fix !== undefined && drives(this.fix, this.now_ms);
  }

  get spot(): Spot | null {
    const { fix } = this;
    if (!fix || Date.now() - fix.t_ms > FRESH_MS) return null;
    return { lat: fix.lat, lon: fix.lon };
  }

  start(): () => void {
    const timer = setInterval(() => (this.now_ms = Date.now()), 1000);
    const watch = navigator.geolocation?.watchPosition(
      ({ coords, timestamp }) => {
        const { latitude: lat, longitude: lon, speed, heading: bearing } = coords;
        this.fix = { lat, lon, speed, bearing, t_ms: timestamp };
      },
      () => undefined,
      { enableHighAccuracy: true, maximumAge: 5000 },
    );
    return () => {
      clearInterval(timer);
      if (watch !== undefined) navigator.geolocation.clearWatch(watch);
    };
  }
}

export function drives(fix: Pick<Fix, "speed" | "t_ms">, now_ms: number): boolean {
  return (fix.speed ?? 0) > LOCK_M_S && now_ms - fix.t_ms <= FRESH_MS;
}
