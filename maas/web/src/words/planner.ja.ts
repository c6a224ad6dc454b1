/** What the planner's pages of figures say. */
const ages: Record<string, string> = {
  "0-17": "17才以下", "18-64": "18〜64才", "65-74": "65〜74才", "75-84": "75〜84才", "85+": "85才以上", unknown: "分からない",
};
const purposes: Record<string, string> = {
  medical: "病院・医院", shopping: "買い物", hall: "役場・手続き", school: "学校", transfer: "バスへの乗り継ぎ", facility: "施設", other: "そのほか",
};
const channels: Record<string, string> = { phone: "電話", web: "ウェブ", line: "LINE", voice: "自動音声", counter: "窓口", paper: "紙（停止時）", kiosk: "店の端末", driver: "車の中" };
const saves: Record<string, string> = {
  shift_15: "時刻を15分までずらす", shift_60: "時刻を1時間までずらす", shift_more: "時刻をもっとずらす", walk: "近くの乗り場まで歩く",
  longer: "乗る時間が長くなる", fewer: "人数や荷物をへらす", wish: "そのほかの希望を変える", nothing: "車をふやすしかない",
};
const spans: Record<string, string> = {
  months12: "この12か月", month: "今月", lastMonth: "先月", fiscal: "今年度（4月から）", lastFiscal: "前の年度（4月から）",
  subsidy: "補助の年度（10月から）", lastSubsidy: "前の補助の年度（10月から）",
};

