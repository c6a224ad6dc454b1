/** What the home page says, in plain Japanese. */
export const ja = {
  title: "バスと予約タクシーの案内",
  lead: "バスがいつ来るか、わかります。予約タクシーは、家の近くから乗れます。",
  nextBus: "つぎのバスを調べる",
  stopSearch: "バス停の名前",
  stopHint: "漢字でも、ひらがなでも、ローマ字でも。",
  stopsFound: (n: number) => `${n}件のバス停`,
  noStops: "その名前のバス停は、ありません。",
  remembered: "おぼえたバス停",
  open: "時刻を見る",
  openSign: "表示板で見る",
  accuracy: "バスの時刻は、どのくらい合っていたか",
  openData: "町の交通のオープンデータ",
  nowRunning: "いま走っているバス",
  noBuses: "いま走っているバスは、ありません。",
  busAt: (speed: number, age_s: number): string =>
    `${speed < 1 ? "止まっています" : "走っています"}（${age_s < 60 ? "いま" : `${Math.floor(age_s / 60)}分前の位置`}）`,
  book: "予約タクシーの使い方",
  bookSteps: [
    "電話をします。係の人が出ます。",
    "名前と、行きたい所と、時刻を言います。",
    "係の人が、迎えの時刻と料金を言います。",
    "その時刻に、家の前で待ちます。",
  ],
  phone: "予約の電話",
  staff: "職員の方",
  login: "ログイン",
  synthetic: "この町の道路と会員は、見本です。本物ではありません。",
  syntheticMap: "地図の道は、本物ではありません（合成道路データ）。",
  mapTitle: "バスの位置の地図",
  demoTitle: "見本の町を動かしています",
  demoLead: (speed: number) =>
    `この町の時間は、${speed}倍の速さで進みます。車も電話も、ひとりでに動きます。`,
  demoAccounts: "合言葉（パスワード）は、どれも",
  demoOpen: "開く",
  demoTry: "ためす",
  demo: [
    {
      href: "/login?next=/operator&name=operator",
      name: "予約受付",
      account: "operator",
      steps: "F2を押し、karino と入れてEnter。1、1030、Enter、Enterで予約できます。",
    },
    {
      href: "/login?next=/monitor&name=dispatcher",
      name: "運行モニター",
      account: "dispatcher",
      steps: "車が動くようすと、車ごとの予定を見ます。車を選ぶと、通る道が出ます。",
    },
    {
      href: "/login?next=/driver&name=driver",
      name: "運転手",
      account: "driver",
      steps: "車を選びます。到着、乗車、降車を押すと、料金が出ます。",
    },
  ],
  demoRider: "利用者の電話",
  demoRiderSteps: "会員になって予約します。予約のページで、車が来るようすを見て、取り消せます。",
  demoSign: "バス停の表示板",
  demoSignSteps: "残りの分が、ひとりでに減ります。",
};

export type HomeWords = typeof ja;
