"""What each figure of ridership means, with its unit and where it comes from: the one place.

The screens, their downloads and their prints show these sentences; a definition changes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from maas.town.messages import Text


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its name, unit, meaning and source; `better` is the way that is good, if any."""

    name: Text
    unit: Text
    meaning: Text
    source: Text
    better: Literal["more", "less"] | None = None


_RIDES: Final = Text("乗車の記録", "ride records")
_PROMISES: Final = Text("予約と約束の記録", "records of bookings and promises")
_REFUSALS: Final = Text("断った予約の記録", "records of refused asks")
_COUNTED: Final = Text("バスの乗り降りの記録", "records of who got on and off buses")
_PEOPLE: Final = Text("人", "people")
_PERCENT: Final = Text("%", "%")
_RIDES_UNIT: Final = Text("件", "rides")
_YEN: Final = Text("円", "yen")

FIGURES: Final[dict[str, Figure]] = {
    "riders": Figure(
        Text("利用者数", "Riders"),
        _PEOPLE,
        Text(
            "予約して乗った人の、のべ人数です。同じ人が2回乗れば2人と数えます。",
            "People who booked and rode, as often as they rode: twice aboard counts twice.",
        ),
        _RIDES,
        "more",
    ),
    "members": Figure(
        Text("乗った会員", "Members who rode"),
        _PEOPLE,
        Text(
            "この期間に1回でも乗った、ちがう会員の人数です。会員でない人は1回ごとに数えます。",
            "Different members who rode at least once. People who are no members count each time.",
        ),
        _RIDES,
        "more",
    ),
    "trips_each": Figure(
        Text("1人が乗った回数", "Rides per member"),
        Text("回", "rides"),
        Text(
            "乗車の件数を、乗った会員の人数でわった数です。外出のしやすさの目安です。",
            "Rides divided by the members who rode: a hint of how easily people get out.",
        ),
        _RIDES,
        "more",
    ),
    "shared_share": Figure(
        Text("相乗り率", "Shared rides"),
        _PERCENT,
        Text(
            "ほかの予約の人といっしょに乗った乗車の割合です。",
            "The part of the rides in which people of another booking were aboard.",
        ),
        _RIDES,
        "more",
    ),
    "kept_share": Figure(
        Text("約束を守れた割合", "Promises kept"),
        _PERCENT,
        Text(
            "最後に約束した時刻までに迎えに行き、約束した時刻までに着いた乗車の割合です。"
            "着いた時刻は、降車の時刻から、降りるのにかかる時間を引いたものです。"
            "運べなかった予約は、守れなかったと数えます。取消と不在は入れません。",
            "Rides that came and arrived by the times last promised; the arrival is when they had "
            "got off, less the time that getting off takes. Bookings not carried "
            "count as broken; cancellations and no-shows are left out.",
        ),
        _PROMISES,
        "more",
    ),
    "lost_share": Figure(
        Text("断り率", "Journeys refused"),
        _PERCENT,
        Text(
            "席や車が足りずに断り、その日に乗れなかった移動の割合です。同じ人が同じ区間を"
            "何度きいても1件です。時間外や区域外で断ったものは入れません。",
            "Journeys refused for want of a seat or vehicle, and not made that day after all, of "
            "all that could have been carried. Asking again counts once; asks outside the hours or "
            "the area do not count.",
        ),
        _REFUSALS,
        "less",
    ),
    "fare_each": Figure(
        Text("1人あたりの運賃", "Fare per rider"),
        _YEN,
        Text(
            "運賃の合計を、利用者数でわった金額です。",
            "All fares divided by the number of riders.",
        ),
        _RIDES,
    ),
    "distance_each": Figure(
        Text("1件あたりの距離", "Distance per ride"),
        Text("km", "km"),
        Text(
            "乗った人を運んだ距離の合計を、乗車の件数でわった数です。空の車の距離は入れません。",
            "Kilometres with riders aboard, divided by the rides. Empty ones are left out.",
        ),
        _RIDES,
    ),
    "no_show_share": Figure(
        Text("不在の割合", "No-shows"),
        _PERCENT,
        Text(
            "車が迎えに行ったとき、乗る人がいなかった予約の割合です。取消は入れません。",
            "Bookings for which nobody was there when we came. Cancellations are left out.",
        ),
        _PROMISES,
        "less",
    ),
    "recovery_share": Figure(
        Text("収支率", "Cost recovery"),
        _PERCENT,
        Text(
            "運賃の収入を、費用でわった割合です。費用は、町が決めた数字に、運行した時間と距離と"
            "月の数をかけたものです。始まった月は、まるごと数えます。",
            "Income from fares divided by the cost: the town's figures times hours, kilometres and "
            "months. A month that has begun counts whole.",
        ),
        Text("乗車の記録と、入力した費用", "ride records, and costs as entered"),
        "more",
    ),
    "burden_each": Figure(
        Text("1人あたりの行政負担額", "Public money per rider"),
        _YEN,
        Text(
            "費用から運賃の収入を引いた金額を、利用者数でわった数です。",
            "Costs less income from fares, divided by the number of riders.",
        ),
        Text("乗車の記録と、入力した費用", "ride records, and costs as entered"),
        "less",
    ),
    "trend": Figure(
        Text("利用者数のうつりかわり", "Riders over time"),
        _PEOPLE,
        Text(
            "月ごと(短い期間は日ごと)の利用者数です。前の年の同じ月(日)とくらべます。",
            "Riders by month (short periods: by day), beside the same a year before.",
        ),
        _RIDES,
    ),
    "heat": Figure(
        Text("曜日と時間帯", "Weekday and hour"),
        Text("人(1日あたり)", "riders a day"),
        Text(
            "その曜日のその時間に乗りこんだ人の数を、この期間のその曜日の運行日の数でわった数です。",
            "People who boarded in that hour of that weekday, divided by the days of it on "
            "which anybody rode.",
        ),
        _RIDES,
    ),
    "use": Figure(
        Text("車の使われかた", "Use of the vehicles"),
        _PERCENT,
        Text(
            "その時間のうち、だれかが乗っていた時間の割合です。車が走った日の平均です。"
            "相乗りは1回と数えます。迎えに行く空の走行は入れません。",
            "The part of the hour with somebody aboard, over the days on which the vehicle carried "
            "anybody. Riders together count once; driving empty to a pick-up does not count.",
        ),
        _RIDES,
    ),
    "stops": Figure(
        Text("乗り降りの多い場所", "Busiest places"),
        _PEOPLE,
        Text(
            "乗った人と降りた人の数です。自宅は、地区ごとにまとめます。"
            "5人より少ない人しか使わない場所は「＜5」と書きます。",
            "People who got on and off. Homes are put together by hamlet. Places used by less than "
            "five people say “<5”.",
        ),
        _RIDES,
    ),
    "flows": Figure(
        Text("どこからどこへ", "From where to where"),
        _PEOPLE,
        Text(
            "出発地から目的地へ乗った人の数です。自宅は、地区ごとにまとめます。"
            "使った人が5人より少ない区間は「＜5」と書き、線をかきません。",
            "People who rode from place to place. Homes are put together by hamlet. Journeys "
            "of fewer than five people say “<5” and have no line.",
        ),
        _RIDES,
    ),
    "hamlets": Figure(
        Text("地区ごとの利用", "Use by hamlet"),
        Text("回(会員1人あたり)", "rides per member"),
        Text(
            "その地区に住む会員が乗った件数を、その地区の会員の数でわった数です。"
            "乗った人が5人より少ない地区は「＜5」と書きます。",
            "Rides of members who live in the hamlet, divided by its members. Hamlets where fewer "
            "than five people rode say “<5”.",
        ),
        Text("乗車の記録と会員の名簿", "ride records and the register of members"),
    ),
    "ages": Figure(
        Text("年齢ごとの利用", "Use by age"),
        Text("回(会員1人あたり)", "rides per member"),
        Text(
            "その年齢の会員が乗った件数を、その年齢の会員の数でわった数です。"
            "年齢は、その年に何歳になるかです。乗った人が5人より少ない年齢は「＜5」と書きます。",
            "Rides of members of an age, divided by all members of that age: what they reach in "
            "the year. Ages of which fewer than five people rode say “<5”.",
        ),
        Text("乗車の記録と会員の名簿", "ride records and the register of members"),
    ),
    "purposes": Figure(
        Text("外出の目的", "What for"),
        _PEOPLE,
        Text(
            "行き先の種類で分けた利用者数です。帰りは、帰る前にいた場所で分けます。"
            "本人に目的をたずねたものではありません。",
            "Riders by the kind of place they went to; on a way home, by where they had been. "
            "Nobody was asked for their purpose.",
        ),
        _RIDES,
    ),
    "channels": Figure(
        Text("予約のしかた", "How it was booked"),
        _PEOPLE,
        Text("予約を受けた方法で分けた利用者数です。", "Riders by how the booking was made."),
        _PROMISES,
    ),
    "kept_trend": Figure(
        Text("約束を守れた割合のうつりかわり", "Promises kept over time"),
        _PERCENT,
        Text(
            "最後に約束した時刻を守れた乗車の割合を、月ごと(短い期間は日ごと)に示します。",
            "The part of the rides that kept the times last promised, by month (or day).",
        ),
        _PROMISES,
    ),
    "lateness": Figure(
        Text("約束の時刻とのちがい", "Early and late"),
        _RIDES_UNIT,
        Text(
            "迎えと到着のうち、約束の終わりにより近い(または、より遅れた)ほうの差です。"
            "0分までは約束どおりです。",
            "How far pick-up or arrival, the worse of both, was from what was promised. "
            "Up to 0 minutes the promise was kept.",
        ),
        _PROMISES,
    ),
    "waits": Figure(
        Text("迎えを待った時間", "Time waited"),
        _RIDES_UNIT,
        Text(
            "約束した時間の始まりから、乗りこむまでの時間です。早く乗ったときは0分です。",
            "From the beginning of the time promised to getting on; early is 0 minutes.",
        ),
        _PROMISES,
    ),
    "durations": Figure(
        Text("乗っていた時間", "Time aboard"),
        _RIDES_UNIT,
        Text("乗ってから降りるまでの時間です。", "From getting on to getting off."),
        _RIDES,
    ),
    "reasons": Figure(
        Text("断った理由", "Reasons of refusals"),
        _RIDES_UNIT,
        Text(
            "断った回数を理由ごとに数えます。同じ人が何度きいても、その回数だけ数えます。",
            "How often each reason was given; asking again counts again.",
        ),
        _REFUSALS,
    ),
    "saves": Figure(
        Text("どうすれば乗れたか", "What would have saved them"),
        _RIDES_UNIT,
        Text(
            "席や車が足りずに断った移動について、断ったその時に計算した、"
            "いちばん小さな変更です。1つの移動は1か所だけに数えます。",
            "For journeys refused for want of room: the smallest change that would have given a "
            "ride, as worked out at that moment. Each journey counts once.",
        ),
        _REFUSALS,
    ),
    "lost_map": Figure(
        Text("断った移動のあった地区", "Where journeys were refused"),
        _RIDES_UNIT,
        Text(
            "席や車が足りずに断った移動を、出発地の地区ごとに数えます。"
            "5人より少ない地区は「＜5」と書き、丸をかきません。",
            "Journeys refused for want of room, by the hamlet where they would have begun. Hamlets "
            "of fewer than five people say “<5” and have no circle.",
        ),
        _REFUSALS,
    ),
    "eta": Figure(
        Text("バスの時刻の正確さ", "How true bus times were"),
        Text("秒", "seconds"),
        Text(
            "案内した到着時刻と、実際に着いた時刻の差の平均(絶対値)です。最近60日までです。",
            "The mean difference between the arrival told and made, early or late; up to 60 days.",
        ),
        Text("バスの案内の記録", "records of what riders were told"),
        "less",
    ),
    "bus_stops": Figure(
        Text("バス停ごとの乗り降り", "Bus stops by use"),
        _PEOPLE,
        Text(
            "バスで数えた、停留所ごとの乗った人と降りた人です。数えなかった便は入りません。",
            "Who got on and off at each stop, as counted on the buses; runs that nobody counted "
            "are not in it.",
        ),
        _COUNTED,
    ),
    "bus_runs": Figure(
        Text("便ごとの利用者", "Riders of each run"),
        _PEOPLE,
        Text(
            "バスで数えた乗った人を、時刻表の便ごとに、数えた日の数で割ったものです。",
            "Who got on each run of the timetable, divided by the days on which it was counted.",
        ),
        _COUNTED,
    ),
}