export const plannerJa = {
  sections: {
    overview: "あらまし", when: "いつ", where: "どこ", who: "だれが", promises: "約束", refusals: "断った予約", buses: "バスの時刻", notes: "できごと", booklet: "印刷する",
    openData: "データの公開", reports: "報告書", whatIf: "もしも",
  } as Record<string, string>,
  simulated: "模擬データ", simulatedMore: "この期間には、本当の記録ではない、計算で作った日があります。",
  period: "期間", from: "いつから", to: "いつまで", spans, chooseSpan: "期間をえらぶ", other: "日を決める",
  filters: "しぼりこむ", hours: "時間", weekday: "曜日", age: "年齢", purpose: "目的", hamlet: "住む地区", vehicle: "車", all: "すべて", clear: "しぼりこみをやめる",
  hourNames: { "0-8": "9時まで", "9-11": "9時〜12時", "12-14": "12時〜15時", "15-29": "15時から" } as Record<string, string>,
  weekdays: ["月", "火", "水", "木", "金", "土", "日"],
  ages, purposes, channels, saves,
  counting: "数えています…",
  few: "えらんだ人は5人より少ないため、数字は出しません。えらぶはんいを広げてください。",
  nothing: "この期間に乗った人の記録はありません。",
  span: (from: string, to: string) => `${from} から ${to} まで`,
  chosen: (names: string) => `しぼりこみ: ${names}`, comma: "、",
  missing: (n: number, days: string) => `運行する日なのに、記録が何もない日が${n}日あります: ${days}`,
  data: "表を見る", csv: "CSVで保存", meaning: "数えかた", source: (text: string) => `出典: ${text}`, unit: (text: string) => `単位: ${text}`,
  now: "この期間", before: "前の年",
  yearBefore: (value: string) => `前の年 ${value}`, changed: (percent: string) => `（${percent}）`, noYearBefore: "前の年の記録はありません",
  target: (value: string) => `目標 ${value}`, reached: "達成", notReached: "まだ", setTarget: "目標を決める", noTarget: "目標はまだありません",
  noCost: "費用の数字がありません",
  month: "月", day: "日", people: "人", rides: "件", hour: "時",
  clock: (hour: number) => `${hour}時`,
  count: (n: string, unit: string) => `${n}${unit}`,
  says: {
    overview: (riders: string, rides: string, change: string) => `この期間に、のべ${riders}人（${rides}件）が乗りました。${change}`,
    more: (percent: string) => `前の年の同じ期間より${percent}多いです。`, less: (percent: string) => `前の年の同じ期間より${percent}少ないです。`,
    same: "前の年とほぼ同じです。", alone: "前の年の記録はありません。",
    trend: (most: string, riders: string, least: string, fewest: string) => `いちばん多いのは${most}の${riders}人、いちばん少ないのは${least}の${fewest}人です。`,
    kept: (share: string, worst: string, lowest: string) => `全体では${share}の約束を守れました。いちばん低いのは${worst}の${lowest}です。`,
    heat: (weekday: string, hour: string, each: string) => `いちばん混むのは${weekday}曜日の${hour}台で、1日に${each}人が乗りこみます。`,
    use: (hour: string, share: string) => `いちばん使われるのは${hour}台で、車は平均で時間の${share}に人を乗せています。`,
    flows: (from: string, to: string, riders: string) => `いちばん多いのは、${from}から${to}へで、${riders}人です。`,
    stops: (name: string, riders: string) => `いちばん使われるのは${name}で、乗り降りは${riders}人です。`,
    hamlets: (most: string, each: string, none: number) => `会員1人あたりで最も多いのは${most}の${each}回です。だれも乗らなかった地区は${none}あります。`,
    ages: (most: string, each: string) => `会員1人あたりで最も多いのは${most}の${each}回です。`,
    share: (most: string, share: string) => `いちばん多いのは${most}で、全体の${share}です。`,
    lateness: (share: string, worse: string) => `${share}は約束どおりでした。15分をこえて遅れたのは${worse}件です。`,
    waits: (share: string) => `${share}は、約束の始まりから10分までに迎えが来ました。`,
    durations: (share: string) => `${share}は、20分までに着きました。`,
    lost: (n: string, most: string, count: string) => `席や車が足りずに断った移動は${n}件です。いちばん多い地区は${most}の${count}件です。`,
    lostAll: (n: string) => `席や車が足りずに断った移動は${n}件です。`,
    saves: (share: string, cars: string) => `${share}は、時刻を1時間までずらせば乗れました。${cars}は、車をふやすしかありませんでした。`,
    reasons: (most: string, n: string) => `いちばん多い理由は「${most}」の${n}回です。`,
    eta: (mae: string, n: string) => `案内した時刻とのずれは、平均${mae}秒でした（${n}回の案内）。`,
    none: "この期間にはありません。",
  },
  columns: {
    first: "月・日", riders: "利用者数（人）", rides: "乗車（件）", before: "前の年（人）", kept: "守れた（件）", late: "遅れた（件）", keptShare: "守れた割合（%）", refused: "断った（件）",
    weekday: "曜日", hour: "時間", each: "1日あたり（人）", vehicle: "車", share: "使われた時間（%）", days: "走った日", from: "出発", to: "目的地", place: "場所",
    boarded: "乗った人", left: "降りた人", hamlet: "地区", age: "年齢", members: "会員（人）", active: "乗った会員（人）", perMember: "会員1人あたり（回）", lost: "断った移動（件）",
    minutes: "分", what: "内容", count: "数", reason: "理由", state: "月のしめ",
  },
  ahead: "何分先の案内か", mae: "ずれの平均（秒）", told: "案内の数",
  bin: (over: number | null, to: number | null) => (over === null ? `${to}分まで` : to === null ? `${over}分より` : `${over}〜${to}分`),
  lateBin: (over: number | null, to: number | null) =>
    over === null ? `${-(to ?? 0)}分以上早い` : to === null ? `${over}分より遅い` : to <= 0 ? `${-to}〜${-over}分早い` : `${over}〜${to}分遅い`,
  recordedFrom: (day: string) => `記録は${day}からあります。それより前とはくらべられません。`,
  declinedBy: "お客さまがやめた: ",
  mapOf: "町の地図", homes: (hamlet: string) => `${hamlet}の家`,
  moreFlows: (n: number) => `このほかに${n}区間あります。`,
  allVehicles: "すべての車",
  mapHelp: "線が太いほど、乗った人が多い区間です。丸は家のある地区、四角は店や病院などです。大きいほど、乗り降りが多いです。うすい線はバスの道すじです。",
  lostHelp: "丸が大きいほど、断った移動が多い地区です。うすい線はバスの道すじです。",
  scale: (low: string, high: string) => `うすい色 ${low} 〜 こい色 ${high}`,
  byDay: "日ごとに見る",
  notes: {
    about: "雪や祭りなど、数字を読むときに知っておくことを書きます。あとから消えることはなく、だれが書いたかも残ります。",
    add: "できごとを書く", from: "いつから", to: "いつまで", kind: "種類", text: "内容", save: "書く", saved: "書きました。", none: "この期間のできごとは、まだ書かれていません。",
    kinds: { snow: "雪・天気", festival: "祭り・行事", road: "道路", rules: "規則の変更", other: "そのほか" } as Record<string, string>,
    by: (who: string, when: string) => `${who}が${when}に書きました`, takeBack: "取り下げる", takenBack: (who: string) => `${who}が取り下げました`,
    title: "この期間のできごと",
  },
  targets: {
    title: "目標", about: "目標は、決めた日から先の期間にあてはまります。前の目標も記録に残ります。", figure: "何の目標か", value: "目標の数", from: "いつから", save: "目標を決める", saved: "目標を決めました。", history: "これまでの目標",
    by: (who: string) => `${who}が決めました`, none: "なし",
  },
  booklet: {
    about: "議会や住民に渡すために、すべての図を1つの冊子にします。印刷すると、A4の紙に、図ごとに数えかたと出典がつきます。", print: "印刷する", made: (when: string) => `${when} に作りました`,
  },
  reports: {
    about: "国や県に出す書類と、毎月の報告書です。月をえらんで、1回おすと開きます。年の報告書は、その月が入る年のものです。", month: "月",
    name: "報告書", content: "内容", span: "期間", open: "開く・保存する",
    formats: { html: "読む・印刷", csv: "CSV", xlsx: "Excel", pdf: "PDF" }, calendars: { month: "1か月", april: "4月から1年", october: "10月から1年" },
  },
  openData: {
    about: "月ごとの利用の記録を、だれだか分からない形にして公開します。公開する前に、何が出て何が出ないかを確かめます。",
    month: "月", version: "版", made: "公開した日", by: "公開した人", published: "公開したもの", none: "まだ何も公開していません。",
    preview: "確かめる", title: (month: string, version: number) => `${month} の第${version}版として公開されるもの`,
    safe: (k: number, mesh: number) => `どの行にも${k}人より少ない人はいません。場所は${mesh} m以上のます目、時刻は1時間ごとです。`,
    shown: (n: number, finest: number) => `${n}件を公開します（そのうち、くわしい行は${finest}件）。`, left: (n: number) => `${n}件は、少なすぎるため公開しません。`,
    hidden: (n: number) => `まとめた、または出さない組み合わせは${n}あります。`,
    trips: "予約の乗車", bus: "バスの乗り降り", notOver: "この月はまだ終わっていません。公開できるのは、月が終わってからです。", same: "前の版と同じ中身です。公開する必要はありません。",
    reason: "直した理由（2版からは必要）", publish: "この中身を公開する", really: "公開したものは、取り消せません。", done: "公開しました。", page: "公開のページを見る",
    columns: { origin: "出発のます目", destination: "目的地のます目", dayType: "日", hour: "時", rides: "件", riders: "人", stop: "停留所", route: "路線", what: "内容" },
    days: { weekday: "平日", holiday: "土日・祝日", "": "区別なし" } as Record<string, string>, whats: { boarded: "乗った", alighted: "降りた" } as Record<string, string>,
  },
};

export type PlannerWords = typeof plannerJa;
