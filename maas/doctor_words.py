"""What `maas doctor` says, for a town's clerk: what is wrong, and what to do about it."""

from __future__ import annotations

from typing import Final

from maas.messages import Words

PARTS: Final[dict[str, Words]] = {
    "database": Words("データベース", "database"),
    "audit": Words("操作の記録", "audit"),
    "redis": Words("Redis", "Redis"),
    "disk": Words("ディスクの空き", "disk"),
    "clock": Words("時計", "clock"),
    "roads": Words("道路網", "roads"),
    "timetable": Words("時刻表", "timetable"),
    "secrets": Words("鍵と暗証", "secrets"),
    "rights": Words("ファイルの権限", "file rights"),
    "address": Words("アドレスとTLS", "address and TLS"),
    "gateways": Words("お知らせの送り先", "gateways"),
    "backup": Words("バックアップ", "backup"),
}
MARKS: Final = (Words("良", "ok"), Words("注意", "warning"), Words("異常", "wrong"))
SAID: Final[dict[str, Words]] = {
    "database_ok": Words("届きます。版は{revision}です。", "Answers; schema {revision}."),
    "database_away": Words(
        "データベースに届きません（{why}）。データベースが動いているか、MAAS_DATABASE_URLが正しいか"
        "確かめてください。",
        "Does not answer ({why}). See that it runs and that MAAS_DATABASE_URL is right.",
    ),
    "database_none": Words(
        "データベースがありません。maas db upgrade で作るか、maas db restore で戻してください。",
        "There is none. Make it with `maas db upgrade`, or bring it back with `maas db restore`.",
    ),
    "database_old": Words(
        "版が古いです（{revision}、プログラムは{newest}）。バックアップを取ってから"
        " maas db upgrade を実行してください。",
        "Its schema is old ({revision}, not {newest}). Back up, then `maas db upgrade`.",
    ),
    "database_new": Words(
        "プログラムより新しい版です（{revision}、プログラムは{newest}）。プログラムを更新してください。",
        "It is newer than the program ({revision}, the program has {newest}): update the program.",
    ),
    "audit_ok": Words("つながっています。", "Whole."),
    "audit_broken": Words(
        "{entry}番の記録が前とつながりません。書き換えられたおそれがあります。手引の"
        "「漏えいの疑い」を見て、管理者に知らせてください。",
        "Entry {entry} does not follow from the one before: it may have been changed. "
        "See 'suspected leak' in the handbook and tell the administrator.",
    ),
    "redis_none": Words("使っていません。", "Not used."),
    "redis_ok": Words("届きます。", "Answers."),
    "redis_away": Words(
        "届きません。予約は続きますが、ほかのサーバーの車両が見えません。Redisを起動してください。",
        "Does not answer. Bookings go on, but vehicles of other servers are not seen: start it.",
    ),
    "disk_ok": Words("{free}GB空いています。", "{free} GB free."),
    "disk_low": Words(
        "残り{free}GBです。古いバックアップなどを移して空けてください。",
        "{free} GB left: move old backups away.",
    ),
    "disk_full": Words(
        "残り{free}GBです。まもなく予約を受けられなくなります。すぐに空けてください。",
        "{free} GB left: bookings will soon be refused. Make room now.",
    ),
    "clock_ok": Words("合っています。", "Right."),
    "clock_played": Words("模擬の時計です（試験用）。", "A simulated clock, for trials."),
    "clock_behind": Words(
        "最後の記録より{seconds}秒遅れています。時計を合わせてください（timedatectl）。",
        "{seconds} s behind the last entry on record: set the clock (timedatectl).",
    ),
    "clock_off": Words(
        "{source}と{seconds}秒ずれています。時計を合わせてください（timedatectl）。",
        "{seconds} s off from {source}: set the clock (timedatectl).",
    ),
    "clock_unknown": Words(
        "{source}に時刻を聞けません。アドレスとネットワークを確かめてください。",
        "{source} does not tell the time: see to the address and the network.",
    ),
    "roads_ok": Words("使えます（{network}）。", "Usable ({network})."),
    "roads_none": Words(
        "ありません。バスだけが動き、予約は受けられません。maas roads build で作ってください。",
        "There is none: only buses run and nothing can be booked. Make it with `maas roads build`.",
    ),
    "roads_broken": Words(
        "読めません（{why}）。maas roads build で作り直してください。",
        "Cannot be read ({why}): make it anew with `maas roads build`.",
    ),
    "kernels_cold": Words(
        "計算部はまだ準備されていません。次の起動の後、数分は返事が遅くなります。",
        "The kernels are not compiled: answers are slow for some minutes after the next start.",
    ),
    "timetable_none": Words(
        "バスの時刻表がありません（予約タクシーだけの町なら、このままで構いません）。",
        "There is no bus timetable (which is well in a town without buses).",
    ),
    "timetable_ok": Words("{name}は{last}まで有効です。", "{name} holds until {last}."),
    "timetable_ends": Words(
        "{name}は{last}で終わります。次の時刻表を用意してください。",
        "{name} ends on {last}: prepare the next one.",
    ),
    "timetable_over": Words(
        "{name}は{last}で終わりました。バスが案内されません。次の時刻表を公開してください。",
        "{name} ended on {last}: no bus is shown. Publish the next timetable.",
    ),
    "timetable_broken": Words("{name}が読めません（{why}）。", "{name} cannot be read ({why})."),
    "secrets_ok": Words("あります。見本のものではありません。", "There, and not the demo's."),
    "secrets_demo": Words(
        "署名の鍵が見本のものです。誰でも知っています。data_dirのsecretを消して起動し直してください。",
        "The signing key is the demo's, which everybody knows: remove `secret` in the data "
        "directory and start again.",
    ),
    "secrets_short": Words(
        "署名の鍵が短すぎます（MAAS_SECRETは32文字以上）。",
        "The signing key is too short (MAAS_SECRET: 32 characters or more).",
    ),
    "secrets_none": Words(
        "まだありません（最初の起動で作られます）。戻したデータなら、鍵の控えを先に置いてください。",
        "Not there yet (made at the first start). For restored data put your copy here first.",
    ),
    "secrets_password": Words(
        "職員{names}の暗証が見本のままです。maas staff add で変えてください。",
        "Staff {names} have the demo's password: change it with `maas staff add`.",
    ),
    "secrets_lost": Words(
        "名簿を開く鍵が違います（{tables}）。控えのpersonal-keysを戻してください。",
        "The keys do not open {tables}: bring back your copy of personal-keys.",
    ),
    "rights_ok": Words("ほかの利用者には読めません。", "Nobody else may read them."),
    "rights_open": Words(
        "{names}がほかの利用者に読めます。chmod 600 を実行してください。",
        "{names} can be read by others: chmod 600.",
    ),
    "rights_closed": Words(
        "{folder}に書けません。持ち主（chown）と権限を確かめてください。",
        "{folder} cannot be written to: see to its owner (chown) and rights.",
    ),
    "address_ok": Words("この機械の中だけで待ちます（{host}）。", "Listens on {host} alone."),
    "address_open": Words(
        "{host}で外から直接つながります。TLSの中継（手引の「導入」）を前に置いてください。",
        "Reachable from outside on {host}: put a TLS proxy before it (see the handbook).",
    ),
    "address_no_public": Words(
        "MAAS_PUBLIC_URLがありません。お知らせに乗車のリンクが付きません。",
        "MAAS_PUBLIC_URL is not set: messages carry no link to the ride.",
    ),
    "address_demo": Words(
        "見本（MAAS_DEMO）のままです。実際の運行では外してください。",
        "MAAS_DEMO is set: take it away for real service.",
    ),
    "gateways_none": Words(
        "電話だけです（メールやSMSは設定されていません）。",
        "Telephone only (no mail or SMS is set up).",
    ),
    "gateways_ok": Words("{names}に届きます。", "{names} answer."),
    "gateways_away": Words(
        "{name}（{host}）に届きません。お知らせは職員の電話に回ります。",
        "{name} ({host}) does not answer: messages go to the staff's telephone.",
    ),
    "backup_ok": Words("{hours}時間前に取りました（{file}）。", "{hours} hours old ({file})."),
    "backup_none": Words(
        "maas db backup の記録がありません。毎晩取るようにしてください（手引の「バックアップ」）。",
        "None by `maas db backup` on record: make one every night (see the handbook).",
    ),
    "backup_old": Words(
        "{hours}時間前のものです（{file}）。毎晩のバックアップが動いているか確かめてください。",
        "{hours} hours old ({file}): see that the nightly backup runs.",
    ),
    "failed": Words("調べられませんでした（{why}）。", "Could not be looked at ({why})."),
}
