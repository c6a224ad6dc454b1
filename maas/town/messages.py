"""Every sentence the town's service says, in Japanese and English, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    ja: str
    en: str

    def get(self, language: str) -> str:
        """Return the sentence in `language`: English for `en`, Japanese for anything else."""
        return self.en if language == "en" else self.ja


MESSAGES: dict[str, Text] = {
    "closed_day": Text(
        "{day}は運休日です。{hours}に運行しています。",
        "There is no service on {day_en}. It runs {hours_en}.",
    ),
    "closed_holiday": Text(
        "{day}は祝日({holiday})のため運休です。",
        "There is no service on {day_en}, a public holiday ({holiday}).",
    ),
    "closed_season": Text(
        "{day}は運休期間({season})です。", "{day_en} falls in the closed season ({season_en})."
    ),
    "closed_date": Text("{day}は運休日です。", "There is no service on {day_en}."),
    "no_rules": Text(
        "{day}の運行はまだ決まっていません。", "Service on {day_en} has not been decided yet."
    ),
    "outside_hours": Text(
        "運行時間は{opens}から{closes}までです。", "The service runs from {opens} to {closes}."
    ),
    "in_a_break": Text(
        "{opens}から{closes}までは休憩のため運行していません。",
        "There is a break from {opens} to {closes}.",
    ),
    "no_run": Text(
        "その時刻の便はありません。{runs}の便があります。",
        "There is no run at that time. Runs leave at {runs_en}.",
    ),
    "in_the_past": Text("その時刻はもう過ぎています。", "That time has already passed."),
    "too_late": Text(
        "予約は出発の{minutes}分前までにお願いします。",
        "Please book at least {minutes} minutes ahead.",
    ),
    "too_late_day": Text(
        "その便の予約は{day}の{time}までです。", "That ride had to be booked by {time} on {day_en}."
    ),
    "too_far_ahead": Text(
        "予約は{days}日先まで承ります。", "Bookings are taken up to {days} days ahead."
    ),
    "party_too_large": Text(
        "一度に乗れるのは{most}人までです。", "A party may have at most {most} people."
    ),
    "party_unclear": Text("人数の内訳が合いません。", "The numbers of the party do not add up."),
    "over_quota": Text(
        "お一人一日{most}回までのご利用です。", "A member may ride up to {most} times a day."
    ),
    "members_only": Text(
        "ご利用には会員登録が必要です。", "Please register as a member before you ride."
    ),
    "no_boarding": Text(
        "{place}からはお乗りになれません。お乗りになれるのは{kinds}です。",
        "Nobody is picked up at {place_en}. Riders are picked up at: {kinds_en}.",
    ),
    "no_alighting": Text(
        "{place}ではお降りになれません。お降りになれるのは{kinds}です。",
        "Nobody is set down at {place_en}. Riders are set down at: {kinds_en}.",
    ),
    "outside_area": Text(
        "{place}は運行区域の外です。", "{place_en} is outside the area of the service."
    ),
    "not_between": Text(
        "{origin}から{destination}へは運行していません。{origin}から行けるのは{zones}です。",
        "There is no service from {origin_en} to {destination_en}. From {origin_en} one can go to: "
        "{zones_en}.",
    ),
    "not_from": Text("{origin}からの運行はありません。", "There is no service from {origin_en}."),
    "near_origin": Text(
        "いちばん近くでお乗りになれるのは、{far}はなれた{place}です。",
        "The nearest place to be picked up at is {place_en}, {far_en} away.",
    ),
    "near_destination": Text(
        "いちばん近くでお降りになれるのは、そこから{far}の{place}です。",
        "The nearest place to be set down at is {place_en}, {far_en} away.",
    ),
    "not_that_day": Text(
        "{origin}から{destination}への運行は{days}です。",
        "The service from {origin_en} to {destination_en} runs {days_en}.",
    ),
    "same_place": Text(
        "乗る場所と降りる場所が同じです。", "The pick-up and the destination are the same place."
    ),
    "unknown_place": Text("その場所は登録されていません。", "That place is not registered."),
    "not_on_roads": Text(
        "{place}は道路につながっていないため、お迎えできません。",
        "{place_en} is not connected to the roads, so no vehicle can reach it.",
    ),
    "unknown_rider": Text("その利用者は登録されていません。", "That rider is not registered."),
    "alternatives": Text(
        "{sentence}{time}頃なら伺えます。", "{sentence} We could come at about {time}."
    ),
    "offer": Text(
        "{pickup_from}から{pickup_to}の間にお迎えし、{arrive_by}までに{destination}に着きます。",
        "Pick-up between {pickup_from} and {pickup_to}, at {destination_en} by {arrive_by}.",
    ),
    "fare": Text(
        "運賃は{yen}円、相乗りなら{shared}円です。",
        "The fare is {yen} yen, or {shared} yen when the ride is shared.",
    ),
    "fare.base": Text("{count}人 1人{yen}円", "{count} at {yen} yen"),
    "fare.shared": Text("{count}人 相乗り 1人{yen}円", "{count} sharing the ride at {yen} yen"),
    "fare.transfer": Text(
        "{count}人 バス乗継 1人{yen}円", "{count} changing to a bus at {yen} yen"
    ),
    "fare.half": Text("{count}人 半額 1人{yen}円", "{count} at half fare, {yen} yen"),
    "fare.infant": Text("未就学児{count}人 無料", "{count} small child(ren) free"),
    "fare_certain": Text("運賃は{yen}円です。", "The fare is {yen} yen."),
    "read_back": Text(
        "受付番号{reference}。{day}、{pickup_from}から{pickup_to}の間に{origin}へお迎えに伺い、"
        "{arrive_by}までに{destination}に着きます。{fare}",
        "Reference {reference}. On {day_en} we pick you up at {origin_en} between {pickup_from} "
        "and {pickup_to}, and you are at {destination_en} by {arrive_by}. {fare_en}",
    ),
    "offer_gone": Text(
        "申し訳ありません。ご案内した便はいま埋まりました。",
        "Sorry, the ride we offered has just been taken.",
    ),
    "bad_offer": Text(
        "この案内は使えません。もう一度お調べください。",
        "This offer cannot be used. Please ask again.",
    ),
    "old_offer": Text(
        "この案内は古くなりました。もう一度お調べください。",
        "This offer is too old. Please ask again.",
    ),
    "key_reused": Text(
        "同じ受付キーが別の内容で使われています。",
        "The same Idempotency-Key was used for something else.",
    ),
    "no_booking": Text("その予約は見つかりません。", "There is no such booking."),
    "no_such_vehicle": Text("その車両は見つかりません。", "There is no such vehicle."),
    "not_in_plan": Text(
        "その予約はこの車両の運行にありません。", "That booking is not on this vehicle."
    ),
    "already_aboard": Text("お客様はもう乗車しています。", "The rider is already on board."),
    "already_there": Text(
        "車両がもうお迎えに着いています。", "The vehicle is already at the pick-up."
    ),
    "already_over": Text("その予約はもう終わっています。", "That booking is already over."),
    "not_aboard": Text("お客様はまだ乗車していません。", "The rider is not on board yet."),
    "wait_longer": Text(
        "{until}まではお待ちください。", "Please wait for the rider until {until}."
    ),
    "event.booked": Text(
        "予約 {reference}: {origin} から {destination} {pickup}({vehicle})",
        "Booked {reference}: {origin_en} to {destination_en} at {pickup} ({vehicle_en})",
    ),
    "event.changed": Text(
        "予約変更 {reference}: {origin} から {destination} {pickup}({vehicle})",
        "Changed {reference}: {origin_en} to {destination_en} at {pickup} ({vehicle_en})",
    ),
    "event.pinned": Text(
        "{vehicle}に決定 {reference}", "{reference} given to {vehicle_en} for good"
    ),
    "event.unpinned": Text("車の指定を解除 {reference}", "{reference} may change vehicles again"),
    "event.cancelled": Text("予約取消 {reference}", "Cancelled {reference}"),
    "event.arrived": Text(
        "到着 {vehicle} が {origin} に着きました(受付 {reference})",
        "{vehicle_en} is at {origin_en} (reference {reference})",
    ),
    "event.aboard": Text(
        "乗車 受付 {reference} {origin}({vehicle})",
        "On board: reference {reference} at {origin_en} ({vehicle_en})",
    ),
    "event.done": Text(
        "降車 受付 {reference} {destination} 運賃{yen}円",
        "Dropped off: reference {reference} at {destination_en}, fare {yen} yen",
    ),
    "event.no_show": Text(
        "不在 受付 {reference} {origin}({vehicle})",
        "No-show: reference {reference} at {origin_en} ({vehicle_en})",
    ),
}


def say(message: str, **values: object) -> Text:
    """Return the sentence `message` with its blanks filled in.

    >>> say("too_late", minutes=30).ja
    '予約は出発の30分前までにお願いします。'
    """
    text = MESSAGES[message]
    return Text(text.ja.format(**values), text.en.format(**values))
