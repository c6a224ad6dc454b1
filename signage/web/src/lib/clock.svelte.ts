import { call } from "./api";
import { keep, recall } from "./keep";
import type { Clock } from "./types";

/** What the server's clock said (`now`) at a moment of this device's clock (`at`), both epoch seconds. */
export type Reading = { now: number; at: number; speed: number };

export const deviceNow = (): number => Date.now() / 1000;

/** The server's time at a later moment of the device's clock. */
export function toldBy(reading: Reading, device_s: number): number {
  return reading.now + (device_s - reading.at) * reading.speed;
}

/** A device clock that runs before its own last reading has been set back: its times mean nothing. */
export function doubtful(reading: Reading, device_s: number): boolean {
  return device_s < reading.at - 120;
}

const KEY = "clock";
const start = recall<Reading>(KEY);

/** The service's clock on this screen; it goes on by itself when the server is silent. */
export const clock = $state({
  now: start ? toldBy(start, deviceNow()) : deviceNow(),
  speed: start?.speed ?? 1,
  zone: "Asia/Tokyo",
  date: "",
  demo: false,
  known: start !== undefined,
  doubt: start !== undefined && doubtful(start, deviceNow()),
});

let reading: Reading = start ?? { now: clock.now, at: deviceNow(), speed: 1 };

/** Takes over a time the server just told. */
export function hearTime(now: number, speed: number = reading.speed): void {
  reading = { now, at: deviceNow(), speed };
  Object.assign(clock, { now, speed, known: true, doubt: false });
}

async function ask(): Promise<void> {
  const told = await call<Clock>("GET", "/clock");
  hearTime(told.now, told.speed);
  Object.assign(clock, { zone: told.timezone, date: told.service_date, demo: told.demo });
  keep(KEY, reading);
}

/** Starts the ticking: each second of the device, and once a minute by the server. */
export function startClock(): () => void {
  const tick = () => {
    clock.now = toldBy(reading, deviceNow());
  };
  const again = () => void ask().catch(() => undefined);
  again();
  const timers = [setInterval(tick, 1000), setInterval(again, 60_000)];
  return () => timers.forEach(clearInterval);
}
