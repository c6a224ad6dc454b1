"""What is said about fares, vouchers and money, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from maas.town.messages import Text

MESSAGES: Final = MappingProxyType(
    {
        "fare": Text("運賃は{yen}円です。", "The fare is {yen} yen."),
        "fare.range": Text(
            "運賃は{yen}円、相乗りなら{shared}円です。",
            "The fare is {yen} yen, or {shared} yen when the ride is shared.",
        ),
        "fare.unproven": Text(
            "バス乗継の割引には、バスの便か乗継券の確認が要ります。",
            "The fare for changing to a bus needs the bus trip or a transfer ticket.",
        ),
        "fare.kind": Text("{label}の料金です。", "That is the fare for {label}."),
        "fare.each": Text("1人{yen}円で{count}人分です。", "{yen} yen each for {count} people."),
        "fare.kind_each": Text(
            "{label}の料金で、1人{yen}円が{count}人分です。",
            "{yen} yen each for {count} people: {label}.",
        ),
        "fare.parts": Text("内訳は、{parts}です。", "That is {parts}."),
        "fare.capped": Text("上限の{yen}円までです。", "It is limited to {yen} yen."),
        "part": Text("{count}人 {label} 1人{yen}円", "{count} {label} at {yen} yen"),
        "part.plain": Text("{count}人 1人{yen}円", "{count} at {yen} yen"),
        "part.free": Text("{count}人 {label} 無料", "{count} {label} free"),
        "part.between": Text("・", ", "),
        "parts.between": Text("、", "; "),
        "due": Text("現金で{yen}円いただきます。", "{yen} yen to pay in cash."),
        "due.none": Text("現金はいただきません。", "Nothing to pay in cash."),
        "pays": Text("{name}{count}枚で{yen}円", "{count} {name}: {yen} yen"),
        "voucher.unknown": Text(
            "券{voucher}は登録されていません。", "There is no voucher {voucher}."
        ),
        "voucher.not_here": Text(
            "{name}はこの日の運賃には使えません。", "{name} does not pay for rides of this day."
        ),
        "voucher.twice": Text(
            "同じ券{voucher}が二度出されています。", "Voucher {voucher} was handed over twice."
        ),
        "voucher.spent": Text("券{voucher}は使用済みです。", "Voucher {voucher} has been spent."),
        "voucher.void": Text("券{voucher}は無効です。", "Voucher {voucher} is void."),
        "voucher.early": Text(
            "券{voucher}は{day}から使えます。", "Voucher {voucher} is valid from {day}."
        ),
        "voucher.late": Text(
            "券{voucher}の期限は{day}まででした。", "Voucher {voucher} was valid until {day}."
        ),
        "voucher.month": Text(
            "{name}は1か月{most}枚までで、今月の分は使い切りました。",
            "{name}: {most} a month, and this month's are used up.",
        ),
        "voucher.beside": Text(
            "{name}は{discount}とは一緒に使えません。",
            "{name} cannot be used together with {discount}.",
        ),
        "voucher.cap": Text(
            "{name}は1回の乗車で{most}円までです。", "{name} pays at most {most} yen of a ride."
        ),
        "voucher.enough": Text(
            "運賃はもう足りています。券{voucher}は要りません。",
            "The fare is paid already. Voucher {voucher} is not needed.",
        ),
    }
)


def tell(message: str, **values: object) -> Text:
    """Return a sentence with its blanks filled in; a `Text` fills each language with its own.

    >>> tell("fare", yen=500).ja
    '運賃は500円です。'
    """
    text = MESSAGES[message]
    ja = {name: each.ja if isinstance(each, Text) else each for name, each in values.items()}
    en = {name: each.en if isinstance(each, Text) else each for name, each in values.items()}
    return Text(text.ja.format(**ja), text.en.format(**en))


def joined(between: str, texts: list[Text]) -> Text:
    """Return several texts as one, with `between` from the catalogue between them."""
    mark = MESSAGES[between]
    return Text(mark.ja.join(text.ja for text in texts), mark.en.join(text.en for text in texts))
