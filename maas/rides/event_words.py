"""The sentences about what goes wrong on a day, and about buses waited for."""

from __future__ import annotations

from maas.town.messages import Text

MESSAGES: dict[str, Text] = {
    "why.vehicle_out": Text("車の故障", "a broken-down vehicle"),
    "why.driver_off": Text("乗務員の都合", "a driver who cannot drive"),
    "why.back": Text("運行の再開", "a vehicle that is back"),
    "why.road_closed": Text("道路の通行止め", "a closed road"),
    "why.road_slow": Text("道路の状況", "the state of the roads"),
    "why.road_open": Text("道路の開通", "a road that is open again"),
    "why.rest": Text("運転手の休憩", "a driver's break"),
    "why.rest_off": Text("運転手の休憩の取りやめ", "a driver's break that is not taken"),
    "why.placed": Text("車の手配", "a vehicle that has been found"),
    "why.late": Text("前の運行の遅れ", "a vehicle that runs late"),
    "why.earlier": Text("早く着ける車の手配", "a vehicle that comes sooner"),
    "why.bus_late": Text("バスの遅れ", "a late bus"),
    "done.vehicle_out": Text(
        "{vehicles}が動けません。{reason}影響{riders}件、連絡が必要{calls}件、車なし{unplaced}件。",
        "{vehicles_en} cannot go on. {reason}{riders} rides touched, {calls} to call, {unplaced} "
        "without a vehicle.",
    ),
    "done.driver_off": Text(
        "{vehicles}が運行を終えます。{reason}影響{riders}件、連絡が必要{calls}件、"
        "車なし{unplaced}件。",
        "{vehicles_en} ends its shift. {reason}{riders} rides touched, {calls} to call, {unplaced} "
        "without a vehicle.",
    ),
    "done.back": Text(
        "{vehicles}が運行に戻りました。{reason}影響{riders}件、連絡が必要{calls}件、"
        "車なし{unplaced}件。",
        "{vehicles_en} is back. {reason}{riders} rides touched, {calls} to call, {unplaced} "
        "without a vehicle.",
    ),
    "done.rest": Text(
        "{vehicles}が休憩します。{reason}影響{riders}件、連絡が必要{calls}件、車なし{unplaced}件。",
        "{vehicles_en} takes a break. {reason}{riders} rides touched, {calls} to call, {unplaced} "
        "without a vehicle.",
    ),
    "done.rest_off": Text(
        "{vehicles}の休憩を取りやめます。{reason}影響{riders}件、連絡が必要{calls}件、"
        "車なし{unplaced}件。",
        "{vehicles_en} takes no break after all. {reason}{riders} rides touched, {calls} to call, "
        "{unplaced} without a vehicle.",
    ),
    "done.road_closed": Text(
        "通行止め。{reason}影響{riders}件、連絡が必要{calls}件、車なし{unplaced}件。",
        "A road is closed. {reason}{riders} rides touched, {calls} to call, {unplaced} without a "
        "vehicle.",
    ),
    "done.road_slow": Text(
        "道路の徐行。{reason}影響{riders}件、連絡が必要{calls}件、車なし{unplaced}件。",
        "Roads are slow. {reason}{riders} rides touched, {calls} to call, {unplaced} without a "
        "vehicle.",
    ),
    "done.road_open": Text(
        "道路の開通。{reason}影響{riders}件、連絡が必要{calls}件、車なし{unplaced}件。",
        "A road is open again. {reason}{riders} rides touched, {calls} to call, {unplaced} "
        "without a vehicle.",
    ),
    "event.moved": Text(
        "時刻変更 {reference}: {origin} {pickup}({vehicle})",
        "Moved {reference}: {origin_en} at {pickup} ({vehicle_en})",
    ),
    "event.transfer": Text(
        "乗り換え {reference}: {vehicle}が{pickup}に迎えに行きます",
        "Transfer {reference}: {vehicle_en} comes at {pickup}",
    ),
    "event.unplaced": Text(
        "車が見つかりません {reference}: {origin} から {destination}",
        "No vehicle for {reference}: {origin_en} to {destination_en}",
    ),
    "why.bus_off": Text("バスの運休", "a bus that does not run"),
    "why.ride_late": Text("お迎えの車の遅れ", "a late vehicle of ours"),
    "event.wait": Text(
        "{bus}に、乗り継ぎのお客様が{minutes}分ほど遅れると伝えてください。",
        "Please ask {bus_en} to wait: a rider who changes to it is about {minutes} min late.",
    ),
    "event.missed": Text(
        "乗り継ぎ 受付{reference}: {bus}に間に合いません。次は{next}です。",
        "Reference {reference} will miss {bus_en}. The next is {next_en}.",
    ),
    "no_more_bus": Text("今日はもうバスがありません", "no other bus today"),
    "sign.wait": Text("乗り継ぎのお客様を待っています", "The bus waits for a connection"),
    "sign.wait_text": Text(
        "乗り継ぎのお客様を待つため、発車が{minutes}分ほど遅れることがあります。",
        "The bus may leave about {minutes} min late, to wait for riders who change to it.",
    ),
    "no_bus": Text(
        "そのバスはその日その停留所に止まりません。", "No such bus calls there that day."
    ),
    "no_link": Text("その予約はバスにつないでいません。", "That booking is tied to no bus."),
    "not_missed": Text(
        "乗り継ぐバスには間に合う見込みです。", "The ride is expected to reach its bus."
    ),
    "bus_too_far": Text(
        "停留所が遠すぎて、歩いて乗り継げません。", "The stop is too far away to walk to."
    ),
    "misses_to_bus": Text(
        "そのバスには、{by}までに着く予約が必要です。",
        "For that bus the ride has to arrive by {by}.",
    ),
    "misses_from_bus": Text(
        "そのバスからは、{at}以降のお迎えの予約が必要です。",
        "From that bus the pick-up has to be at {at} or later.",
    ),
    "already_out": Text("その車両はもう運行から外れています。", "That vehicle is out already."),
    "not_out": Text("その車両は運行中です。", "That vehicle is in service."),
    "rest_too_late": Text(
        "その休憩は、乗務の終わりまでに取れません。", "The shift ends before that break would."
    ),
    "no_rest_possible": Text(
        "その車両には、いま休憩を入れられません。", "That vehicle cannot be given a break now."
    ),
    "no_rest": Text(
        "その休憩はもうありません。終わったか、取りやめられました。",
        "That break is over, or was taken out.",
    ),
    "on_no_road": Text(
        "道路データがないため、通行止めを扱えません。", "There is no road network to close."
    ),
    "no_closure": Text("その通行止めはもうありません。", "That closure does not hold any more."),
    "day_over": Text("その日はもう終わっています。", "That day is over."),
}


def say(message: str, **values: object) -> Text:
    """Return the sentence `message` with its blanks filled."""
    text = MESSAGES[message]
    return Text(text.ja.format(**values), text.en.format(**values))
