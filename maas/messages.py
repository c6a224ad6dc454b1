"""The sentences the API answers with, in Japanese and English; an operator can read them aloud."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Language = Literal["ja", "en"]


class Words(NamedTuple):
    """One sentence in both languages; `{name}` marks what is filled in."""

    ja: str
    en: str


PROBLEMS: Final = MappingProxyType(
    {
        "not-found": (
            404,
            Words("見つかりません", "Not found"),
            Words("お探しのものは見つかりませんでした。", "There is nothing at this address."),
        ),
        "misdirected": (
            421,
            Words("別の係のアドレスです", "Another part answers this"),
            Words(
                "この係（{part}）は、お尋ねのことを受け持っていません。町のアドレスからお試しください。",
                "This part of the service ({part}) does not answer this. "
                "Please use the town's address.",
            ),
        ),
        "method-not-allowed": (
            405,
            Words("この操作はできません", "Not possible here"),
            Words("ここではこの操作はできません。", "This address does not take that method."),
        ),
        "invalid-json": (
            400,
            Words("JSONが正しくありません", "Not JSON"),
            Words("送られた内容がJSONとして読めません。", "The body cannot be read as JSON."),
        ),
        "bad-request": (
            400,
            Words("正しくない要求です", "Bad request"),
            Words("送られた内容を読み取れませんでした。", "The request cannot be read."),
        ),
        "invalid": (
            422,
            Words("入力に誤りがあります", "Not valid"),
            Words("入力に誤りがあります: {fields}", "Some of this is not valid: {fields}"),
        ),
        "too-large": (
            413,
            Words("大きすぎます", "Too large"),
            Words("送られた内容が大きすぎます。", "The body is larger than this address takes."),
        ),
        "key-missing": (
            400,
            Words("Idempotency-Keyがありません", "Idempotency-Key missing"),
            Words(
                "この操作には Idempotency-Key ヘッダーが必要です。",
                "This needs an Idempotency-Key header, so that a repeat does nothing twice.",
            ),
        ),
        "key-reused": (
            422,
            Words("Idempotency-Keyが使用済みです", "Idempotency-Key already used"),
            Words(
                "同じ Idempotency-Key が別の内容で使われています。",
                "The same Idempotency-Key was used with other contents.",
            ),
        ),
        "not-signed-in": (
            401,
            Words("ログインが必要です", "Sign in first"),
            Words("ログインしてください。", "Please sign in."),
        ),
        "bad-credentials": (
            401,
            Words("ログインできません", "Cannot sign in"),
            Words("名前かパスワードが違います。", "The name or the password is wrong."),
        ),
        "code-needed": (
            401,
            Words("確認コードが必要です", "A code is needed"),
            Words(
                "認証アプリに出ている6けたの確認コードを入れてください。",
                "Enter the six digits that your authenticator app shows.",
            ),
        ),
        "wrong-code": (
            401,
            Words("確認コードが違います", "The code is wrong"),
            Words(
                "確認コードが違うか、もう使われています。新しいコードを入れてください。",
                "The code is wrong or was used already. Enter a new one.",
            ),
        ),
        "passkey-refused": (
            401,
            Words("パスキーを確認できません", "The passkey was refused"),
            Words(
                "このパスキーは使えません。別のパスキーか、名前とパスワードでログインしてください。",
                "This passkey cannot be used. Sign in with another, or with name and password.",
            ),
        ),
        "attempt-over": (
            409,
            Words("はじめからやり直してください", "Begin again"),
            Words(
                "時間がたちすぎたか、もう使われています。もう一度、はじめからお願いします。",
                "That took too long or was used already. Please begin again.",
            ),
        ),
        "no-passkeys": (
            409,
            Words("パスキーは使えません", "No passkeys here"),
            Words(
                "このアドレスではパスキーを使えません。",
                "Passkeys cannot be used at this address.",
            ),
        ),
        "no-organisation": (
            409,
            Words("組織のログインはありません", "No sign-in by an organisation"),
            Words(
                "組織のアカウントでのログインは設定されていません。",
                "Signing in by an organisation is not set up here.",
            ),
        ),
        "organisation-away": (
            503,
            Words("組織のログインにつながりません", "The organisation does not answer"),
            Words(
                "組織のログインにつながりません。パスキーか、名前とパスワードでログインしてください。",
                "The organisation's sign-in does not answer. Use a passkey, or name and password.",
            ),
        ),
        "prove-again": (
            403,
            Words("本人の確認が必要です", "Prove again that it is you"),
            Words(
                "ログインしてから10分たちました。もう一度、パスワードかパスキーで確認してください。",
                "You signed in more than ten minutes ago. Confirm with your password or a passkey.",
            ),
        ),
        "guessed-password": (
            409,
            Words("推測されやすいパスワードです", "Too easy to guess"),
            Words(
                "このパスワードは、よく使われる言葉や、名前・町・サービスの名前でできています。"
                "ほかの言葉をいくつか組み合わせてください。",
                "This password is made of common words, or of the name of the person, the town or "
                "the service. Put several other words together.",
            ),
        ),
        "second-proof-on": (
            409,
            Words("2段階の確認は設定ずみです", "Already set up"),
            Words(
                "2段階の確認は、もう設定してあります。",
                "The second proof is set up already.",
            ),
        ),
        "too-many-attempts": (
            429,
            Words("しばらくお待ちください", "Please wait"),
            Words(
                "ログインの失敗が続いたため、{wait_s}秒お待ちください。",
                "Too many failed sign-ins. Please wait {wait_s} seconds.",
            ),
        ),
        "slow-down": (
            429,
            Words("しばらくお待ちください", "Please wait"),
            Words(
                "続けて何度も受け付けました。{wait_s}秒ほどお待ちください。",
                "That was many times in a row. Please wait {wait_s} seconds.",
            ),
        ),
        "link-over": (
            410,
            Words("このページは終わりました", "This page is over"),
            Words(
                "このページの期限は終わりました。ご用の方は電話でお問い合わせください。",
                "This page is over. Please telephone us if you need anything.",
            ),
        ),
        "no-rider-link": (
            401,
            Words("リンクが使えません", "This link does not work"),
            Words(
                "予約用のリンクが使えません。予約センターにお電話ください。",
                "This booking link does not work. Please telephone the booking desk.",
            ),
        ),
        "bad-feed": (
            422,
            Words("読み込めないデータです", "Not a feed"),
            Words(
                "時刻表データに誤りがあります: {where}",
                "The timetable data cannot be read: {where}",
            ),
        ),
        "bad-edit": (
            422,
            Words("変更できません", "Cannot be changed so"),
            Words(
                "{number}番目の変更に誤りがあります: {where}",
                "Change number {number} cannot be made: {where}",
            ),
        ),
        "edition-moved": (
            409,
            Words("ほかの人が先に変更しました", "Changed by somebody else"),
            Words(
                "この時刻表は、ほかの人が先に変更しました。新しい内容を読み直してください。",
                "Somebody else has changed this timetable. Please look at it again.",
            ),
        ),
        "edition-faulty": (
            422,
            Words("このままでは公開できません", "Not fit to publish"),
            Words(
                "このままでは乗る人が困ります: {first}",
                "As it is, riders would be misled: {first}",
            ),
        ),
        "study-wrong": (
            422,
            Words("その試算はできません", "No such study"),
            Words("試算の条件を直してください：{why}", "Please change the study: {why}"),
        ),
        "study-running": (
            409,
            Words("試算はもう動いています", "Already running"),
            Words("その試算はいま計算中です。", "That study is being worked on."),
        ),
        "release-early": (
            409,
            Words("まだ公開できません", "Too early"),
            Words(
                "その月はまだ終わっていません。月が終わってから公開してください。",
                "That month is not over yet. Please publish it when it is.",
            ),
        ),
        "release-empty": (
            409,
            Words("公開できる行がありません", "Nothing to publish"),
            Words(
                "その月は乗った人が少なく、だれのことか分からないようにすると何も残りません。",
                "So few rode in that month that nothing is left once nobody can be recognised.",
            ),
        ),
        "release-moved": (
            409,
            Words("内容が変わりました", "Other than seen"),
            Words(
                "確かめたあとで記録が変わりました。もう一度確かめてください。",
                "The records have changed since you looked. Please look again.",
            ),
        ),
        "release-same": (
            409,
            Words("もう公開しています", "Published already"),
            Words(
                "いまの版と同じ内容です。直すところはありません。",
                "The last version says the same. There is nothing to put right.",
            ),
        ),
        "edition-in-force": (
            409,
            Words("いま使われている時刻表です", "In force"),
            Words(
                "いま使われている時刻表は取り下げられません。新しい時刻表を公開してください。",
                "Riders travel by this timetable. Publish another one instead.",
            ),
        ),
        "rules-wrong": (
            422,
            Words("きまりに誤りがあります", "Wrong rules"),
            Words(
                "きまりに誤りがあります: {where}: {what}",
                "There is something wrong with the rules: {where}: {what}",
            ),
        ),
        "rules-moved": (
            409,
            Words("ほかの人が先に変更しました", "Changed by somebody else"),
            Words(
                "このきまりの案は、ほかの人が先に変えたか、もう案ではありません。読み直してください。",
                "Somebody else has changed this draft, or it is none any more. Look at it again.",
            ),
        ),
        "rules-unseen": (
            409,
            Words("影響する予約が変わりました", "Other bookings than seen"),
            Words(
                "新しいきまりに合わない予約はいま{count}件です。もう一度確かめてください。",
                "{count} bookings would not keep the new rules now. Please look at them again.",
            ),
        ),
        "too-many-listeners": (
            503,
            Words("ただいま混み合っています", "Too many are listening"),
            Words(
                "ただいま接続が混み合っています。しばらくしてからもう一度お試しください。",
                "Too many are listening at the moment. Please try again in a while.",
            ),
        ),
        "forbidden": (
            403,
            Words("権限がありません", "Not allowed"),
            Words("この操作をする権限がありません。", "Your role does not allow this."),
        ),
        "foreign-origin": (
            403,
            Words("別のサイトからの操作です", "Foreign origin"),
            Words(
                "別のサイトからの操作は受け付けません。",
                "Requests that change something are not taken from other sites.",
            ),
        ),
        "bad-device": (
            401,
            Words("端末を確認できません", "Unknown device"),
            Words(
                "車載端末の登録が確認できません。",
                "The device's token is missing, unknown or revoked.",
            ),
        ),
        "bad-sign": (
            401,
            Words("この画面は登録されていません", "Unknown sign"),
            Words(
                "この画面の登録がありません。画面に出るコードで登録してください。",
                "This sign is not paired. Pair it with the code that it shows.",
            ),
        ),
        "bad-key": (
            401,
            Words("鍵を確認できません", "Key not good"),
            Words(
                "この入り口の鍵か署名が確認できません。",
                "The key or signature is missing, wrong or too old.",
            ),
        ),
        "no-roads": (
            503,
            Words("道路データがありません", "No road network"),
            Words(
                "道路データが読み込まれていないため、乗合の予約は受け付けられません。",
                "No road network is loaded, so rides cannot be quoted. See `maas roads build`.",
            ),
        ),
        "no-town": (
            503,
            Words("町のデータがありません", "No town"),
            Words(
                "町のデータが取り込まれていません。",
                "No town has been imported. See `maas town import`.",
            ),
        ),
        "no-tariff": (
            404,
            Words("運賃が決まっていません", "No tariff"),
            Words(
                "その日の運賃はまだ決まっていません。", "No tariff has been decided for that day."
            ),
        ),
        "voucher-refused": (
            409,
            Words("この券は使えません", "Voucher not taken"),
            Words("この券は使えません。", "This voucher cannot be taken."),
        ),
        "bad-correction": (
            409,
            Words("訂正できません", "Cannot be put right so"),
            Words(
                "受け取った額を超える返金や、ない券の返却はできません。",
                "More cannot be given back than was taken.",
            ),
        ),
        "month-not-over": (
            409,
            Words("まだ終わっていない月です", "The month is not over"),
            Words(
                "この月はまだ終わっていません。月が変わってから速報・確定にしてください。",
                "The month is not over yet. It can be given out or closed once it is.",
            ),
        ),
        "month-closed": (
            409,
            Words("もう出されています", "Given out already"),
            Words(
                "この月は、もうそのように出されています。確定した月の訂正は、今月の日付で加えます。",
                "The month was given out so before. What is wrong in a closed month is put right "
                "with today's date.",
            ),
        ),
        "month-open-ends": (
            409,
            Words("結果のわからない予約があります", "Some bookings have no end"),
            Words(
                "この月には、結果が記録されていない予約か、紙の記録の未処理があります。先に片づけてください。",
                "Some bookings or lines from paper of this month have no end yet. Please settle "
                "them first.",
            ),
        ),
        "bad-form": (
            422,
            Words("書き直すところがあります", "Something to put right"),
            Words("{said}", "{said}"),
        ),
        "rider-known": (
            409,
            Words("登録済みかもしれません", "Perhaps known already"),
            Words(
                "{name}さんは、同じ電話番号で登録されています。同じ方ですか。",
                "{name} is registered with this telephone already. Is it the same person?",
            ),
        ),
        "bad-merge": (
            409,
            Words("まとめられません", "Cannot be merged"),
            Words(
                "この2人は、すでに別の人とまとめられているか、同じ人です。",
                "One of the two has been merged with somebody else, or they are the same.",
            ),
        ),
        "bad-code": (
            404,
            Words("コードが正しくありません", "Code not good"),
            Words(
                "コードが違うか、使用済みか、期限切れです。いま出ているコードを見て入れ直してください。",
                "The code is wrong, used or too old. Type the one that is shown now.",
            ),
        ),
        "no-timetable": (
            404,
            Words("時刻表がありません", "No timetable"),
            Words("時刻表が取り込まれていません。", "No timetable has been imported."),
        ),
        "starting": (
            503,
            Words("準備中です", "Starting"),
            Words("準備中です。少しお待ちください。", "The service is starting. Please wait."),
        ),
        "database-away": (
            503,
            Words("データベースにつながりません", "The database does not answer"),
            Words(
                "いまは記録できません。数秒待って、もう一度お試しください。二重には登録されません。",
                "Nothing can be kept right now. Please try again in a few seconds; "
                "nothing is done twice.",
            ),
        ),
        "storage-full": (
            503,
            Words("保存する場所がいっぱいです", "The disk is full"),
            Words(
                "サーバーの保存場所がいっぱいで、新しく記録できません。これまでの予約は残っています。"
                "管理者に知らせて、紙に控えてください。",
                "The server's disk is full, so nothing new can be kept. What was booked is safe. "
                "Please tell whoever runs the server, and write on paper meanwhile.",
            ),
        ),
        "screens-not-built": (
            503,
            Words("画面がまだ作られていません", "Screens not built"),
            Words(
                "画面がまだ作られていません。python scripts/screens.py を実行してください。",
                "The screens have not been built yet. Run python scripts/screens.py.",
            ),
        ),
        "offer-gone": (
            409,
            Words("その便は埋まりました", "That ride is taken"),
            Words(
                "その時間の便は埋まりました。別の時間はいかがですか。",
                "That ride has just been taken. Would another time do?",
            ),
        ),
        "bad-offer": (
            422,
            Words("見積もりが無効です", "Not an offer of ours"),
            Words(
                "見積もりが古いか正しくありません。もう一度検索してください。",
                "The offer is too old or not ours. Please ask for a new one.",
            ),
        ),
        "not-now": (
            409,
            Words("今はできません", "Not possible now"),
            Words("今はこの操作はできません。", "This is not possible in the present state."),
        ),
        "not-allowed": (
            409,
            Words("町の決まりでできません", "Against a rule of the town"),
            Words(
                "町の決まりにより、お取りできません。", "A rule of the town does not allow this."
            ),
        ),
        "no-roll-call": (
            409,
            Words("点呼がまだです", "No roll call yet"),
            Words(
                "乗務前の点呼がまだ記録されていません。点呼を受けてから出発してください。",
                "No roll call is on record. Please have one before you depart.",
            ),
        ),
        "bad-record": (
            409,
            Words("記録できません", "Cannot be recorded"),
            Words("この記録は受け付けられません。", "This record cannot be kept as it is."),
        ),
        "not-your-vehicle": (
            403,
            Words("担当の車両ではありません", "Not your vehicle"),
            Words(
                "担当している車両だけを操作できます。",
                "A driver may only touch the vehicle they have taken over.",
            ),
        ),
        "vehicle-taken": (
            409,
            Words("別の乗務員が担当しています", "Somebody else drives it"),
            Words(
                "この車両は別の乗務員が担当しています。",
                "Another driver has taken this vehicle over.",
            ),
        ),
        "no-way": (
            404,
            Words("道がつながっていません", "No way"),
            Words(
                "この2地点をつなぐ道がありません。地点が道路から遠すぎるかもしれません。",
                "No road of the network joins these two points; one may be too far from any road.",
            ),
        ),
        "staff-taken": (
            409,
            Words("その名前はもう使われています", "Name is taken"),
            Words(
                "その名前のアカウントがもうあります。別の名前にしてください。",
                "There is an account of that name. Please choose another name.",
            ),
        ),
        "last-admin": (
            409,
            Words("管理者がいなくなります", "No administrator left"),
            Words(
                "すべての区域の管理者が、1人は必要です。",
                "At least one administrator of every area has to remain.",
            ),
        ),
        "own-account": (
            409,
            Words("自分のアカウントです", "Your own account"),
            Words(
                "自分の役割や区域は変えられません。ほかの管理者に頼んでください。",
                "Nobody changes their own role or area. Please ask another administrator.",
            ),
        ),
        "vehicle-known": (
            409,
            Words("その記号の車両があります", "Vehicle is known"),
            Words(
                "その記号の車両がもうあります。別の記号にしてください。",
                "There is a vehicle of that id. Please choose another.",
            ),
        ),
        "vehicle-promised": (
            409,
            Words("約束した予約があります", "Rides are promised"),
            Words(
                "この車両には約束した予約が{count}件あります。"
                "先に運行モニターで別の車両に移してください。名前や席をふやす変更はできます。",
                "{count} rides are promised with this vehicle. First move them to another on the "
                "monitor. Its name can be changed, and seats or hours added.",
            ),
        ),
        "place-promised": (
            409,
            Words("約束した予約があります", "Rides are promised"),
            Words(
                "ここで乗り降りする予約が{count}件あります。場所は動かせません。"
                "新しい場所を作り、この場所を案内しないようにしてください。",
                "{count} promised rides go from or to this place, so it cannot be moved. "
                "Add a new place, and hide this one.",
            ),
        ),
        "host-not-listed": (
            409,
            Words("その宛先には送れません", "This address may not be called"),
            Words(
                "送れるのは、設定 MAAS_LINK_HOSTS にあるホストの https:// のアドレスだけです。",
                "Only https:// addresses at hosts that MAAS_LINK_HOSTS lists may be called.",
            ),
        ),
        "internal": (
            500,
            Words("内部エラー", "Internal error"),
            Words(
                "申し訳ありません。問題が起きました。もう一度お試しください。",
                "Sorry, something went wrong. Please try again.",
            ),
        ),
    }
)


def preferred(accept_language: str | None) -> Language:
    """Return the language of an `Accept-Language` header: Japanese unless English is preferred.

    >>> preferred("en-GB,en;q=0.9"), preferred("ja,en;q=0.8"), preferred(None), preferred("fr")
    ('en', 'ja', 'ja', 'ja')
    """
    weights: dict[str, float] = {}
    for part in (accept_language or "").lower().split(","):
        tag, _, parameter = part.strip().partition(";")
        weights.setdefault(tag.split("-")[0], _weight(parameter))
    return "en" if weights.get("en", 0.0) > weights.get("ja", 0.0) else "ja"


def _weight(parameter: str) -> float:
    name, _, number = parameter.strip().partition("=")
    try:
        return float(number) if name == "q" else 1.0
    except ValueError:
        return 0.0
