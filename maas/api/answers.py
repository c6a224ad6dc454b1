"""The domain's ways of saying no, as problems."""

from __future__ import annotations

from typing import TypeVar

from maas.api.problems import Problem
from maas.api.shapes import OfferOut, Rendering
from maas.fares.vouchers import VoucherRefused
from maas.rides.views import BadOffer, Barred, KeyConflict, NoRollCall, NotFound, NotNow, OfferGone

Said = TypeVar("Said")
No = OfferGone | BadOffer | Barred | KeyConflict | NotFound | NotNow | VoucherRefused | NoRollCall

_SLUGS = {
    OfferGone: "offer-gone",
    BadOffer: "bad-offer",
    Barred: "not-allowed",
    KeyConflict: "key-reused",
    NoRollCall: "no-roll-call",
    NotFound: "not-found",
    NotNow: "not-now",
    VoucherRefused: "voucher-refused",
}


def granted(answer: Said | No, write: Rendering) -> Said:
    """Return the answer when it is a yes; otherwise raise the problem it stands for."""
    if not isinstance(answer, No):
        return answer
    raise Problem(
        _SLUGS[type(answer)], detail=answer.sentence.get(write.language), extra=_more(answer, write)
    )


def _more(answer: No, write: Rendering) -> dict[str, object]:
    if isinstance(answer, OfferGone):
        offers = write.many(OfferOut, answer.alternatives)
        return {"alternatives": [offer.model_dump(mode="json") for offer in offers]}
    if isinstance(answer, VoucherRefused):
        return {"voucher": answer.voucher}
    if isinstance(answer, Barred):
        return {"reason": answer.reason, "rule": answer.rule}
    return {"state": answer.state} if isinstance(answer, NotNow) else {}
