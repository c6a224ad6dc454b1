import { expect, test } from "vitest";

import { doubtful, toldBy } from "./clock.svelte";

test("the service's clock goes on at its own speed", () => {
  const reading = { now: 5000, at: 100, speed: 10 };
  expect(toldBy(reading, 103)).toBe(5030);
});

test("a device whose clock was set back is not believed", () => {
  const reading = { now: 5000, at: 1000, speed: 1 };
  expect(doubtful(reading, 990)).toBe(false);
  expect(doubtful(reading, 800)).toBe(true);
});
