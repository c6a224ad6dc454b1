import { late, wait, type Trust } from "../lib/board";
import { chime } from "../lib/chime";
import { spoken } from "../lib/times";
import type { Board, Departure } from "../lib/types";

type Heard = { board: Board; rows: Departure[]; trusted: Trust; age_s: number; now_s: number; zone: string };

const ROWS = 3;
const ENDS_AS_DESTINATION = /(行き?|ゆき|いき|ユキ|イキ|方面|循環)$/;

/** The board as sentences to be spoken: the stop, the next departures, the notices. As signage/speech.py. */
export function announcement({ board, rows, trusted, age_s, now_s, zone }: Heard): string {
  const head = `${board.stop.kana || board.stop.name}です。`;
  const doubt =
    trusted === "stale"
      ? `${Math.floor(age_s / 60)}分前の情報です。`
      : trusted === "live"
        ? ""
        : "バスの位置がわからないため、予定の時刻をお知らせします。";
  const buses = rows.slice(0, ROWS).map((row, at) => (at === 0 ? "次は、" : "その次は、") + sentence(row, now_s, trusted, zone));
  const none = rows.length === 0 ? "24時間以内のバスはありません。" : "";
  const cars = board.reserved.map((one) => `ご予約の車、${one.vehicle}は、${spoken(one.planned, zone, "ja")}ごろです。`);
  const notices = board.notices.map((one) => `お知らせです。${(one.spoken || one.text).replace(/。$/, "")}。`);
  return [head, doubt, none, ...buses, ...cars, ...notices].join("");
}

function sentence(row: Departure, now_s: number, trusted: Trust, zone: string): string {
  const name = row.headsign_kana || row.headsign;
  const bound = !name || ENDS_AS_DESTINATION.test(name) ? name : `${name}行き`;
  const stand = /^\d+$/.test(row.platform) ? `${row.platform}番のりば` : "";
  const bus = [stand, row.route_name, bound].filter((part) => part !== "").join("、");
  const shown = wait(row, now_s, trusted);
  const minutes = late(row, trusted);
  const lateness = minutes > 0 ? `およそ${minutes}分遅れています。` : "";
  if (shown.kind === "cancelled") return `${spoken(row.scheduled, zone, "ja")}発の、${bus}は、運休です。`;
  if (shown.kind === "soon") return `${bus}が、まもなく参ります。${lateness}`;
  if (shown.kind === "minutes") return `${bus}、あと${shown.minutes}分です。${lateness}`;
  const at = spoken(shown.time_s, zone, "ja");
  return shown.kind === "around" ? `${bus}、${at}ごろです。まわり道をしています。` : `${bus}、${at}発の予定です。`;
}

/** A chime, then the sentences; silent where the box has no voice. */
export function speak(sentences: string): void {
  chime();
  if (!("speechSynthesis" in window)) return;
  const said = new SpeechSynthesisUtterance(sentences);
  said.lang = "ja-JP";
  speechSynthesis.cancel();
  speechSynthesis.speak(said);
}
