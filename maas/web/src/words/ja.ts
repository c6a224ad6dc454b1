import { desk } from "./desk.ja";
import { dispatch } from "./dispatch.ja";
import { driver } from "./driver.ja";
import { operator } from "./operator.ja";

/** What the staff screens say. */
const bookingStates = {
  booked: "予約",
  arrived: "到着",
  aboard: "乗車中",
  done: "完了",
  cancelled: "取消",
  no_show: "不在",
  held: "仮予約",
  lapsed: "仮予約の解除",
};

const tags: Record<string, string> = {
  wheelchair: "車いす",
  walker: "歩行器",
  aicard: "愛カード",
  disability_card: "障害者手帳",
};

export const ja = {
  bookingStates,
  tags,
  noAnswer: "サーバーから返事がありません。",
  yen: (yen: number) => `${yen.toLocaleString("ja-JP")}円`,
  people: (n: number) => `${n}人`,
  wheelchairs: (n: number) => `車いす${n}台`,
  bar: {
    linked: "接続",
    unlinked: (s: number) => `切断 ${s < 60 ? `${s}秒` : `${Math.floor(s / 60)}分`}前の情報`,
    speed: (n: number) => `時間は${n}倍`,
    signOut: "ログアウト",
    menu: "メニュー",
    look: "画面の色",
    looks: { auto: "色：機器に合わせる", light: "色：明るい", dark: "色：暗い" },
  },
  moment: {
    example: { date: "例 2026/12/7", month: "例 2026/12", time: "例 9:00" },
    unread: {
      date: "「2026/12/7」のように、日を入れてください。",
      month: "「2026/12」のように、月を入れてください。",
      time: "「9:00」のように、時刻を入れてください。",
    },
    pick: { date: "カレンダーから選ぶ", month: "月を選ぶ", time: "時刻を選ぶ" },
    before: (least: string) => `${least}か、それより後にしてください。`,
    after: (most: string) => `${most}か、それより前にしてください。`,
  },
  login: {
    title: "職員ログイン",
    name: "名前",
    password: "パスワード",
    enter: "ログイン",
    byOrganisation: (named: string) => `${named}でログイン`,
    troubles: {
      "attempt-over": "時間がたちすぎたか、もう使われています。もう一度、はじめからお願いします。",
      "organisation-away": "組織のログインにつながりません。パスキーか、名前とパスワードでログインしてください。",
      "organisation-refused": "組織のログインを確認できませんでした。もう一度、はじめからお願いします。",
      "organisation-unknown": "組織のアカウントが、職員のアカウントに結びついていません。名前とパスワードでログインして、結びつけてください。",
    } as Record<string, string>,
    byPasskey: "パスキーでログイン",
    declined: "パスキーで確認できませんでした。もう一度するか、名前とパスワードでログインしてください。",
    code: "確認コード（認証アプリの6けた、または予備のコード）",
    demo: "見本の町では、名前は operator、dispatcher、driver、planner、admin です。",
    demoPassword: "パスワードはどれも kibi-demo です。",
    home: "はじめのページへ",
  },
  operator,
  desk,
  dispatch,
  monitor: {
    title: "運行モニター",
    map: "地図",
    synthetic: "合成道路データ：本物の道ではありません",
    noMap: "地図を出せません。車の場所は右の表にあります。",
    exceptions: "すぐ見るもの",
    noExceptions: "いまはありません。",
    lateBy: (vehicle: string, minutes: number, who: string) =>
      `${vehicle}：${who}の約束より${minutes}分おくれる見込み`,
    silent: (vehicle: string, minutes: number) => `${vehicle}：信号なし ${minutes}分`,
    lowBattery: (vehicle: string, percent: number) => `${vehicle}：電池 ${percent}%`,
    plans: "車ごとの予定",
    ridesOf: (vehicle: string) => `${vehicle}の予約`,
    now: "いま",
    noStops: "予定なし",
    onBoard: (n: number, seats: number) => `乗車 ${n}/${seats}`,
    battery: (percent: number) => `電池 ${percent}%`,
    driver: (name: string) => `運転 ${name}`,
    pickup: "迎え",
    dropoff: "送り",
    promise: (from: string, to: string) => `約束 ${from}〜${to}`,
    promiseBy: (to: string) => `約束 ${to}まで`,
    slack: (minutes: number) => (minutes < 0 ? `${-minutes}分おくれ` : `余裕 ${minutes}分`),
    events: "きょうの出来事",
    noEvents: "まだありません。",
    buses: "バス",
    busState: (state: string): string =>
      ({ running: "運行中", on_trip: "運行中", silent: "信号なし", layover: "待機" })[state] ?? state,
    select: "選ぶと、通る道が地図に出ます。",
    kinds: { van: "ワゴン車", wheelchair_van: "車いす対応車", micro_ev: "小型電気自動車", bus: "バス" } as Record<string, string>,
    lastSeen: (s: number) => (s < 60 ? `${Math.max(0, Math.round(s))}秒前` : `${Math.floor(s / 60)}分前`),
    never: "位置なし",
    probe: "道のりを測る",
    probeFirst: "地図で出発点を選びます。",
    probeSecond: "地図で到着点を選びます。",
    probeResult: (minutes: number, km: string, climb: number) => `車で${minutes}分、${km}km、のぼり${climb}m`,
    probeFailed: "道がありません。",
    probeEnd: "やめる",
    probeCentre: "地図の中心を点にする",
    gantt: "時刻の表",
    list: "表",
  },
  driver,
};

export type Words = typeof ja;
