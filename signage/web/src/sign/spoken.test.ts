import { expect, test } from "vitest";

import { announcement } from "./spoken";

const NOW = Date.parse("2026-11-26T13:00:00+09:00") / 1000;
const stop = { id: "1", name: "役場", kana: "ヤクバ", name_en: null, lat: 0, lon: 0 };
const board = { stop, now: NOW, departures: [], notices: [], reserved: [], phone: "" };
const bus = (more: object = {}) => ({
  id: "a", trip: "t", route: "r", route_name: "北", route_name_en: "", headsign: "病院", headsign_kana: "ビョウイン", headsign_en: "",
  color: "", text_color: "", platform: "1", scheduled: NOW + 300, expected: NOW + 300, low: null, high: null, be_there_by: NOW + 300,
  state: "running", delay_s: 0, vehicle: null, ...more,
});
const heard = { board, rows: [bus()], trusted: "live" as const, age_s: 5, now_s: NOW, zone: "Asia/Tokyo" };

test("a board is spoken by its readings, soonest first", () => {
  expect(announcement(heard)).toBe("ヤクバです。次は、1番のりば、北、ビョウイン行き、あと5分です。");
});

test("what is late, called off, soon or only planned is said so", () => {
  const said = (more: object) => announcement({ ...heard, rows: [bus(more)] }).split("次は、")[1];
  expect(said({ delay_s: 185 })).toContain("およそ3分遅れています。");
  expect(said({ state: "cancelled" })).toBe("午後1時5分発の、1番のりば、北、ビョウイン行きは、運休です。");
  expect(said({ expected: NOW + 30 })).toContain("まもなく参ります。");
  expect(said({ expected: null, platform: "" })).toBe("北、ビョウイン行き、午後1時5分発の予定です。");
});

test("old data is called old, and without any the timetable is named", () => {
  expect(announcement({ ...heard, trusted: "stale", age_s: 130 })).toContain("2分前の情報です。");
  const planned = announcement({ ...heard, trusted: "timetable" });
  expect(planned).toContain("予定の時刻をお知らせします。");
  expect(planned).toContain("午後1時5分発の予定です。");
});

test("booked cars are named by number and notices are read as they are meant to be read", () => {
  const reserved = [{ id: "x", vehicle: "2号車", vehicle_en: "", planned: NOW + 600, window_from: NOW, window_to: NOW, arrived: false, digits: "21" }];
  const notices = [{ text: "7/1から", text_en: "", spoken: "しちがつ ついたちから。", severity: "info" as const }];
  const said = announcement({ ...heard, board: { ...board, reserved, notices }, rows: [] });
  expect(said).toBe("ヤクバです。24時間以内のバスはありません。ご予約の車、2号車は、午後1時10分ごろです。お知らせです。しちがつ ついたちから。");
});
