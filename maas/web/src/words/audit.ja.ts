/** What the audit's actions (`booking.cancelled`) are about, and what was done; a whole action goes before its last part. */
export const audit = {
  entry: (subject: string, verb: string) => (verb ? `${subject}：${verb}` : subject),
  actors: { improver: "自動の見直し", watch: "おくれの見はり" } as Record<string, string>,
  device: (name: string) => `端末 ${name}`,
  subjects: {
    booking: "予約", plan: "車の計画", disruption: "トラブル・休憩", waitlist: "キャンセル待ち", return: "帰りの車", standing: "毎週の予約",
    connection: "バスとの乗り継ぎ", paper: "紙の記録", report: "運転手の記録", duty: "乗務", member: "会員", rider_link: "利用者のリンク",
    numbers: "電話番号", phone_task: "電話連絡", postcards: "はがき", staff: "職員", rules: "規則", town: "町", "town.place": "場所",
    "town.vehicle": "車両", pickup_point: "乗り場所", edition: "時刻表", trip: "バスの便", alert: "お知らせ", sign: "表示板",
    drivers: "運転手への連絡", handover: "申し送り", voucher: "券", money: "集めたお金", ride: "乗車の記録", vehicle_day: "車の1日の記録",
    bus_count: "バスの人数", month: "月の集計", release: "公開データ", remark: "グラフの書きこみ", target: "目標", study: "もしもの計算",
    webhook: "ほかのサービスへの知らせ",
  } as Record<string, string>,
  verbs: {
    booked: "受けた", changed: "変えた", cancelled: "取り消した", held: "仮に取った", lapsed: "期限が切れた", moved: "動かした",
    released: "仮予約を放した", arrived: "車が着いた", aboard: "乗った", done: "降りた", no_show: "来なかった", pinned: "車を固定した",
    unpinned: "固定をやめた", together: "まとめて受けた", placed: "車を見つけた", late: "おくれを知らせた", improved: "よりよくした", earlier: "早めた",
    vehicle_out: "車が動けない", driver_off: "運転手が休む", back: "もどった", road_closed: "道が通れない", road_slow: "道がおそい",
    road_open: "道が通れるようになった", rest: "休憩を入れた", rest_off: "休憩をやめた", waiting: "待ち始めた", offered: "空きを知らせた", taken: "受けた",
    withdrawn: "やめた", open: "電話待ちにした", called: "呼んだ", promised: "約束した", closed: "閉じた", made: "作った", ended: "終わった",
    paused: "休んだ", undone: "取りやめた", refused: "断った", skipped: "休みにした", linked: "つないだ", missed: "間に合わない",
    dropped: "手ばなした", settled: "決めた", conflict: "食いちがいがある", looked: "確かめた", check: "車を点検した", call_before: "始めの点呼",
    out: "出庫した", meter: "メーターを入れた", charge: "電池の残りを入れた", break_begin: "休憩を始めた", break_end: "休憩を終えた",
    incident: "出来事を記録した", in: "入庫した", call_after: "終わりの点呼", registered: "登録した", noted: "メモを書いた", merged: "1つにまとめた",
    swept: "消した", imported: "読みこんだ", revoked: "使えなくした", forgotten: "消した", posted: "出した", opened: "登録した",
    password: "パスワードを変えた", signed_out: "ログアウトさせた", factor_on: "2段階の確認を始めた", factor_off: "2段階の確認をやめた",
    passkey_added: "パスキーを加えた", passkey_removed: "パスキーを消した", passkeys_off: "パスキーをすべて消した", tied: "組織のログインと結んだ",
    untied: "組織のログインと切った", drafted: "下書きを作った", redrafted: "下書きを直した", discarded: "下書きを捨てた", put_in_force: "実施を決めた",
    waived: "例外を認めた", added: "加えた", put: "置いた", removed: "外した", edited: "直した", published: "公開した", called_off: "運休にした",
    runs: "運行にもどした", paired: "つないだ", told: "知らせた", message_ended: "知らせを終えた", written: "書いた", read: "読んだ",
    issued: "出した", given_back: "払いもどした", put_right: "直した", refunded: "返金した", corrected: "直した", provisional: "仮に締めた",
    set: "決めた", asked: "たのんだ", secret: "合い言葉を変えた", again: "送り直した", trial: "ためしに送った", resumed: "また始めた", "webhook.paused": "しばらく止めた",  "remark.back": "取り下げた", "return.closed": "終えた", "month.closed": "締めた",
    "edition.withdrawn": "取り下げた", "paper.taken": "取りこんだ", "waitlist.taken": "席を取った", "rider_link.made": "作った",
    "booking.moved": "時刻を変えた", "booking.unplaced": "車がない", "booking.shifted": "車を変えた", "booking.transfer": "途中で乗りかえ",
  } as Record<string, string>,
};

export type AuditWords = typeof audit;
