import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Cursor, Live, retryDelay, type Frame } from "./live";

const frame = (s: number, k: "snap" | "delta" = "delta", e = "A"): Frame => ({
  t: "stop:1",
  e,
  s,
  k,
  u: [s],
  n: 1000 + s,
});

/** A socket that the test opens, speaks through and cuts. */
class Wire {
  static made: Wire[] = [];
  readyState = 0;
  sent: { sub?: string[]; unsub?: string[]; since?: Record<string, [string, number]> }[] = [];
  onopen?: () => void;
  onclose?: (event: { reason: string }) => void;
  onmessage?: (event: { data: string }) => void;

  constructor() {
    Wire.made.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.cut();
  }

  connect(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  cut(reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ reason });
  }

  tell(message: Frame): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const wire = (at: number): Wire => Wire.made.at(at)!;
const open = (events = {}) => new Live("ws://x", events, () => new Wire() as unknown as WebSocket);

beforeEach(() => {
  Wire.made = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a cursor takes a snapshot, then one step after the other", () => {
  const cursor = new Cursor();
  expect(cursor.judge(frame(4))).toBe("gap");
  expect(cursor.judge(frame(7, "snap"))).toBe("take");
  expect(cursor.judge(frame(8))).toBe("take");
  expect(cursor.judge(frame(8))).toBe("known");
  expect(cursor.judge(frame(10))).toBe("gap");
  expect(cursor.place).toBeUndefined();
});

test("one gap asks once, however much comes before the answer", () => {
  const cursor = new Cursor();
  cursor.judge(frame(1, "snap"));
  expect([3, 4, 5].map((s) => cursor.judge(frame(s)))).toEqual(["gap", "known", "known"]);
  expect(cursor.judge(frame(5, "snap"))).toBe("take");
  expect(cursor.judge(frame(9))).toBe("gap");
});

test("another epoch is a gap even when the number follows on", () => {
  const cursor = new Cursor();
  cursor.judge(frame(7, "snap"));
  expect(cursor.judge(frame(8, "delta", "B"))).toBe("gap");
});

test("a gap asks for the topic again, with nothing named as held", () => {
  const heard: unknown[] = [];
  open().subscribe("stop:1", (one) => heard.push(one.s));
  wire(0).connect();
  wire(0).tell(frame(1, "snap"));
  wire(0).tell(frame(3));
  expect(wire(0).sent.at(-1)).toEqual({ sub: ["stop:1"], since: {} });
  wire(0).tell(frame(3, "snap"));
  expect(heard).toEqual([1, 3]);
});

test("after a lost connection it comes back by itself and asks for what it missed", () => {
  const links: boolean[] = [];
  open({ link: (up: boolean) => links.push(up) }).subscribe("stop:1", () => undefined);
  wire(0).connect();
  wire(0).tell(frame(1, "snap"));
  wire(0).tell(frame(2));
  wire(0).cut();
  vi.advanceTimersByTime(1000);
  wire(1).connect();
  expect(wire(1).sent).toEqual([{ sub: ["stop:1"], since: { "stop:1": ["A", 2] } }]);
  expect(links).toEqual([true, false, true]);
});

test("a second listener of a topic gets a whole picture of its own", () => {
  const live = open();
  wire(0).connect();
  live.subscribe("stop:1", () => undefined);
  wire(0).tell(frame(5, "snap"));
  const heard: number[] = [];
  live.subscribe("stop:1", (one) => heard.push(one.s));
  expect(wire(0).sent.at(-1)).toEqual({ sub: ["stop:1"], since: {} });
  wire(0).tell(frame(5, "snap"));
  expect(heard).toEqual([5]);
});

test("the last listener to leave ends the topic; a closed link stays closed", () => {
  const live = open();
  wire(0).connect();
  const stop = live.subscribe("stop:1", () => undefined);
  stop();
  expect(wire(0).sent.at(-1)).toEqual({ unsub: ["stop:1"] });
  live.close();
  vi.advanceTimersByTime(60_000);
  expect(Wire.made.length).toBe(1);
});

test("every frame tells the time, also an empty one", () => {
  const told: number[] = [];
  open({ time: (now: number) => told.push(now) }).subscribe("stop:1", () => undefined);
  wire(0).connect();
  wire(0).tell(frame(1, "snap"));
  wire(0).tell({ ...frame(1), u: [], n: 2000 });
  expect(told).toEqual([1001, 2000]);
});

test("after five tries waits double up to half a minute, with full jitter", () => {
  expect(retryDelay(0, 1, () => 0.5)).toBe(500);
  expect(retryDelay(4, 1, () => 1)).toBe(1000);
  expect(retryDelay(7, 1, () => 1)).toBe(8000);
  expect(retryDelay(20, 1, () => 1)).toBe(30_000);
  expect(retryDelay(20, 1, () => 0)).toBe(0);
  expect(retryDelay(20, 1, () => 1, 4)).toBe(4000);
});

test("a crowd spreads over what the server says, told with a snapshot or with the end", () => {
  expect(retryDelay(0, 12, () => 1)).toBe(12_000);
  expect(retryDelay(5, 12, () => 1)).toBe(24_000);
  vi.spyOn(Math, "random").mockReturnValue(0.999);
  open().subscribe("stop:1", () => undefined);
  wire(0).connect();
  wire(0).tell({ ...frame(1, "snap"), retry: 8 });
  wire(0).cut();
  vi.advanceTimersByTime(7900);
  expect(Wire.made.length).toBe(1);
  vi.advanceTimersByTime(100);
  expect(Wire.made.length).toBe(2);
  wire(1).connect();
  wire(1).cut("retry 3");
  vi.advanceTimersByTime(3000);
  expect(Wire.made.length).toBe(3);
});
