import { call } from "./api";
import { keep, recall } from "./keep";
import type { Clock } from "./types";

/** What the server's clock said (`now`) at a moment of this device's clock (`at`), both epoch seconds. */
export type Reading = { now: number; at: number; speed: number };

/** A device clock that is off by this much is not believed. */
export const DOUBT_S = 120;

/** The clock on the device's wall, which somebody or something may set. */
export const wallNow = (): number => Date.now() / 1000;

const origin_s = (Date.now() - performance.now()) / 1000;

/** The same in steady seconds: it goes on evenly while the page runs, whatever is set meanwhile. */
export const deviceNow = (): number => origin_s + performance.now() / 1000;

/** A steady instant as the device's wall clock has it now, to be kept for the next start. */
export const onWall = (steady_s: number): number => steady_s + wallNow() - deviceNow();

/** The server's time at a later moment of the device's clock. */
export function toldBy(reading: Reading, device_s: number): number {
  return reading.now + (device_s - reading.at) * reading.speed;
}

/** A device clock that runs before its own last reading has been set back: its times mean nothing. */
export function doubtful(reading: Reading, device_s: number): boolean {
  return device_s < reading.at - DOUBT_S;
}

const KEY = "clock";
const start = recall<Reading>(KEY);

/** The service's clock on this screen; it goes on by itself when the server is silent. */
class ServiceClock {
  now = $state.raw(start ? toldBy(start, deviceNow()) : deviceNow());
  speed = $state.raw(start?.speed ?? 1);
  zone = $state.raw("Asia/Tokyo");
  date = $state.raw("");
  demo = $state.raw(false);
  known = $state.raw(start !== undefined);
  /** The server has answered, or cannot: nothing more comes of itself. */
  asked = $state.raw(false);
  /** The device's clock was set while nobody could say what time it really is. */
  doubt = $state.raw(start !== undefined && doubtful(start, deviceNow()));
}

export const clock = new ServiceClock();

let reading: Reading = start ?? { now: clock.now, at: deviceNow(), speed: 1 };
/** How far the wall clock was from the steady one when the server last told the time. */
let apart_s = wallNow() - deviceNow();

/** Takes over a time the server just told. */
export function hearTime(now: number, speed: number = reading.speed): void {
  reading = { now, at: deviceNow(), speed };
  apart_s = wallNow() - deviceNow();
  Object.assign(clock, { now, speed, known: true, doubt: false });
}

async function ask(): Promise<void> {
  const told = await call<Clock>("GET", "/clock");
  hearTime(told.now, told.speed);
  Object.assign(clock, { zone: told.timezone, date: told.service_date, demo: told.demo });
  keep(KEY, { ...reading, at: onWall(reading.at) } satisfies Reading);
}

/** Starts the ticking: each second of the device, and once a minute by the server. */
export function startClock(): () => void {
  const tick = () => {
    clock.now = toldBy(reading, deviceNow());
    if (Math.abs(wallNow() - deviceNow() - apart_s) >= DOUBT_S) clock.doubt = true;
  };
  const again = () => void ask().catch(() => undefined).then(() => (clock.asked = true));
  again();
  const timers = [setInterval(tick, 1000), setInterval(again, 60_000)];
  return () => timers.forEach(clearInterval);
}
