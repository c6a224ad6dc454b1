import { expect, test } from "vitest";

import { nextBatch, type Kept } from "./events";
import { aboardAfter, beside, less, more, spotNow, sumAt, type BusDay, type BusRun, type Tally } from "./riders";

const DATE = "2026-11-25";

function run(trip: string, first_s: number, taps: BusRun["calls"][number]["taps"] = []): BusRun {
  const calls = [0, 1, 2].map((call) => ({
    call,
    stop_id: `S${call}`,
    name: `停留所${call}`,
    name_en: `Stop ${call}`,
    at_s: first_s + 300 * call,
    boarded: null,
    alighted: null,
    load: null,
    source: null,
    taps: call === 0 ? taps : [],
  }));
  return { trip, vehicle_id: "bus-1", route: "東西線", headsign: "役場", headsign_en: "Hall", riders: 0, calls, odd: [] };
}

let numbers = 0;
const kept = (count: Tally): Kept => {
  numbers += 1;
  return { event: `e${numbers}`, seq: numbers, vehicle: "bus-1", at: "", spot: null, doing: { count } };
};
const at = (call: number) => ({ trip: "a", call });

test("taps the server has and taps on their way are added up, each once", () => {
  const a = run("a", 0, [{ event: "s1", boarded: 2, alighted: 0 }]);
  const queue = [kept(more(at(0), DATE, "boarded")), kept(more(at(1), DATE, "alighted"))];
  const same = { ...queue[0]!, event: "s1" };

  expect(sumAt(a, 0, [...queue, same], DATE)).toEqual({ boarded: 3, alighted: 0 });
  expect(aboardAfter(a, 1, queue, DATE)).toBe(2);
  expect(sumAt(a, 0, queue, "2026-11-26").boarded).toBe(2);
});

test("one less takes the place of the last tap that said so, and there is none below zero", () => {
  const a = run("a", 0, [{ event: "s1", boarded: 2, alighted: 1 }]);
  const first = less(a, at(0), [], DATE, "boarded")!;
  expect(first).toMatchObject({ corrects: "s1", boarded: 1, alighted: 1 });
  const queue = [kept(first)];
  expect(sumAt(a, 0, queue, DATE)).toEqual({ boarded: 1, alighted: 1 });
  queue.push(kept(less(a, at(0), queue, DATE, "boarded")!));
  expect(sumAt(a, 0, queue, DATE)).toEqual({ boarded: 0, alighted: 1 });
  expect(less(a, at(0), queue, DATE, "boarded")).toBeUndefined();
});

test("counting begins at the stop that is next, and goes on into the next run", () => {
  const day: BusDay = { date: DATE, start: 1000, runs: [run("a", 3600), run("b", 7200)], unplaced: 0 };
  expect(spotNow(day, 1000)).toEqual({ trip: "a", call: 0 });
  expect(spotNow(day, 1000 + 3800)).toEqual({ trip: "a", call: 1 });
  expect(spotNow(day, 1000 + 6000)).toEqual({ trip: "a", call: 2 });
  expect(spotNow(day, 1000 + 7000)).toEqual({ trip: "b", call: 0 });
  expect(spotNow({ ...day, runs: [] }, 1000)).toBeUndefined();
  expect(beside(day, at(2), 1)).toEqual({ trip: "b", call: 0 });
  expect(beside(day, at(0), -1)).toEqual(at(0));
});

test("counts are sent together, and apart from steps and records", () => {
  const queue = [kept(more(at(0), DATE, "boarded")), kept(more(at(0), DATE, "boarded"))];
  const step: Kept = { ...queue[0]!, event: "x", doing: { booking_id: "b", step: "arrived" } };
  expect(nextBatch([...queue, step]).length).toBe(2);
  expect(nextBatch([step, ...queue])).toEqual([step]);
});
