"""A trip that a rule of the town stands against, offered all the same because somebody decides so.

Each rule is loosened alone, so everything else is looked at as always: seats, ride times, shifts,
promises to others, what the rider has booked already.  The decision is in the audit twice: when it
is made, and with the booking that comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from maas.rides.asking import Asking
from maas.rides.tokens import Waiver
from maas.rides.views import AskIn, OfferView, Quote, RefusalAnswer, RefusalView
from maas.store.commits import AuditEntry, add_audit
from maas.town.calendars import Refused
from maas.town.messages import Text
from maas.town.rules import AreaRules
from maas.town.waivers import WAIVABLE


@dataclass(frozen=True, slots=True)
class Waived:
    """What can be offered now, or why nothing, and the sentences of the rules set aside."""

    answer: Quote | RefusalAnswer
    rules: tuple[Text, ...]


class Waivers:
    """The decisions against the rules of one area."""

    def __init__(self, keeper: Asking) -> None:
        self._keeper = keeper

    async def quote(self, ask: AskIn, *, by: str, why: str) -> Waived:
        """Say when a vehicle could come without the rules that may be set aside.

        What no reason can set aside is refused as ever, and then nothing is written.
        """
        rules, against = self._keeper.here.rules, dict[str, RefusalView]()
        while True:
            waiver = Waiver(by, why, tuple(each.binding or "" for each in against.values()))
            found = await self._asked(ask, rules, waiver)
            if not isinstance(found, RefusalView):
                break
            rule = found.rule
            if rule is None or rule in against:
                break
            against[rule] = found
            rules = WAIVABLE[rule](rules)
        sentences = tuple(each.sentence for each in against.values())
        if isinstance(found, RefusalView):
            return Waived(RefusalAnswer(found), sentences)
        if against:
            await self._note(ask, waiver)
        return Waived(Quote(found), sentences)

    async def _asked(
        self, ask: AskIn, rules: AreaRules, waiver: Waiver
    ) -> tuple[OfferView, ...] | RefusalView:
        keeper = self._keeper
        day = ask.day or keeper.today
        wished = keeper.wish_of(ask, day, rules=rules)
        if isinstance(wished, Refused):
            return RefusalView(wished.reason, wished.rule, wished.text)
        live = await keeper.seen_live(day)
        return await keeper.offers(live, replace(wished, waiver=waiver if waiver.rules else None))

    async def _note(self, ask: AskIn, waiver: Waiver) -> None:
        detail = {"ask": ask, "why": waiver.why, "rules": waiver.rules}
        text = msgspec.json.encode(detail, order="deterministic").decode()
        subject = str(ask.rider_id or "")
        entry = AuditEntry(self._keeper.clock(), waiver.by, "rules.waived", subject, text)
        async with self._keeper.database.writing() as connection:
            await add_audit(connection, entry)
