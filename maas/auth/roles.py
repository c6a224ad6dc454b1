"""Who may do what: five roles, one table, and everything not in it is refused."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """What a member of staff is."""

    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    DRIVER = "driver"
    PLANNER = "planner"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a route needs.

    `PUBLIC` needs nobody, `DEVICE` a device's token, `SIGN` a sign's, `MACHINE` a key of the
    settings, and `VEHICLE` the vehicle's own device, the driver who has taken it over, or a
    dispatcher, `RIDER` the link of a member's own page, `LINK` the link to one ride: those check
    the object, not only the role.
    """

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    READ_PEOPLE = "read_people"
    WRITE_PEOPLE = "write_people"
    MERGE_PEOPLE = "merge_people"
    READ_BOOKINGS = "read_bookings"
    BOOK = "book"
    READ_PLAN = "read_plan"
    DECIDE = "decide"
    WAIVE_RULES = "waive_rules"
    READ_RIDES = "read_rides"
    DRIVE = "drive"
    VEHICLE = "vehicle"
    DEVICE = "device"
    SIGN = "sign"
    MACHINE = "machine"
    RIDER = "rider"
    LINK = "link"
    MANAGE_DEVICES = "manage_devices"
    MANAGE_LINKS = "manage_links"
    READ_TIMETABLES = "read_timetables"
    EDIT_TIMETABLES = "edit_timetables"
    READ_MONEY = "read_money"
    HANDLE_VOUCHERS = "handle_vouchers"
    CORRECT_MONEY = "correct_money"
    READ_RULES = "read_rules"
    EDIT_RULES = "edit_rules"
    EDIT_PLACES = "edit_places"
    EDIT_FLEET = "edit_fleet"
    MANAGE_STAFF = "manage_staff"
    READ_AUDIT = "read_audit"
    CLOSE_MONTHS = "close_months"
    CORRECT_RECORDS = "correct_records"
    PLAN = "plan"


_DESK: Final = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.ADMIN})
_OFFICE: Final = _DESK | {Role.PLANNER}

GRANTS: Final = MappingProxyType(
    {
        Permission.SIGNED_IN: frozenset(Role),
        Permission.READ_PEOPLE: _DESK,
        Permission.WRITE_PEOPLE: _DESK,
        Permission.MERGE_PEOPLE: frozenset({Role.DISPATCHER, Role.ADMIN}),
        Permission.READ_BOOKINGS: _DESK,
        Permission.BOOK: _DESK,
        Permission.READ_PLAN: _DESK,
        Permission.DECIDE: frozenset({Role.DISPATCHER, Role.ADMIN}),
        Permission.WAIVE_RULES: frozenset({Role.DISPATCHER, Role.ADMIN}),
        Permission.READ_RIDES: _OFFICE,
        Permission.DRIVE: frozenset({Role.DRIVER, Role.DISPATCHER, Role.ADMIN}),
        Permission.MANAGE_DEVICES: frozenset({Role.ADMIN}),
        Permission.MANAGE_LINKS: frozenset({Role.ADMIN}),
        Permission.READ_TIMETABLES: _OFFICE,
        Permission.EDIT_TIMETABLES: frozenset({Role.PLANNER, Role.ADMIN}),
        Permission.READ_MONEY: _OFFICE,
        Permission.HANDLE_VOUCHERS: _DESK,
        Permission.CORRECT_MONEY: frozenset({Role.DISPATCHER, Role.ADMIN}),
        Permission.READ_RULES: _OFFICE,
        Permission.EDIT_RULES: frozenset({Role.PLANNER, Role.ADMIN}),
        Permission.EDIT_PLACES: frozenset({Role.DISPATCHER, Role.ADMIN}),
        Permission.EDIT_FLEET: frozenset({Role.ADMIN}),
        Permission.MANAGE_STAFF: frozenset({Role.ADMIN}),
        Permission.READ_AUDIT: frozenset({Role.ADMIN}),
        Permission.CLOSE_MONTHS: frozenset({Role.PLANNER, Role.ADMIN}),
        Permission.CORRECT_RECORDS: frozenset({Role.DISPATCHER, Role.ADMIN}),
        Permission.PLAN: frozenset({Role.PLANNER, Role.ADMIN}),
    }
)


def allowed(role: Role, permission: Permission) -> bool:
    """Say whether the table grants `permission` to `role`; what it does not list is refused."""
    return role in GRANTS.get(permission, frozenset())
