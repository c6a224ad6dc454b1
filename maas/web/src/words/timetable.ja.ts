/** What the timetable editor says. */
export const timetableJa = {
  trips: "便を直す",
  route: "路線",
  choose: "便をえらぶ",
  columns: { trip: "便", from: "発", to: "着", headsign: "行き先", days: "運行日" },
  none: "この路線の便はありません。",
  stop: "停留所", arrival: "着", departure: "発", headsign: "行き先", headsignEn: "英語の行き先", headsignKana: "行き先のよみ", service: "運行日", direction: "向き", directions: ["行き", "帰り"], noDirection: "なし",
  shift: "すべての時刻をずらす（分）", doShift: "ずらす",
  copy: "この便を写して新しい便を作る", copyId: "新しい便の記号", doCopy: "写す",
  drop: "この便をなくす", really: (trip: string) => `便 ${trip} をなくしますか。公開するまでは、乗る人には見えません。`,
  saved: (n: number) => (n === 0 ? "保存しました。こまる所はありません。" : `保存しました。確かめることが${n}つあります。`),
  dropped: "なくしました。",
  wrongTime: (stop: string) => `「${stop}」の時刻は 8:05 のように書いてください。24時をこえるときは 25:10 のようにします。`,
  backwards: (stop: string) => `「${stop}」の時刻が、前の停留所より早くなっています。`,
  weekdays: ["月", "火", "水", "木", "金", "土", "日"],
  between: "",
  calendars: "運行日を直す", start: "はじめの日", end: "おわりの日", added: "ほかに走る日（2026-12-30、…）", removed: "走らない日（2026-12-31、…）",
  badDay: (text: string) => `「${text}」は日ではありません。2026-12-31 のように書いてください。`,
};

export type TimetableWords = typeof timetableJa;
