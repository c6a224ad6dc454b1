import { afterEach, expect, test, vi } from "vitest";

import type { Link } from "../lib/link.svelte";
import type { VehiclePlan } from "../lib/types";
import { Fleet } from "./fleet.svelte";

afterEach(() => vi.unstubAllGlobals());

type Take = (changed: unknown[], gone: string[], fresh: boolean) => void;

/** A stream that says what a test says. */
class Stream {
  readonly takes: Record<string, Take> = {};

  follow(topic: string, take: Take): () => void {
    this.takes[topic] = take;
    return () => undefined;
  }
}

const car = (stops: number) => ({ id: "van-1", name: "1号車", stops: Array(stops) }) as VehiclePlan;
const plan = (stops: number) => Response.json({ area: "town", vehicles: [car(stops)] });

test("a plan that was on its way does not undo what the stream has told meanwhile", async () => {
  const answers: ((answer: Response) => void)[] = [];
  const fetched = (path: string) =>
    path.endsWith("/plan")
      ? new Promise<Response>((answer) => answers.push(answer))
      : Promise.resolve(Response.json([]));
  vi.stubGlobal("fetch", vi.fn(fetched));
  const stream = new Stream();
  const fleet = new Fleet(stream as unknown as Link);
  const started = fleet.start();
  await vi.waitUntil(() => answers.length === 1);
  answers[0]!(plan(2));
  await started;
  const take = stream.takes["plan:town"]!;

  take([], [], true);
  await vi.waitUntil(() => answers.length === 2);
  take([car(0)], [], false);
  answers[1]!(plan(2));
  await new Promise((next) => setTimeout(next));

  expect(fleet.cars()).toEqual([car(0)]);
});
