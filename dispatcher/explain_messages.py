"""Every sentence the dispatcher says about its decisions, in Japanese and English, in one place.

Times are seconds: ``{at_s:clock}`` reads 9:30, ``{by_s:min}`` whole minutes, rounded up.  Ids of
vehicles and parties are replaced by names when the caller knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MESSAGES: Final[dict[str, tuple[str, str]]] = {
    "offer.asked": (
        "{pickup_s:clock}ごろにお迎えし、{ride_s:min}分乗って{dropoff_s:clock}ごろに着きます。",
        (
            "Pick-up at about {pickup_s:clock}, {ride_s:min} min on board, "
            "arrival at about {dropoff_s:clock}."
        ),
    ),
    "offer.shuffled": (
        "ほかの人との約束を守ったまま順番を入れかえて、{pickup_s:clock}ごろにお迎えします。",
        (
            "With other rides put in another order, every promise kept, "
            "pick-up at about {pickup_s:clock}."
        ),
    ),
    "offer.earlier": (
        "{by_s:min}分早い{pickup_s:clock}ごろのお迎えで、{ride_s:min}分乗ります。",
        "Pick-up {by_s:min} min earlier, at about {pickup_s:clock}, {ride_s:min} min on board.",
    ),
    "offer.later": (
        "{by_s:min}分遅い{pickup_s:clock}ごろのお迎えで、{ride_s:min}分乗ります。",
        "Pick-up {by_s:min} min later, at about {pickup_s:clock}, {ride_s:min} min on board.",
    ),
    "offer.earlier.arrive": (
        "{by_s:min}分早い{dropoff_s:clock}ごろに着き、お迎えは{pickup_s:clock}ごろです。",
        (
            "Arrival {by_s:min} min earlier, at about {dropoff_s:clock}, "
            "pick-up at about {pickup_s:clock}."
        ),
    ),
    "offer.later.arrive": (
        "{by_s:min}分遅い{dropoff_s:clock}ごろに着き、お迎えは{pickup_s:clock}ごろです。",
        (
            "Arrival {by_s:min} min later, at about {dropoff_s:clock}, "
            "pick-up at about {pickup_s:clock}."
        ),
    ),
    "offer.nearby": (
        "近くの乗り場まで{walk_s:min}分歩くと、{pickup_s:clock}ごろに乗れます。",
        "A walk of {walk_s:min} min to another stop, pick-up there at about {pickup_s:clock}.",
    ),
    "offer.vehicle": (
        "別の種類の車({vehicle_class})で、{pickup_s:clock}ごろにお迎えし、{ride_s:min}分乗ります。",
        (
            "Another kind of vehicle ({vehicle_class}), pick-up at about {pickup_s:clock}, "
            "{ride_s:min} min on board."
        ),
    ),
    "offer.shorter": (
        "{pickup_s:clock}ごろのお迎えで、乗る時間は{ride_s:min}分と短くなります。",
        "Pick-up at about {pickup_s:clock}, a shorter ride of {ride_s:min} min.",
    ),
    "offer.sooner": (
        "{pickup_s:clock}ごろのお迎えで、{dropoff_s:clock}ごろと早く着きます。",
        "Pick-up at about {pickup_s:clock}, a sooner arrival at about {dropoff_s:clock}.",
    ),
    "refused.unreachable.destination": (
        "行き先まで通れる道がありません。",
        "No road that our vehicles may use leads there.",
    ),
    "refused.party_too_large.seats": (
        "{asked}人が一度に乗れる車がありません(いちばん大きい車で{most}人)。",
        "No vehicle seats {asked} at once; the largest seats {most}.",
    ),
    "refused.party_too_large.wheelchair_places": (
        "車いす{asked}台が一度に乗れる車がありません(いちばん多い車で{most}台)。",
        "No vehicle takes wheelchairs: {asked} wanted, {most} at most.",
    ),
    "refused.party_too_large.bags": (
        "荷物{asked}個が一度に積める車がありません(いちばん多い車で{most}個)。",
        "No vehicle has the luggage space: {asked} wanted, {most} at most.",
    ),
    "refused.not_allowed.only": (
        "選ばれた車は、いまは使えません。",
        "None of the vehicles this party may ride in is available.",
    ),
    "refused.out_of_hours.start_s": (
        "その時間に走っている車がありません(いちばん早い車で{at_s:clock}から)。",
        "No vehicle is out at that time; the first one leaves at {at_s:clock}.",
    ),
    "refused.out_of_hours.none": (
        "走っている車がありません。",
        "There is no vehicle.",
    ),
    "refused.out_of_hours.end_s": (
        "車の勤務は{at_s:clock}までで、それまでに戻れません。",
        "The last vehicle ends at {at_s:clock} and could not be back by then.",
    ),
    "refused.out_of_hours.latest_pickup_s": (
        "車が遠く、いちばん早くてもお迎えが{by_s:min}分遅くなります。",
        "Every vehicle is too far away: the first would come {by_s:min} min late.",
    ),
    "refused.out_of_hours.not_before_s": (
        "{at_s:clock}より前の予約はもう受けられません。",
        "Nothing before {at_s:clock} can be booked any more.",
    ),
    "refused.out_of_hours.connection": (
        "バスの時刻({at_s:clock})に合いません。",
        "It does not fit the bus ({at_s:clock}).",
    ),
    "refused.out_of_hours.follows": (
        "行きと帰りの時間が合いません({at_s:clock})。",
        "The way there and the way back overlap ({at_s:clock}).",
    ),
    "refused.full.seats": (
        "その時間に通る車は席が足りません。",
        "The vehicles that pass at that time have too few seats left.",
    ),
    "refused.full.wheelchair_places": (
        "その時間に通る車は、車いすの場所がふさがっています。",
        "The wheelchair places that pass at that time are taken.",
    ),
    "refused.full.bags": (
        "その時間に通る車は、荷物の場所が足りません。",
        "The vehicles that pass at that time have too little luggage space left.",
    ),
    "refused.full.alone": (
        "その時間に、ほかの人と乗らずにすむ車がありません。",
        "No vehicle is free of other riders at that time.",
    ),
    "refused.ride_too_long.ride_max_s": (
        "ほかの人といっしょだと、乗る時間が決まりの{most_s:min}分より長くなります。",
        "Shared with others, the ride would be longer than the {most_s:min} min allowed.",
    ),
    "refused.battery.reserve_wh": (
        "電池が足りなくなるため、その時間には走れません。",
        "The battery would fall below its reserve.",
    ),
    "refused.break.tasks": (
        "運転手の休憩や充電の時間にかかります。",
        "A driver's break or a charge stands at that time.",
    ),
    "refused.busy.latest_pickup_s": (
        "先に約束した人の時間を守ると、その時間にはお迎えできません。",
        "What others have been promised leaves no time.",
    ),
    "refused.gone.none": (
        "この案内の席は、もうほかの人が取りました。",
        "Somebody else has taken this ride meanwhile.",
    ),
    "relax.earlier": (
        "ご希望の時刻を{by_s:min}分早くすれば、{pickup_s:clock}ごろにお迎えできます。",
        "Asked for {by_s:min} min earlier it works, with pick-up at about {pickup_s:clock}.",
    ),
    "relax.later": (
        "ご希望の時刻を{by_s:min}分遅くすれば、{pickup_s:clock}ごろにお迎えできます。",
        "Asked for {by_s:min} min later it works, with pick-up at about {pickup_s:clock}.",
    ),
    "relax.ride_max_s": (
        "乗る時間が{by_s:min}分長くてもよければ、お迎えできます。",
        "It works if the ride may take {by_s:min} min longer.",
    ),
    "relax.seats": (
        "{by}人少なければ、お迎えできます。",
        "It works with {by} fewer in the party.",
    ),
    "relax.wheelchairs": (
        "車いす{by}台を置いて座席に座れれば、お迎えできます。",
        "It works if {by} can sit on a seat, without the wheelchair.",
    ),
    "relax.bags": (
        "荷物が{by}個少なければ、お迎えできます。",
        "It works with {by} fewer pieces of luggage.",
    ),
    "relax.alone": (
        "ほかの人といっしょでよければ、お迎えできます。",
        "It works if others may ride along.",
    ),
    "relax.only": (
        "車を選ばなければ、お迎えできます。",
        "It works in another vehicle.",
    ),
    "relax.origin": (
        "近くの乗り場まで{by_s:min}分歩けば、お迎えできます。",
        "It works from another stop, a walk of {by_s:min} min.",
    ),
    "why.aboard": ("もう{vehicle}に乗っています。", "Already on board of {vehicle}."),
    "why.locked": (
        "{vehicle}がもう向かっています。",
        "{vehicle} is on its way already.",
    ),
    "why.pinned": (
        "担当者が{vehicle}に決めました。",
        "The staff have decided on {vehicle}.",
    ),
    "why.only_one": (
        "みんなの約束を守ってお迎えできるのは{vehicle}だけです。",
        "Only {vehicle} can come and keep every promise.",
    ),
    "why.cheapest": (
        "{vehicle}なら、{other}より運転などの手間が{by_s:min}分少なくてすみます。",
        "{vehicle} costs {by_s:min} min less than the next best, {other}.",
    ),
    "why.not_cheapest": (
        "いまは{vehicle}の予定で、{other}なら手間が{by_s:min}分少なくなります。",
        "It is on {vehicle} for now; {other} would cost {by_s:min} min less.",
    ),
    "why_not.it_does": ("{vehicle}が行きます。", "{vehicle} does come."),
    "why_not.dearer": (
        "{vehicle}だと、{other}より運転などの手間が{by_s:min}分ふえます。",
        "{vehicle} would cost {by_s:min} min more than {other}.",
    ),
    "why_not.cheaper": (
        "{vehicle}でも行けて、手間は{other}より{by_s:min}分少なくなります。",
        "{vehicle} could come too, and would cost {by_s:min} min less than {other}.",
    ),
    "why_not.aboard": (
        "もう{other}に乗っているので、{vehicle}には変えられません。",
        "The party is on board of {other}, not {vehicle}.",
    ),
    "why_not.locked": (
        "{other}がもう向かっているので、{vehicle}には変えられません。",
        "{other} is on its way, so {vehicle} cannot take over.",
    ),
    "why_not.pinned": (
        "担当者が{other}に決めたので、{vehicle}は行きません。",
        "The staff have decided on {other}, so not {vehicle}.",
    ),
    "why_not.not_allowed": (
        "この人は{vehicle}には乗れないことになっています。",
        "This party may not ride in {vehicle}.",
    ),
    "why_not.unreachable": (
        "{vehicle}が通れる道がありません。",
        "No road that {vehicle} may use leads there.",
    ),
    "why_not.too_large": (
        "{vehicle}は席か車いすの場所がたりず、だれも乗せていなくても乗れません。",
        "{vehicle} has too few seats or wheelchair places, even when empty.",
    ),
    "why_not.seats": (
        "{vehicle}は席が{by}人分足りません。",
        "{vehicle} is short of {by} seats then.",
    ),
    "why_not.wheelchair_places": (
        "{vehicle}は車いすの場所が{by}台分足りません。",
        "{vehicle} is short of {by} wheelchair places then.",
    ),
    "why_not.bags": (
        "{vehicle}は荷物の場所が{by}個分足りません。",
        "{vehicle} is short of luggage space for {by} then.",
    ),
    "why_not.latest_pickup.own": (
        "{vehicle}だと、お迎えが約束より{by_s:min}分遅くなります。",
        "{vehicle} would come {by_s:min} min too late.",
    ),
    "why_not.latest_pickup": (
        "{vehicle}が行くと、{rider}のお迎えが約束より{by_s:min}分遅くなります。",
        "With {vehicle}, {rider} would be picked up {by_s:min} min late.",
    ),
    "why_not.latest_dropoff.own": (
        "{vehicle}だと、着くのが約束より{by_s:min}分遅くなります。",
        "{vehicle} would arrive {by_s:min} min too late.",
    ),
    "why_not.latest_dropoff": (
        "{vehicle}が行くと、{rider}が着くのが約束より{by_s:min}分遅くなります。",
        "With {vehicle}, {rider} would arrive {by_s:min} min late.",
    ),
    "why_not.ride_max.own": (
        "{vehicle}だと、乗る時間が決まりより{by_s:min}分長くなります。",
        "In {vehicle} the ride would be {by_s:min} min too long.",
    ),
    "why_not.ride_max": (
        "{vehicle}が行くと、{rider}の乗る時間が決まりより{by_s:min}分長くなります。",
        "With {vehicle}, the ride of {rider} would be {by_s:min} min too long.",
    ),
    "why_not.late": (
        "{vehicle}はもう遅れていて、ほかの人を乗せる時間がありません。",
        "{vehicle} is late already and has no time for anybody else.",
    ),
    "why_not.alone": (
        "{vehicle}には、ひとりで乗る約束の人がいます。",
        "{vehicle} carries somebody who has been promised to ride alone.",
    ),
    "why_not.alone.own": (
        "{vehicle}には、ほかの人が乗っています。",
        "{vehicle} has other people on board then.",
    ),
    "why_not.aboard_at_task": (
        "{vehicle}は、乗っている間に休憩や充電の時間になります。",
        "{vehicle} has a break or a charge during the ride.",
    ),
    "why_not.task_late": (
        "{vehicle}が行くと、休憩や充電が{by_s:min}分遅くなります。",
        "With {vehicle}, its break or charge would begin {by_s:min} min late.",
    ),
    "why_not.battery": (
        "{vehicle}は電池が{by}Wh足りなくなります。",
        "{vehicle} would be {by} Wh short of its battery's reserve.",
    ),
    "why_not.shift_end": (
        "{vehicle}は、勤務の終わりまでに{by_s:min}分足りません。",
        "{vehicle} would end its shift {by_s:min} min late.",
    ),
}


class _Seconds(int):
    """Seconds that know how people say them."""

    def __format__(self, said: str) -> str:
        if said == "clock":
            return f"{self // 3600}:{self % 3600 // 60:02d}"
        if said == "min":
            return str(-(-abs(self) // 60))
        return super().__format__(said)


@dataclass(frozen=True, slots=True)
class Option:
    """Another vehicle: what it would have cost, or the limit it breaks."""

    vehicle_id: str
    cost_s: int | None
    limit: Explanation | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The numbers that decided, and the sentence about them.

    Times and durations in ``values`` are seconds and end in ``_s``; ``vehicle``, ``other`` and
    ``rider`` are ids.  ``options`` are the other vehicles, where there was a choice of them.
    """

    code: str
    values: Mapping[str, int | str] = field(default_factory=dict)
    options: tuple[Option, ...] = ()

    def ja(self, names: Mapping[str, str] | None = None) -> str:
        """Return the Japanese sentence, with ids replaced by ``names``."""
        return self._said(MESSAGES[self.code][0], names or {})

    def en(self, names: Mapping[str, str] | None = None) -> str:
        """Return the English sentence, with ids replaced by ``names``."""
        return self._said(MESSAGES[self.code][1], names or {})

    def _said(self, template: str, names: Mapping[str, str]) -> str:
        values = {
            key: names.get(value, value) if isinstance(value, str) else _Seconds(value)
            for key, value in self.values.items()
        }
        return template.format(**values)
