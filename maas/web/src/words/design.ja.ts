/** What the page that shows the look of all screens says. */
export const designJa = {
  title: "画面の部品",
  about: "どの画面も、この色・大きさ・部品からできています。明るい画面、暗い画面、印刷で確かめられます。",
  colours: "色", colourAbout: "文字と地の組の、明るさの比です。4.5より上、乗る人・運転手・表示板の画面は7より上です。",
  pair: { text: "文字", ground: "地", contrast: "比", least: "下の限り", sample: "見本の文字 Sample 123" },
  eyes: "色の見え方", eyesAbout: "ちがう意味の色の、見え方のちがいです。赤・緑・青を見分けにくい目でも15より上です。",
  eye: { usual: "ふつう", protan: "赤が見えにくい", deutan: "緑が見えにくい", tritan: "青が見えにくい" },
  letters: "文字", lettersAbout: "機器にある字体を使います。BIZ UDPゴシックがあれば、それを使います。斜めの字は使いません。",
  sizes: { note: "注", body: "本文", lead: "見出し", title: "題", figure: "数" },
  sample: "つぎの迎えは午前10時20分です。Next pick-up 10:20",
  em: "強調も、斜めにしません。",
  ruby: "よみがな", space: "間", spaceAbout: "文字の大きさといっしょに大きくなります。",
  parts: "部品", button: "ボタン", first: "おもなボタン", disabled: "使えないボタン", link: "リンク", field: "入力", choice: "えらぶ", check: "印をつける", date: "日",
  finder: "さがしながらえらぶ", finderHint: "↑↓でえらび、Enterで決めます。数字だけで近道をえらべます。", none: "見つかりません。", fruit: ["りんご", "みかん", "ぶどう", "もも"],
  dialog: "たずねる箱", dialogAbout: "開いている間、Tabは箱の中だけを回ります。閉じると、もとの所にもどります。", open: "開く", close: "とじる",
  table: "表", states: "状態", loading: "読みこみ中です。", live: "いまの情報", stale: "3分前の情報", offline: "通信できません。", error: "うまくいきませんでした。", empty: "まだありません。",
  focus: "キーボードのある所は、太い線でかこみます。Tabで動かして確かめてください。",
  languages: "ことば", languagesAbout: "職員の画面は日本語と英語、町の人の画面は5つのことばです。",
  print: "印刷", printAbout: "印刷では、白い紙に黒い字、12ポイントより大きく、ボタンは出しません。",
  columns: ["時刻", "行き先", "ようす"], row: ["10:20", "賀陽病院", "時刻どおり"],
};

export type DesignWords = typeof designJa;
