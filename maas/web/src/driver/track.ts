import { call, newKey } from "$shared/api";
import { keep, recall } from "$shared/keep";
import type { components } from "$shared/openapi";

import type { Shelf } from "./store";

/** A position as it is kept; `t` is epoch seconds of the service's clock. */
export type Point = {
  vehicle: string;
  t: number;
  lat: number;
  lon: number;
  speed: number | null;
  bearing: number | null;
};

/** What this tablet is to the server: which vehicle it is in, and the secret that says so. */
export type Device = { vehicle: string; secret: string };

const KEY = "device";
const EVERY_S = 5;
const BATCH = 1000;

export const deviceOf = (): Device | undefined => recall<Device>(KEY) ?? undefined;

/** Makes this tablet the device of a vehicle by the code the office shows; throws when it is wrong. */
export async function enrol(code: string): Promise<Device> {
  type Enrolled = components["schemas"]["EnrolledOut"];
  const told = await call<Enrolled>("POST", "/devices/enrol", { body: { code }, key: newKey() });
  const device = { vehicle: told.vehicle, secret: told.refresh_token };
  keep(KEY, device);
  return device;
}

/** Posts points with a token; answers the status. */
export type Post = (points: object[], token: string) => Promise<number>;
export type Renew = (secret: string) => Promise<string>;

const post: Post = async (points, token) => {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  const body = JSON.stringify(points);
  return (await fetch("/api/v1/positions", { method: "POST", headers, body })).status;
};

const renew: Renew = async (secret) => {
  type Token = components["schemas"]["TokenOut"];
  const body = { refresh_token: secret };
  return (await call<Token>("POST", "/devices/token", { body, key: newKey() })).access_token;
};

/** The way of a vehicle, kept without signal and sent when there is some; no device, no way. */
export class Track {
  private token = "";
  private last_s = 0;

  constructor(
    private readonly shelf: Shelf<Point>,
    private readonly device: Device | undefined,
    private readonly boot: string = "",
    private readonly ways: { post: Post; renew: Renew } = { post, renew },
  ) {}

  /** Keeps a position, one every few seconds. */
  async note(point: Omit<Point, "vehicle">): Promise<void> {
    if (!this.device || point.t - this.last_s < EVERY_S) return;
    this.last_s = point.t;
    await this.shelf.add({ vehicle: this.device.vehicle, ...point });
  }

  /** Sends what is kept, oldest first; what the server has taken is no longer kept. */
  async send(): Promise<void> {
    if (!this.device) return;
    for (;;) {
      const kept = await this.shelf.first(BATCH);
      if (kept.length === 0) return;
      const points = kept.map((point) => ({ ...point, boot: this.boot }));
      if (!(await this.sent(points))) return;
      await this.shelf.remove(kept.map((point) => point.seq));
    }
  }

  private async sent(points: object[]): Promise<boolean> {
    const { device, ways } = this;
    if (!device) return false;
    this.token ||= await ways.renew(device.secret);
    let status = await ways.post(points, this.token);
    if (status === 401) {
      this.token = await ways.renew(device.secret);
      status = await ways.post(points, this.token);
    }
    return status < 300;
  }
}
