"""Every sentence that leaves the house, in Japanese and English, in one place.

`full` is written in a letter and read aloud (names as they are read, then); `short` fits a text
message.  Plain words, short sentences: they are read by people of ninety, and to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from maas.notify.occasions import Occasion
from maas.town.messages import Text


@dataclass(frozen=True, slots=True)
class Words:
    """What is said on one occasion."""

    subject: Text
    full: Text
    short: Text


_RIDE: Final = Text(
    "{day}、{start}から{end}の間に、{origin}へお迎えに行きます。"
    "{destination}には{by}までに着きます。受付番号は{reference}です。",
    "On {day} we pick you up at {origin} between {start} and {end}. "
    "You are at {destination} by {by}. Your reference is {reference}.",
)
_CALL: Final = Text(
    "変更や取り消しは{phone}へお電話ください。", "To change or cancel, please call {phone}."
)

WORDS: Final = MappingProxyType(
    {
        Occasion.BOOKED: Words(
            Text("予約のお知らせ", "Your booking"),
            Text(
                f"ご予約をお受けしました。{_RIDE.ja}{_CALL.ja}",
                f"You are booked. {_RIDE.en} {_CALL.en}",
            ),
            Text(
                "予約しました。{day} {start}〜{end}に{origin}へお迎え。受付{reference}",
                "Booked. {day} {start}-{end}, pick-up at {origin}. Ref {reference}",
            ),
        ),
        Occasion.CHANGED: Words(
            Text("予約を変更しました", "Your booking has changed"),
            Text(
                f"ご予約を変更しました。{_RIDE.ja}{_CALL.ja}",
                f"Your booking has changed. {_RIDE.en} {_CALL.en}",
            ),
            Text(
                "予約を変更しました。{day} {start}〜{end}に{origin}へお迎え。受付{reference}",
                "Changed. {day} {start}-{end}, pick-up at {origin}. Ref {reference}",
            ),
        ),
        Occasion.MOVED: Words(
            Text("お迎えの時刻が変わります", "Your pick-up time has moved"),
            Text(
                f"申し訳ありません。{{reason}}お迎えの時刻が変わります。{{before}}{_RIDE.ja}"
                "都合が悪いときは{phone}へお電話ください。",
                f"We are sorry: {{reason}}your pick-up time moves. {{before}}{_RIDE.en} "
                "If that does not suit you, please call {phone}.",
            ),
            Text(
                "お迎えが変わります。{day} {start}〜{end}、{origin}。受付{reference} 電話{phone}",
                "Pick-up moved: {day} {start}-{end}, {origin}. Ref {reference}. Tel {phone}",
            ),
        ),
        Occasion.CANCELLED: Words(
            Text("予約を取り消しました", "Your booking is cancelled"),
            Text(
                "{day}、{start}から{end}のお迎えの予約を取り消しました。受付番号は{reference}です。"
                "お心当たりのないときは{phone}へお電話ください。",
                "Your booking on {day}, pick-up between {start} and {end}, is cancelled. "
                "Its reference was {reference}. If you did not ask for this, please call {phone}.",
            ),
            Text(
                "{day} {start}〜{end}の予約を取り消しました。受付{reference} 電話{phone}",
                "Cancelled: {day} {start}-{end}. Ref {reference}. Tel {phone}",
            ),
        ),
        Occasion.REMINDER: Words(
            Text("お迎えの確認です", "Your ride"),
            Text(f"お迎えの確認です。{_RIDE.ja}{_CALL.ja}", f"A reminder. {_RIDE.en} {_CALL.en}"),
            Text(
                "確認です。{day} {start}〜{end}に{origin}へお迎え。取り消しは電話{phone}",
                "Reminder: {day} {start}-{end}, pick-up at {origin}. Cancel: {phone}",
            ),
        ),
        Occasion.COMING: Words(
            Text("まもなくお迎えに着きます", "Your vehicle is coming"),
            Text(
                "まもなくお迎えです。{vehicle}が、あと{minutes}分ほどで{origin}に着きます。"
                "受付番号は{reference}です。",
                "Your vehicle is coming: {vehicle} is at {origin} in about {minutes} minutes. "
                "Your reference is {reference}.",
            ),
            Text(
                "あと{minutes}分ほどで{vehicle}が{origin}に着きます。受付{reference}",
                "{vehicle} is at {origin} in about {minutes} min. Ref {reference}",
            ),
        ),
        Occasion.DEPARTED: Words(
            Text("車に乗りました", "On the way"),
            Text(
                "お知らせします。{name}さんは、{at}に{origin}で車に乗りました。"
                "{destination}には{by}までに着く予定です。",
                "{name} got on at {origin} at {at} and should be at {destination} by {by}.",
            ),
            Text(
                "{name}さんは{at}に{origin}で乗車。{destination}には{by}までに着く予定です。",
                "{name} got on at {origin} at {at}; at {destination} by {by}.",
            ),
        ),
        Occasion.ARRIVED: Words(
            Text("着きました", "Arrived"),
            Text(
                "お知らせします。{name}さんは、{at}に{destination}に着きました。",
                "{name} arrived at {destination} at {at}.",
            ),
            Text(
                "{name}さんは{at}に{destination}に着きました。",
                "{name} arrived at {destination} at {at}.",
            ),
        ),
        Occasion.WAITLIST_OFFER: Words(
            Text("空きが出ました", "A seat has come free"),
            Text(
                "お待ちの便に空きが出ました。{day}、{start}から{end}の間に、{origin}から"
                "{destination}です。乗るときは{answer}{phone}へお電話ください。",
                "A seat has come free: {day}, pick-up between {start} and {end}, from {origin} to "
                "{destination}. If you want it, please call {phone}{answer}.",
            ),
            Text(
                "空きが出ました。{day} {start}〜{end} {origin}から。乗るときは{answer}電話{phone}",
                "A seat is free: {day} {start}-{end} from {origin}. Call {phone}{answer}",
            ),
        ),
        Occasion.OPEN_RETURN_READY: Words(
            Text("お帰りの車が決まりました", "Your ride home"),
            Text(
                "お帰りの車が決まりました。{start}から{end}の間に、{origin}へお迎えに行きます。"
                "受付番号は{reference}です。",
                "Your ride home: we are at {origin} between {start} and {end}. "
                "Your reference is {reference}.",
            ),
            Text(
                "お帰りの車は{start}〜{end}に{origin}へ行きます。受付{reference}",
                "Your ride home: {start}-{end} at {origin}. Ref {reference}",
            ),
        ),
        Occasion.RETURN_ENDS: Words(
            Text("お帰りの車はもうすぐ終わります", "Rides home end soon"),
            Text(
                "お帰りの車は、もうすぐ終わります。お帰りになるときは、すぐに{phone}へお電話ください。",
                "Rides home end soon. If you want to go home, please call {phone} now.",
            ),
            Text(
                "お帰りの車は、もうすぐ終わります。すぐにお電話ください。電話{phone}",
                "Rides home end soon. Please call {phone} now.",
            ),
        ),
        Occasion.VEHICLE_OUT: Words(
            Text("お迎えについて", "About your ride"),
            Text(
                "申し訳ありません。{reason}{day}、{start}から{end}のお迎えの車が来られません。"
                "代わりの車を探しています。係からすぐにお電話します。",
                "We are sorry: {reason}the vehicle for your pick-up on {day} between {start} and "
                "{end} cannot come. We are looking for another and will ring you at once.",
            ),
            Text(
                "{day} {start}〜{end}の車が来られません。代わりを探し、係から電話します。{phone}",
                "{day} {start}-{end}: the vehicle cannot come. We will ring you. {phone}",
            ),
        ),
        Occasion.CONNECTION: Words(
            Text("乗り継ぎが変わります", "Your connection"),
            Text(
                "{reason}乗り継ぎのバスが変わります。{day}は、{bus}にお乗りください。"
                "わからないときは{phone}へお電話ください。",
                "{reason}your bus has changed. On {day} please take {bus}. "
                "If you are not sure, please call {phone}.",
            ),
            Text(
                "乗り継ぎのバスが変わります。{day}は{bus}に。電話{phone}",
                "Your bus has changed: {day}, take {bus}. Tel {phone}",
            ),
        ),
    }
)

BEFORE: Final = Text(
    "前にお伝えした{old_start}から{old_end}ではありません。",
    "It is no longer between {old_start} and {old_end}. ",
)
ANSWER: Final = Text("{answer_by}までに", " by {answer_by}")
REASON: Final = Text("{reason}のため、", "because of {reason}, ")
NEXT_BUS: Final = Text("次のバス", "the next bus")
SIGNED: Final = Text("{town} 予約センター 電話{phone}", "{town} booking desk, {phone}")
NO_CARDS: Final = Text("印刷するはがきはありません。", "There is no postcard to print.")
