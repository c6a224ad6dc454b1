import { expect, test } from "vitest";

import { composing, digitOf } from "./keys";

const key = (change: Partial<KeyboardEvent>) =>
  ({ key: "a", keyCode: 65, isComposing: false, ...change }) as KeyboardEvent;

test("keys that write Japanese are no commands", () => {
  expect(composing(key({ isComposing: true }))).toBe(true);
  expect(composing(key({ keyCode: 229 }))).toBe(true);
  expect(composing(key({}))).toBe(false);
});

test("digits count in half and full width, alone", () => {
  expect(digitOf(key({ key: "3" }))).toBe(3);
  expect(digitOf(key({ key: "３" }))).toBe(3);
  for (const other of ["0", "a", "F3", " ", "１０"]) expect(digitOf(key({ key: other }))).toBeUndefined();
  expect(digitOf(key({ key: "3", ctrlKey: true }))).toBeUndefined();
});
