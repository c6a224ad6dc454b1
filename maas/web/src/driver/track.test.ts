import { expect, test } from "vitest";

import type { Numbered, Shelf } from "./store";
import { Track, type Point } from "./track";

class MemoryShelf implements Shelf<Point> {
  rows: Numbered<Point>[] = [];
  private last = 0;

  async add(point: Point): Promise<Numbered<Point>> {
    const kept = { ...point, seq: ++this.last };
    this.rows.push(kept);
    return kept;
  }

  async first(count?: number): Promise<Numbered<Point>[]> {
    return this.rows.slice(0, count);
  }

  async remove(seqs: number[]): Promise<void> {
    this.rows = this.rows.filter((row) => !seqs.includes(row.seq));
  }
}

const at = (t: number) => ({ t, lat: 34.8, lon: 133.7, speed: 8, bearing: 90 });
const DEVICE = { vehicle: "van-1", secret: "s" };

test("positions are kept without signal and sent once there is some, in order", async () => {
  const shelf = new MemoryShelf();
  const sent: number[] = [];
  let signal = false;
  const post = async (points: object[]) => {
    if (!signal) throw new TypeError("no network");
    sent.push(...(points as Point[]).map((point) => point.t));
    return 200;
  };
  const track = new Track(shelf, DEVICE, "b", { post, renew: async () => "token" });
  for (const t of [0, 100, 103, 105]) await track.note(at(t));
  await expect(track.send()).rejects.toThrow();
  expect(shelf.rows.length).toBe(2);
  signal = true;
  await track.send();
  expect(sent).toEqual([100, 105]);
  expect(shelf.rows).toEqual([]);
});

test("a token that is over is renewed, a refusal keeps the positions", async () => {
  const shelf = new MemoryShelf();
  const tokens: string[] = [];
  let number = 0;
  let last = 200;
  const post = async (_points: object[], token: string) => {
    tokens.push(token);
    return token === "t1" ? 401 : last;
  };
  const track = new Track(shelf, DEVICE, "b", { post, renew: async () => `t${++number}` });
  await track.note(at(100));
  await track.send();
  expect(tokens).toEqual(["t1", "t2"]);
  last = 503;
  await track.note(at(200));
  await track.send();
  expect(shelf.rows.length).toBe(1);
});

test("without a device nothing is kept", async () => {
  const shelf = new MemoryShelf();
  await new Track(shelf, undefined).note(at(100));
  expect(shelf.rows).toEqual([]);
});
