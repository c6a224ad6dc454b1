/** What the planner's pages of what-if studies say. */
const measures: Record<string, string> = {
  served_percent: "乗れた人の割合", served: "乗れた予約", refused: "断った予約", kept_percent: "約束を守れた割合",
  wait_min: "ほしい時刻とのずれ（平均）", wait_p90_min: "ほしい時刻とのずれ（10人に9人はこれより短い）", late_p90_min: "約束からの遅れ（10人に9人はこれより短い）",
  shared_percent: "乗合になった割合", detour_ratio: "遠回り（まっすぐ行く時間の何倍か）", km: "走った距離", empty_percent: "だれも乗せずに走った割合",
  km_per_rider: "1人あたりの距離", vehicle_hours: "車が働いた時間", fares_yen: "運賃の収入", cost_yen: "費用", burden_per_rider_yen: "1人あたりの町の負担",
};
const units: Record<string, string> = { percent: "%", rides: "件", minutes: "分", times: "倍", km: "km", hours: "時間", yen: "円" };
const weekdays: Record<string, string> = { mon: "月", tue: "火", wed: "水", thu: "木", fri: "金", sat: "土", sun: "日" };
/** Why a study failed, by the first word of its error. */
const errors: Record<string, string> = {
  "no-asks": "この期間には、予約も断りも1件もありません。期間をかえてください。",
  "no-timetable": "えらんだ時刻表は、もうありません。",
};

