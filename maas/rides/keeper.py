"""The single writer of an area: holds the live plan, and every change goes through it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from maas.rides.views import (
    AskIn,
    BadOffer,
    BookingView,
    Event,
    JobView,
    KeyConflict,
    NotFound,
    NotNow,
    OfferGone,
    PlanView,
    Quote,
    RefusalAnswer,
    Step,
    VehiclePlanView,
)
from maas.store.database import Database

Deliver = Callable[[Event], Awaitable[None]]


class Keeper:
    """Keeps the plan of one area; SQL is the truth, and the plan in memory follows it.

    `roads` answers for each profile a `dispatcher.roads.Roads`; `clock` is the service clock in
    epoch seconds; `deliver` gets every committed event at least once.
    """

    def __init__(
        self,
        database: Database,
        *,
        area: str,
        roads: object,
        clock: Callable[[], float],
        signing_key: bytes,
        deliver: Deliver | None = None,
        improve_s: float = 1.0,
    ) -> None: ...

    async def start(self) -> None:
        """Rebuild the plan from the database and begin the work beside it."""

    async def stop(self) -> None:
        """End the work beside the plan; nothing is lost by not calling it."""

    async def quote(self, ask: AskIn) -> Quote | RefusalAnswer:
        """Say when a vehicle could come, promising nothing; a refusal is logged."""
        raise NotImplementedError

    async def book(
        self,
        token: str,
        *,
        rider_id: int | None,
        key: str,
        actor: str,
        contact_name: str = "",
        contact_phone: str = "",
    ) -> BookingView | OfferGone | BadOffer | KeyConflict | NotFound:
        """Take an offer: when this returns a booking it is on disk, once for its key."""
        raise NotImplementedError

    async def change(
        self, booking_id: str, token: str, *, key: str, actor: str
    ) -> BookingView | OfferGone | BadOffer | KeyConflict | NotFound | NotNow:
        """Give a booking another offer; the old promise stays until the new one is on disk."""
        raise NotImplementedError

    async def cancel(
        self, booking_id: str, *, reason: str, key: str, actor: str
    ) -> BookingView | KeyConflict | NotFound | NotNow:
        """Release a booking nobody has boarded for."""
        raise NotImplementedError

    async def step(
        self,
        vehicle_id: str,
        booking_id: str,
        step: Step,
        *,
        at: float | None,
        key: str,
        actor: str,
    ) -> JobView | KeyConflict | NotFound | NotNow:
        """Take what a driver reports; `at` is the epoch second it happened, `None` now."""
        raise NotImplementedError

    async def plan_view(self, day: date | None = None) -> PlanView:
        """Return the plan of a day (`None` today) as the monitor shows it."""
        raise NotImplementedError

    async def vehicle_view(
        self, vehicle_id: str, day: date | None = None
    ) -> VehiclePlanView | None:
        """Return one vehicle's plan, `None` for a vehicle this area does not have."""
        raise NotImplementedError

    async def job(self, vehicle_id: str) -> JobView | None:
        """Return what the driver does next, `None` for a vehicle this area does not have."""
        raise NotImplementedError

    def on_position(
        self,
        vehicle_id: str,
        lat: float,
        lon: float,
        now: float,
        *,
        bearing: float | None = None,
        battery_percent: float | None = None,
    ) -> None:
        """Take where a vehicle is; `now` is the epoch second of the fix."""

    async def check(self) -> list[str]:
        """Return what the independent verifier finds wrong with the live plans; empty is well."""
        raise NotImplementedError
