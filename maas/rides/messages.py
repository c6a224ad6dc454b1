"""The sentences about a booking's life, beside those of the town's rules."""

from __future__ import annotations

from maas.town import messages
from maas.town.messages import Text

MESSAGES: dict[str, Text] = {
    "hold_over": Text(
        "お取りしていた席は放されました。もう一度お調べください。",
        "The seat is no longer held. Please ask again.",
    ),
    "only_held": Text(
        "まだ予約になっていません。席を仮にお取りしているだけです。",
        "This is not booked yet; a seat is held.",
    ),
    "stranded": Text(
        "止まった車のそばで、お迎えを待っている途中です。"
        "ほかの方法で着けることを電話で確かめてから取り消します。",
        "The rider is waiting beside a vehicle that has broken down. It is cancelled when somebody "
        "has made sure, by telephone, that they get on some other way.",
    ),
    "not_held": Text("仮にお取りした席ではありません。", "No seat is held by this."),
    "overlap": Text(
        "同じ方の予約が{pickup_from}から{arrive_by}までにあります(受付番号{reference})。"
        "時間が重なるため、お取りできません。",
        "The same person has a ride from {pickup_from} to {arrive_by} (reference {reference}), "
        "which is at the same time.",
    ),
    "too_many_rides": Text(
        "お一人さま一日{most}回までです。その日はもう{most}回の予約があります。",
        "One person may ride {most} times a day, and already does on that day.",
    ),
    "clock_behind": Text(
        "機械の時計がずれているため、いまは時刻をお約束できません。"
        "係の者が直します。のちほどもう一度お申し込みください。",
        "Our clock is wrong, so no time can be promised now. It is being put right: "
        "please ask again later.",
    ),
    "kept_for_immediate": Text(
        "その時間の残りの車は、急ぎの方のために空けてあります。"
        "出発の{minutes}分前からお取りできます。",
        "The vehicles that are left at that time are kept for people who need one at once. "
        "They can be booked from {minutes} minutes before.",
    ),
    "into_a_break": Text(
        "{opens}から{closes}までは休憩です。その前にはお送りできません。",
        "There is a break from {opens} to {closes}, and you could not be brought before it.",
    ),
    "not_in_hours": Text(
        "{opens}から{closes}までの間に、お迎えできる車がありません。",
        "No vehicle could come between {opens} and {closes}.",
    ),
    "no_shows": Text(
        "この方は最近{days}日間に{count}回、連絡のないご不在がありました。"
        "前もってお電話で確かめてください。",
        "In the last {days} days this person was {count} times not there without a word. "
        "Please ring beforehand.",
    ),
    "no_group": Text("一緒に取った予約は見つかりません。", "Nothing was booked together so."),
    "no_hold": Text("仮にお取りした席は見つかりません。", "There is no such seat held."),
    "group_gone": Text(
        "全部を一緒にはお取りできなくなりました。何も予約していません。",
        "Not all of it can be had any more. Nothing was booked.",
    ),
    "open_return_off": Text(
        "帰りの時刻を決めない予約は承っていません。",
        "Returns without a time are not offered here.",
    ),
    "no_return": Text("その帰りの予約は見つかりません。", "There is no such return."),
    "return_over": Text("その帰りの予約はもう終わっています。", "That return is already over."),
    "return_twice": Text(
        "その行きの予約には、もう帰りの予約があります。",
        "That outward ride has a return already.",
    ),
    "return_open": Text(
        "お帰りは{place}から、{expected}頃の見込みです。終わったらお電話ください。"
        "{within}分以内を目安にお迎えします。",
        "The way back from {place_en} is expected at about {expected}. Call when you are ready, "
        "and we come within about {within} minutes.",
    ),
    "return_promised": Text(
        "{pickup_from}から{pickup_to}の間に{place}へお迎えに伺います。",
        "We pick you up at {place_en} between {pickup_from} and {pickup_to}.",
    ),
    "return_late": Text(
        "混み合っているため、いちばん早くて{pickup_from}から{pickup_to}の間になります。"
        "{place}でお待ちください。",
        "We are full: the earliest we can come is between {pickup_from} and {pickup_to}. "
        "Please wait at {place_en}.",
    ),
    "return_called": Text(
        "いま空いている車がありません。車が決まりしだい、すぐにお電話します。{place}でお待ちください。",
        "No vehicle is free. We ring as soon as there is one. Please wait at {place_en}.",
    ),
    "return_ends": Text(
        "お帰りの車は、きょうは{closes}までです。終わったら、それまでにお電話ください。",
        "Rides home end at {closes} today. Please call before then when you are ready.",
    ),
    "return_closed": Text("お帰りの予約を取り消しました。", "The return has been withdrawn."),
    "waitlist_off": Text("キャンセル待ちは承っていません。", "There is no waitlist here."),
    "no_waiting": Text("そのキャンセル待ちは見つかりません。", "There is no such entry."),
    "waiting": Text(
        "キャンセル待ちに入りました。空きが出たらお知らせします。",
        "You are on the waitlist. We tell you when a seat comes free.",
    ),
    "waiting_offered": Text(
        "空きが出ました。{pickup_from}から{pickup_to}の間にお迎えできます。"
        "{answer_by}までにお返事ください。",
        "A seat has come free: pick-up between {pickup_from} and {pickup_to}. "
        "Please answer by {answer_by}.",
    ),
    "waiting_taken": Text("キャンセル待ちから予約になりました。", "It is booked now."),
    "waiting_lapsed": Text(
        "お返事がなかったため、次の方にご案内しました。",
        "There was no answer, so the seat was offered to the next.",
    ),
    "waiting_withdrawn": Text("キャンセル待ちを取り消しました。", "The entry is withdrawn."),
    "not_offered": Text("いまご案内している席はありません。", "No seat is offered now."),
    "standing_off": Text("毎週の予約は承っていません。", "Weekly bookings are not taken here."),
    "no_standing": Text("その毎週の予約は見つかりません。", "There is no such weekly booking."),
    "standing_done": Text("その日はもう済んでいます。", "That day has been dealt with."),
    "standing_ended": Text("その毎週の予約は終わっています。", "That weekly booking has ended."),
    "standing_paused": Text(
        "{day}は毎週の予約をお休みしています。", "The weekly booking rests on {day_en}."
    ),
    "standing_holiday": Text(
        "{day}は祝日({holiday})のため、毎週の予約をお休みします。",
        "{day_en} is a public holiday ({holiday}); the weekly booking rests.",
    ),
    "one_more": Text(
        "{opens}から{closes}にもう1台あれば、お断りした{lost}件のうち少なくとも{count}件を"
        "お受けできました。",
        "One more vehicle from {opens} to {closes} would have carried at least {count} of the "
        "{lost} that were refused.",
    ),
    "event.held": Text(
        "仮予約 {reference}: {origin} から {destination} {pickup}({vehicle})",
        "Held {reference}: {origin_en} to {destination_en} at {pickup} ({vehicle_en})",
    ),
    "event.lapsed": Text("仮予約を解除 {reference}", "No longer held: {reference}"),
}


def say(message: str, **values: object) -> Text:
    """Return the sentence `message`, of a booking's life or of the town, with its blanks filled.

    >>> say("event.lapsed", reference="4821").ja
    '仮予約を解除 4821'
    """
    text = MESSAGES.get(message)
    if text is None:
        return messages.say(message, **values)
    return Text(text.ja.format(**values), text.en.format(**values))