export const whatIfJa = {
  about: "「車を1台ふやしたら？」「しめきりを早くしたら？」を、過去の予約で計算してためします。毎日の予約には何も起きません。",
  add: "新しくためす", list: "これまでにためしたもの", none: "まだ何もためしていません。", back: "一覧へもどる",
  columns: { name: "名前", period: "期間", state: "ようす", made: "作った日", by: "作った人" },
  states: { waiting: "順番を待っています", running: "計算しています", done: "終わりました", failed: "できませんでした", cancelled: "やめました", interrupted: "とちゅうで止まりました" },
  form: {
    title: "何をためしますか", name: "この計算の名前", nameHelp: "書かないと、自動でつきます",
    first: "いつから", last: "いつまで", demand: "だれが乗りますか",
    demands: { past: "その期間に予約した人と、断られた人", drawn: "その前の1年の記録から作った予想" },
    variants: "くらべるもの", variantsHelp: "「今のまま」とは、いつもくらべます。1つのくらべるものに、いくつでも変更を入れられます。",
    variant: (n: number) => `案${n}`, variantName: "案の名前", addVariant: "案をふやす", removeVariant: (name: string) => `${name}をやめる`,
    fleet: "車", more: "車をふやす", addMore: "車をふやす", like: "どの車と同じ車", count: "何台", from: "何時から", to: "何時まで", wholeDay: "時刻を書かないと、同じ車と同じ時間に走ります。", removeMore: "ふやすのをやめる",
    without: "使わない車", shifts: "車の時間を変える", shiftsHelp: "書いた車だけ変わります。",
    rules: "きまり", hours: "サービスの時間", opens: "始まり", closes: "終わり", deadline: "予約のしめきり（何分前）", window: "迎えの時刻のはば（分）", asNow: (value: string) => `今は${value}`,
    area: "区域", areas: { "": "今のまま", none: "区域のきまりをなくす", drawn: "新しい区域の中だけ" }, areaHelp: "地図をおすと、点がふえます。点は、矢印キーでも動きます。", areaName: "ためす区域",
    free: "運賃をただにする", frees: { "": "今のまま", all: "いつもただ", days: "曜日をえらんでただ" }, weekdays,
    timetable: "バスの時刻表", timetableNow: "今のまま", timetableHelp: "バスに乗りつぐ人の予約が、新しい時刻に合わせて動きます。",
    percent: "予約の数（今を100として）", percentHelp: "サービスがよくなると何人ふえるかは、だれにも分かりません。考えた数を入れます。",
    details: "細かいこと", seeds: "何回くりかえすか", seedsHelp: "道の混みぐあいや遅れてくる人をかえて、くりかえします。多いほど確かで、時間がかかります。",
    flexible: "ほしい時刻から何分までなら乗るか", hourYen: "車1時間の費用（円）", kmYen: "1 kmの費用（円）", assumption: "費用は仮の数です。町の数を入れてください。",
    start: "ためす", smallest: (percent: number) => `${percent}%の人を乗せられる、いちばん小さい台数をさがす`, smallestHelp: "1回おすだけで、上の期間で台数を変えながら計算します。くらべる案は使いません。",
    same: (names: string) => `${names}は、今のままと同じです。何かを変えてください。`, corners: "区域には、点が3つ以上いります。",
  },
  says: {
    more: (n: number, vehicle: string, hours: string) => `${vehicle}と同じ車を${n}台ふやす${hours}`, hours: (from: string, to: string) => `（${from}〜${to}）`,
    without: (vehicles: string) => `${vehicles}を使わない`, shift: (vehicle: string, from: string, to: string) => `${vehicle}を${from}〜${to}に走らせる`,
    opens: (from: string) => `${from}に始める`, closes: (to: string) => `${to}に終わる`, deadline: (minutes: number) => `しめきりを${minutes}分前にする`, window: (minutes: number) => `迎えの時刻のはばを${minutes}分にする`,
    rule: (field: string, value: string) => `${field}を${value}にする`,
    drawn: "新しい区域の中だけを走る", none: "区域のきまりをなくす", free: "運賃をただにする", freeDays: (days: string) => `${days}曜日は運賃をただにする`, freeTags: "えらんだ会員の運賃をただにする",
    timetable: (edition: string) => `時刻表を「${edition}」にする`, percent: (n: number) => `予約の数を${n}%にする`, nothing: "今のまま", comma: "、", dot: "・",
  },
  view: {
    asked: "ためしたこと", period: (from: string, to: string) => `${from} から ${to} まで`, smallest: (percent: number) => `${percent}%の人を乗せられる、いちばん小さい台数をさがします。`,
    seeds: (n: number) => `${n}回くりかえします。`, made: (who: string, when: string) => `${who}が${when}に作りました`,
    progress: "進みぐあい", pieces: (done: number, total: number) => `${total}のうち${done}が終わりました`, percent: (n: number) => `${n}%`, left: (minutes: number) => (minutes < 1 ? "あと1分より短い時間で終わります。" : `あと${Math.ceil(minutes)}分ぐらいです。`),
    leave: "このページを閉じても、計算はつづきます。", cancel: "やめる", cancelled: "やめました。", start: "はじめから計算する", again: "同じことを、もう一度計算する", started: "計算を始めました。", copy: "これをもとに、新しくためす",
    share: "この結果のアドレス", copyAddress: "アドレスをコピーする", copied: "コピーしました。", shareHelp: "計画の仕事をする人に送ると、同じ結果が見られます。",
    failed: "計算できませんでした。", errors, why: (text: string) => `くわしい理由: ${text}`,
    cancelledAbout: "とちゅうでやめたので、結果はありません。", interruptedAbout: "サービスが止まったため、計算もとちゅうで止まりました。もう一度はじめると、同じ結果になります。",
  },
  result: {
    title: "結果", asItIs: "今のまま", fleet: (n: number) => `${n}台`, vehicles: (n: number) => `車${n}台`,
    days: (days: number, asked: string, seeds: number) => `${days}日、予約したい人${asked}件。${seeds}回くりかえしました。`,
    found: (percent: number, n: number, served: string) => `${percent}%の人を乗せられるいちばん小さい台数は、${n}台です。（乗れた人の割合 ${served}%）`,
    notFound: (percent: number, most: number) => `${most}台までためしましたが、${percent}%には届きませんでした。`,
    sentence: {
      better: (name: string, measure: string, change: string, between: string) => `${name}: ${measure}は、${change}（${between}）。よくなります。`,
      worse: (name: string, measure: string, change: string, between: string) => `${name}: ${measure}は、${change}（${between}）。わるくなります。`,
      other: (name: string, measure: string, change: string, between: string) => `${name}: ${measure}は、${change}（${between}）変わります。`,
      unsure: (name: string, measure: string, change: string, between: string) => `${name}: ${measure}は、${change}（${between}）。はっきりした差はありません。`,
      once: (name: string, measure: string, change: string) => `${name}: ${measure}は、${change}。1回だけなので、確かさは分かりません。`,
      same: (name: string, measure: string) => `${name}: ${measure}は、今とまったく同じです。`,
    },
    between: (low: string, high: string) => `${low} から ${high} の間`,
    verdicts: { better: "よくなる", worse: "わるくなる", other: "変わる", unsure: "差は不明", once: "1回だけ", same: "同じ" },
    measure: "見るもの", chartHelp: "点は平均です。よこの線は「95%の確かさで、本当の数はこの中にある」はばです。たての点線は今のままです。",
    of: (mean: string, low: string, high: string) => `${mean}（${low}〜${high}）`, against: "今とのちがい",
    table: "すべての数字", csv: "CSVで保存",
    heads: { measure: "見るもの", unit: "単位", variant: "案", mean: "平均", low: "95%の下", high: "95%の上", differs: "今とのちがい", differsLow: "ちがいの下", differsHigh: "ちがいの上" },
    source: "出典: 過去の予約と断りを、町の配車プログラムでもう一度計算したもの", simulated: "この期間の予約は模擬データです。", hash: (text: string) => `結果の印 ${text}（同じ記録なら、いつも同じです）`,
    measures, units,
  },
};

export type WhatIfWords = typeof whatIfJa;
