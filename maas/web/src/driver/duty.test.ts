import { expect, test } from "vitest";

import { checkOf, kindsOf, restingSince, stageOf, type Kind } from "./duty";
import type { Kept } from "./events";
import { drives } from "./place.svelte";

const done = (...kinds: Kind[]) => stageOf(kinds.map((kind) => ({ kind, at: "" })));

test("a turn goes from the check to the roll call at the end", () => {
  expect(done()).toBe("check");
  expect(done("check")).toBe("call_before");
  expect(done("check", "call_before")).toBe("out");
  expect(done("check", "call_before", "out")).toBe("work");
  expect(done("check", "call_before", "out", "meter", "incident")).toBe("work");
  expect(done("check", "call_before", "out", "break_begin")).toBe("rest");
  expect(done("check", "call_before", "out", "break_begin", "break_end")).toBe("work");
  expect(done("check", "call_before", "out", "in")).toBe("call_after");
  expect(done("check", "call_before", "out", "in", "call_after")).toBe("done");
});

test("records of others and corrected ones do not count, those waiting to be sent do", () => {
  const records = [
    { kind: "check", at: "1", driver: "me", stands: true },
    { kind: "call_before", at: "2", driver: "me", stands: false },
    { kind: "in", at: "3", driver: "other", stands: true },
  ];
  const queue: Kept[] = [
    { seq: 1, event: "e", vehicle: "van-1", at: "4", spot: null, doing: { record: { kind: "break_begin", place: "" } } },
    { seq: 2, event: "f", vehicle: "van-1", at: "5", spot: null, doing: { booking_id: "a", step: "arrived" } },
  ];
  const entries = kindsOf(records, "me", queue);
  expect(entries.map((one) => one.kind)).toEqual(["check", "break_begin"]);
  expect(restingSince(entries)).toBe("4");
});

test("everything checked is good but what has a note", () => {
  const record = checkOf(["brakes", "tyres"], { tyres: "worn" });
  expect("items" in record && record.items).toEqual([
    { item: "brakes", ok: true, note: "" },
    { item: "tyres", ok: false, note: "worn" },
  ]);
});

test("the vehicle drives above ten kilometres an hour, as long as the fix is fresh", () => {
  expect(drives({ speed: 2.7, t_ms: 0 }, 1000)).toBe(false);
  expect(drives({ speed: 2.8, t_ms: 0 }, 1000)).toBe(true);
  expect(drives({ speed: 20, t_ms: 0 }, 16_000)).toBe(false);
  expect(drives({ speed: null, t_ms: 0 }, 1000)).toBe(false);
});
