"""Every table of the service.

Times of a service day are whole seconds after its midnight; instants are epoch seconds; money is
integer yen.  JSON columns hold what is always read and written whole.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.types import BigInteger

from maas.store.sealed import SealedJson, SealedLine, SealedText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of exactly this type.
RowId = BigInteger().with_variant(Integer, "sqlite")

# --- the town ---------------------------------------------------------------------------------

towns = Table(
    "towns",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_en", String, nullable=False),
    Column("timezone", String, nullable=False),
    Column("region", JSON, nullable=False),
    Column("booking_phone", String, nullable=False),
    Column("notice", String, nullable=False),
    Column("notice_en", String, nullable=False),
)

areas = Table(
    "areas",
    metadata,
    Column("id", String, primary_key=True),
    Column("town_id", ForeignKey("towns.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("name_en", String, nullable=False),
)

# One dated rule each; `body` is its fields as in town.toml.  Rows are replaced, never rewritten.
rules = Table(
    "rules",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("body", JSON, nullable=False),
    Column("made_at", Double, nullable=False, server_default="0"),
    Column("made_by", String, nullable=False, server_default=""),
    Column("change_id", ForeignKey("rule_changes.id")),
    Column("replaced_at", Double),
    Column("replaced_by", String),
    CheckConstraint(
        "kind IN ('hours', 'booking', 'tariff', 'zone', 'relation', 'figure')", name="kind"
    ),
)

# A change of rules that is worked on; `body` has its rules and those it takes away.
rule_changes = Table(
    "rule_changes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("state", String, nullable=False),
    Column("body", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("made_by", String, nullable=False),
    Column("forced_at", Double),
    Column("forced_by", String),
    CheckConstraint("state IN ('draft', 'in_force', 'discarded')", name="state"),
)

# Where exactly at a place the vehicle stops; another entrance is a place that is `part_of` one.
pickup_points = Table(
    "pickup_points",
    metadata,
    Column("place_id", ForeignKey("places.id"), primary_key=True),
    Column("point", String, nullable=False),
    Column("part_of", ForeignKey("places.id"), index=True),
    Column("entrance", String, nullable=False),
    Column("entrance_en", String, nullable=False),
    Column("landmark", String, nullable=False),
    Column("photo", String, nullable=False),
    Column("step_free", Boolean, nullable=False),
    CheckConstraint("point IN ('door', 'stop', 'entrance')", name="point"),
)

places = Table(
    "places",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("code", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("kana", String, nullable=False),
    Column("name_en", String, nullable=False),
    Column("kind", String, nullable=False, index=True),
    Column("address", SealedLine("places.address"), nullable=False),
    Column("oaza", String, nullable=False),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    Column("nicknames", JSON, nullable=False),
    Column("anchor", String),
    Column("network", String),
    Column("hidden", Boolean, nullable=False, server_default=false()),
)

members = Table(
    "members",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("number", String, nullable=False, unique=True),
    Column("name", SealedLine("members.name"), nullable=False),
    Column("kana", SealedLine("members.kana"), nullable=False),
    Column("phone", SealedLine("members.phone"), nullable=False),
    Column("birth_year", Integer),
    Column("address", SealedLine("members.address"), nullable=False),
    Column("oaza", String, nullable=False),
    Column("home_place_id", ForeignKey("places.id")),
    Column("tags", SealedJson("members.tags"), nullable=False),
    Column("notes", SealedLine("members.notes"), nullable=False),
    Column("favourites", JSON, nullable=False),
    Column("language", String, nullable=False),
    Column("phones", SealedJson("members.phones"), nullable=False, server_default="[]"),
    Column("email", SealedLine("members.email"), nullable=False, server_default=""),
    Column("line_id", SealedLine("members.line_id"), nullable=False, server_default=""),
    Column("household", SealedLine("members.household"), nullable=False, server_default=""),
    Column("aids", SealedJson("members.aids"), nullable=False, server_default="[]"),
    Column("eligibility", SealedJson("members.eligibility"), nullable=False, server_default="[]"),
    Column("contacts", SealedJson("members.contacts"), nullable=False, server_default="[]"),
    Column("confirm_by", String, nullable=False, server_default="none"),
    Column("provisional", Boolean, nullable=False, server_default=false()),
    Column("merged_into", ForeignKey("members.id")),
    Column("pickup_points", JSON, nullable=False, server_default="[]"),
)

# What the desk wrote down about a member, by whom.
member_notes = Table(
    "member_notes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("member_id", ForeignKey("members.id"), nullable=False, index=True),
    Column("at", Double, nullable=False),
    Column("author", String, nullable=False),
    Column("text", SealedText("member_notes.text"), nullable=False),
)

# Append-only: what a member allowed or no longer allows, to whom, and how they said so.
consents = Table(
    "consents",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("member_id", ForeignKey("members.id"), nullable=False, index=True),
    Column("at", Double, nullable=False),
    Column("by", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("recipient", SealedLine("consents.recipient"), nullable=False),
    Column("given", Boolean, nullable=False),
    Column("how", String, nullable=False),
)

# Links to a member's own page; what is handed out is signed, so that the id alone opens nothing.
# `holder` is who else than the member has it.
rider_links = Table(
    "rider_links",
    metadata,
    Column("id", String, primary_key=True),
    Column("member_id", ForeignKey("members.id"), nullable=False, index=True),
    Column("holder", SealedLine("rider_links.holder"), nullable=False),
    Column("made_at", Double, nullable=False),
    Column("made_by", String, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("revoked_at", Double),
    Column("used_at", Double),
)

# --- vehicles and staff -----------------------------------------------------------------------

vehicles = Table(
    "vehicles",
    metadata,
    Column("row", RowId, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("name_en", String, nullable=False),
    Column("operator", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("profile", String, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("wheelchair_places", Integer, nullable=False),
    Column("seats_lost_per_wheelchair", Integer, nullable=False),
    Column("battery_wh", Integer),
    Column("depot_place_id", ForeignKey("places.id")),
    Column("plate", String, nullable=False),
    Column("shift_from_s", Integer, nullable=False),
    Column("shift_to_s", Integer, nullable=False),
    Column("block", String),
    Column("driver", String),
    Column("colour", String, nullable=False, server_default=""),
    Column("in_service", Boolean, nullable=False, server_default=true()),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String, primary_key=True),
    Column("token_hash", String, nullable=False, unique=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("enrolled_at", Double, nullable=False),
    Column("revoked_at", Double),
    Column("kind", String, nullable=False, server_default="tracker"),
)

enrol_codes = Table(
    "enrol_codes",
    metadata,
    Column("code_hash", String, primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("used_at", Double),
)

staff = Table(
    "staff",
    metadata,
    Column("name", String, primary_key=True),
    Column("display_name", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("area_id", String),
    Column("disabled", Boolean, nullable=False, default=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String, primary_key=True),
    Column("staff_name", ForeignKey("staff.name", ondelete="CASCADE"), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("proved_at", Double, nullable=False, server_default="0"),
    Column("way", String, nullable=False, server_default="password"),
    Column("browser", String, nullable=False, server_default=""),
)

# `handle` is what an authenticator keeps of its owner: random, the same for all keys of one.
passkeys = Table(
    "passkeys",
    metadata,
    Column("id", String, primary_key=True),
    Column("staff_name", ForeignKey("staff.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("handle", String, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("used_at", Double),
)

# What was begun at the door: ended once, by the browser that began it.
attempts = Table(
    "attempts",
    metadata,
    Column("id_hash", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("browser_hash", String, nullable=False),
    Column("kept", String, nullable=False),
    Column("expires_at", Double, nullable=False),
)

# Whom an organisation signs in: its name and what it calls them are kept as a hash alone.
identities = Table(
    "identities",
    metadata,
    Column("id_hash", String, primary_key=True),
    Column("staff_name", ForeignKey("staff.name", ondelete="CASCADE"), nullable=False, unique=True),
    Column("made_at", Double, nullable=False),
)

# The device that makes somebody's second proof, in force once `confirmed_at` is set; no code of
# `last_step` (30 s each) or before is taken again.
second_factors = Table(
    "second_factors",
    metadata,
    Column("staff_name", ForeignKey("staff.name", ondelete="CASCADE"), primary_key=True),
    Column("secret", SealedLine("second_factors.secret"), nullable=False),
    Column("made_at", Double, nullable=False),
    Column("confirmed_at", Double),
    Column("last_step", BigInteger, nullable=False),
)

# For whoever has lost it: each opens once.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code_hash", String, primary_key=True),
    Column("staff_name", ForeignKey("staff.name", ondelete="CASCADE"), nullable=False, index=True),
)

# --- bookings and promises --------------------------------------------------------------------

bookings = Table(
    "bookings",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("service_date", Date, nullable=False),
    Column("reference", String, nullable=False),
    Column("state", String, nullable=False),
    Column("member_id", ForeignKey("members.id")),
    Column("contact_name", SealedLine("bookings.contact_name"), nullable=False),
    Column("contact_phone", SealedLine("bookings.contact_phone"), nullable=False),
    Column("origin_id", ForeignKey("places.id"), nullable=False),
    Column("destination_id", ForeignKey("places.id"), nullable=False),
    Column("riders", Integer, nullable=False),
    Column("wheelchairs", Integer, nullable=False),
    Column("half_fares", Integer, nullable=False),
    Column("infants", Integer, nullable=False),
    Column("transfer", Boolean, nullable=False),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("promise_no", Integer, nullable=False),
    Column("pickup_planned_s", Integer, nullable=False),
    Column("arrive_planned_s", Integer, nullable=False),
    Column("direct_s", Integer, nullable=False),
    Column("arrived_s", Integer),
    Column("aboard_s", Integer),
    Column("dropped_s", Integer),
    Column("cancel_reason", SealedLine("bookings.cancel_reason")),
    Column("booked_at", Double, nullable=False),
    Column("booked_by", String, nullable=False),
    Column("pinned_vehicle_id", String),
    Column("held_until", Double),
    Column("group_id", String, index=True),
    Column("helpers", Integer, nullable=False, server_default="0"),
    Column("channel", String, nullable=False, server_default="phone"),
    Column("call_id", String),
    Column("unplaced_since", Double),
    Column("boards_at_id", ForeignKey("places.id")),
    Column("rode_before", String, nullable=False, server_default=""),
    UniqueConstraint("area_id", "service_date", "reference"),
    CheckConstraint(
        "state IN ('booked', 'arrived', 'aboard', 'done', 'cancelled', 'no_show', 'held', "
        "'lapsed')",
        name="state",
    ),
    Index(None, "service_date", "state"),
    Index(None, "member_id", "service_date"),
)

# Append-only: every time ever told to a rider.  `request` is the dispatcher's promise as JSON.
promises = Table(
    "promises",
    metadata,
    Column("booking_id", ForeignKey("bookings.id"), primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("vehicle_id", String, nullable=False),
    Column("pickup_from_s", Integer, nullable=False),
    Column("pickup_to_s", Integer, nullable=False),
    Column("arrive_by_s", Integer, nullable=False),
    Column("request", JSON, nullable=False),
    Column("told_at", Double, nullable=False),
    Column("told_by", String, nullable=False),
    Column("why", String, nullable=False),
)

# The plan of one vehicle on one day; `version` is the compare-and-set of every commit.
# `at_place_id`, `free_s`: where it was and when it was free after the last stop it finished.
vehicle_plans = Table(
    "vehicle_plans",
    metadata,
    Column("vehicle_id", ForeignKey("vehicles.id"), primary_key=True),
    Column("service_date", Date, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("stops", JSON, nullable=False),
    Column("at_place_id", ForeignKey("places.id")),
    Column("free_s", Integer),
    Index(None, "service_date"),
)

# --- what goes wrong, and buses waited for ----------------------------------------------------

# One command each; `outcome` is what was answered: before and after of every rider.
disruptions = Table(
    "disruptions",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("service_date", Date, nullable=False),
    Column("kind", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("by", String, nullable=False),
    Column("outcome", SealedJson("disruptions.outcome"), nullable=False),
    Index(None, "area_id", "service_date"),
)

# Append-only: the last row of a vehicle and day holds.  `out`: it is in no plan; `off`: its shift
# ends at `at_s`, sooner or later than usual; `back`: as if nothing had been.
outages = Table(
    "outages",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("service_date", Date, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("at_s", Integer, nullable=False),
    Column("place_id", ForeignKey("places.id")),
    Column("disruption_id", ForeignKey("disruptions.id"), nullable=False),
    CheckConstraint("kind IN ('out', 'off', 'back')", name="kind"),
)

# A break somebody put into a vehicle's plan: to be taken as long as the plan's stops have it.
rests = Table(
    "rests",
    metadata,
    Column("id", ForeignKey("disruptions.id"), primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("service_date", Date, nullable=False, index=True),
    Column("place_id", ForeignKey("places.id"), nullable=False),
    Column("earliest_s", Integer, nullable=False),
    Column("latest_s", Integer, nullable=False),
    Column("lasts_s", Integer, nullable=False),
)

# Roads at `points` (lat, lon; none: all roads) closed, or driven at `factor` of their speed.
closures = Table(
    "closures",
    metadata,
    Column("id", String, primary_key=True),
    Column("points", JSON, nullable=False),
    Column("factor", Double),
    Column("until", Double),
    Column("reason", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("by", String, nullable=False),
    Column("opened_at", Double),
    Column("opened_by", String),
)

# The bus trip a ride is tied to; `bus_s` is when the bus is known to be at the stop, `planned_s`
# when the timetable says.
links = Table(
    "links",
    metadata,
    Column("booking_id", ForeignKey("bookings.id"), primary_key=True),
    Column("service_date", Date, nullable=False, index=True),
    Column("trip_id", String, nullable=False),
    Column("stop_id", String, nullable=False),
    Column("toward", String, nullable=False),
    Column("planned_s", Integer, nullable=False),
    Column("bus_s", Integer, nullable=False),
    Column("margin_s", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("next_trip_id", String),
    Column("at", Double, nullable=False),
    Column("by", String, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("toward IN ('to_bus', 'from_bus')", name="toward"),
    CheckConstraint("state IN ('linked', 'waiting', 'missed', 'undone')", name="state"),
)

# Append-only.  `dated` is the day it counts on when it was written after its month was closed;
# `seal` follows from the row as it was written (``maas.store.rides``), '' before there were seals.
rides = Table(
    "rides",
    metadata,
    Column("booking_id", ForeignKey("bookings.id"), primary_key=True),
    Column("service_date", Date, nullable=False, index=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("picked_up_s", Integer, nullable=False),
    Column("dropped_off_s", Integer, nullable=False),
    Column("distance_m", Integer, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("fare_yen", Integer, nullable=False),
    Column("fare_reasons", JSON, nullable=False),
    Column("fare_inputs", JSON, nullable=False),
    Column("tariff", String, nullable=False),
    Column("dated", Date, index=True),
    Column("seal", String, nullable=False, server_default=""),
)

# What a voucher pays beside its face is in the tariff of the day it is spent on.
vouchers = Table(
    "vouchers",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("form", String, nullable=False),
    Column("member_id", ForeignKey("members.id"), index=True),
    Column("face_yen", Integer),
    Column("left_yen", Integer),
    Column("state", String, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("version", Integer, nullable=False),
    Column("issued_at", Double, nullable=False),
    Column("issued_by", String, nullable=False),
    CheckConstraint("state IN ('open', 'spent', 'void')", name="state"),
    CheckConstraint("left_yen IS NULL OR (left_yen >= 0 AND left_yen <= face_yen)", name="left"),
)

# How many of a kind a member has spent in a month like 2026-11: the fence of its quota.
voucher_months = Table(
    "voucher_months",
    metadata,
    Column("member_id", ForeignKey("members.id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("month", String, primary_key=True),
    Column("used", Integer, nullable=False),
)

# Append-only: money and vouchers taken or given back, fares put right, change money.
takings = Table(
    "takings",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("service_date", Date, nullable=False),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("booking_id", ForeignKey("bookings.id"), index=True),
    Column("what", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("voucher_id", ForeignKey("vouchers.id")),
    Column("count", Integer, nullable=False),
    Column("yen", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("actor", String, nullable=False),
    Column("reason", SealedLine("takings.reason"), nullable=False),
    CheckConstraint("what IN ('cash', 'voucher', 'fare', 'float')", name="what"),
    Index(None, "service_date", "vehicle_id"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("service_date", Date, nullable=False, index=True),
    Column("reason", String, nullable=False),
    Column("binding", String),
    Column("ask", JSON, nullable=False),
    Column("alternatives", Integer, nullable=False),
    Column("relaxations", JSON, nullable=False, server_default="[]"),
    Column("declined", JSON),
    Column("actor", String, nullable=False, server_default=""),
)

# --- the ledger: corrections, vehicles' days, closed months --------------------------------------

# Append-only: a field of a row put right.  `service_date` is the day of what it corrects, `dated`
# the day it counts on: the same while its month is open, else the day it was entered.
corrections = Table(
    "corrections",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("subject", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("field", String, nullable=False),
    Column("old", JSON, nullable=False),
    Column("new", JSON, nullable=False),
    Column("reason", SealedLine("corrections.reason"), nullable=False),
    Column("author", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("service_date", Date, nullable=False, index=True),
    Column("dated", Date, nullable=False, index=True),
    CheckConstraint("subject IN ('ride', 'booking', 'vehicle_day')", name="subject"),
    Index(None, "subject", "subject_id"),
)

# Append-only: how far a vehicle went on a day, with riders and in all, and how long it was out.
# `dated` as of rides; `energy_wh` is what was measured; `source` says what the metres are from.
vehicle_days = Table(
    "vehicle_days",
    metadata,
    Column("vehicle_id", ForeignKey("vehicles.id"), primary_key=True),
    Column("service_date", Date, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("dated", Date, nullable=False, index=True),
    Column("distance_m", Integer, nullable=False),
    Column("loaded_m", Integer, nullable=False),
    Column("duty_s", Integer, nullable=False),
    Column("energy_wh", Integer),
    Column("source", String, nullable=False),
    Column("recorded_at", Double, nullable=False),
    CheckConstraint("source IN ('meter', 'roads', 'simulated')", name="source"),
    CheckConstraint("loaded_m >= 0 AND loaded_m <= distance_m", name="loaded"),
    Index(None, "service_date"),
)

# Append-only: a month (2026-11) given out as provisional, or closed for good, and its figures then.
closings = Table(
    "closings",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("month", String, nullable=False),
    Column("state", String, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("digest", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("by", String, nullable=False),
    UniqueConstraint("month", "state"),
    CheckConstraint("state IN ('provisional', 'closed')", name="state"),
)

# Days whose rides were made up, not driven: every figure of them says so.
simulated_days = Table(
    "simulated_days",
    metadata,
    Column("service_date", Date, primary_key=True),
    Column("seed", Integer, nullable=False),
)

# What-if studies: what was asked, how far they are, and what came of them.
studies = Table(
    "studies",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("question", JSON, nullable=False),
    Column("program", String, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("made_by", String, nullable=False),
    Column("state", String, nullable=False),
    Column("runner", String, nullable=False),
    Column("heard_at", Double, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("result", JSON),
    Column("error", String, nullable=False),
    CheckConstraint(
        "state IN ('waiting', 'running', 'done', 'failed', 'cancelled', 'interrupted')",
        name="state",
    ),
    Index(None, "area_id", "made_at"),
)

# --- what becomes a booking by itself ---------------------------------------------------------

# A way back without a time; `booking_id` is the seat softly held for it, then the real ride.
open_returns = Table(
    "open_returns",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("service_date", Date, nullable=False),
    Column("outward_id", ForeignKey("bookings.id"), index=True),
    Column("ask", JSON, nullable=False),
    Column("member_id", ForeignKey("members.id")),
    Column("contact_name", SealedLine("open_returns.contact_name"), nullable=False),
    Column("contact_phone", SealedLine("open_returns.contact_phone"), nullable=False),
    Column("state", String, nullable=False),
    Column("expected_s", Integer, nullable=False),
    Column("booking_id", ForeignKey("bookings.id")),
    Column("button_hash", String, nullable=False, unique=True),
    Column("called_s", Integer),
    Column("opened_at", Double, nullable=False),
    Column("opened_by", String, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('open', 'called', 'promised', 'closed')", name="state"),
    Index(None, "service_date", "state"),
)

waitlist = Table(
    "waitlist",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("service_date", Date, nullable=False),
    Column("ask", JSON, nullable=False),
    Column("member_id", ForeignKey("members.id")),
    Column("contact_name", SealedLine("waitlist.contact_name"), nullable=False),
    Column("contact_phone", SealedLine("waitlist.contact_phone"), nullable=False),
    Column("state", String, nullable=False),
    Column("booking_id", ForeignKey("bookings.id")),
    Column("answer_by", Double),
    Column("made_at", Double, nullable=False),
    Column("made_by", String, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint(
        "state IN ('waiting', 'offered', 'taken', 'lapsed', 'withdrawn')", name="state"
    ),
    Index(None, "service_date", "state"),
)

# `weekdays` counts from Monday, 0; on public holidays it rests unless `holidays`.
standing_bookings = Table(
    "standing_bookings",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("member_id", ForeignKey("members.id"), nullable=False, index=True),
    Column("ask", JSON, nullable=False),
    Column("weekdays", JSON, nullable=False),
    Column("holidays", Boolean, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("paused_from", Date),
    Column("paused_to", Date),
    Column("made_at", Double, nullable=False),
    Column("made_by", String, nullable=False),
    Column("version", Integer, nullable=False),
)

# What became of each day of a standing booking: the row is what makes it happen once.
standing_days = Table(
    "standing_days",
    metadata,
    Column("standing_id", ForeignKey("standing_bookings.id"), primary_key=True),
    Column("service_date", Date, primary_key=True),
    Column("outcome", String, nullable=False),
    Column("booking_id", ForeignKey("bookings.id")),
    Column("reason", String, nullable=False),
    Column("sentence", String, nullable=False),
    Column("sentence_en", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("seen_by", String),
    CheckConstraint("outcome IN ('booked', 'refused', 'skipped')", name="outcome"),
    Index(None, "service_date", "outcome"),
)

# --- what makes commits safe ------------------------------------------------------------------

idempotency = Table(
    "idempotency",
    metadata,
    Column("actor", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("parameters", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", SealedText("idempotency.body"), nullable=False),
    Column("at", Double, nullable=False, index=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("area_id", String, nullable=False),
    Column("body", SealedText("outbox.body"), nullable=False),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detail", SealedText("audit.detail"), nullable=False),
    Column("hash", String, nullable=False),
)

# One row: the end of the audit chain, locked while a link is added.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("area_id", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until", Double, nullable=False),
)

# --- what happened on the road ----------------------------------------------------------------

positions = Table(
    "positions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("vehicle_id", String, nullable=False),
    Column("device", String, nullable=False),
    Column("boot", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("t", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    Column("speed", Double),
    Column("bearing", Double),
    Column("trip", String),
    Column("added_s", Double, nullable=False, server_default="0"),
    UniqueConstraint("device", "boot", "seq"),
    Index(None, "vehicle_id", "t"),
)

# Every stop event of a bus, in service-day seconds of its run; no time: it was not seen.
stop_visits = Table(
    "stop_visits",
    metadata,
    Column("service_date", Date, primary_key=True),
    Column("trip_id", String, primary_key=True),
    Column("call_index", Integer, primary_key=True, autoincrement=False),
    Column("vehicle_id", String, primary_key=True),
    Column("arrive_s", Double),
    Column("depart_s", Double),
    Column("passed", Boolean, nullable=False),
)

# What riders were told of a call, and when it was made (epoch seconds); kept for some weeks.
# `said_at` is null for a call that nothing was told of.
judged = Table(
    "judged",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("service_date", Date, nullable=False),
    Column("route_id", String, nullable=False),
    Column("stop_id", String, nullable=False),
    Column("trip_id", String, nullable=False),
    Column("said_at", BigInteger),
    Column("expected", BigInteger),
    Column("low", BigInteger),
    Column("high", BigInteger),
    Column("be_there_by", BigInteger),
    Column("actual", BigInteger, nullable=False),
    Index(None, "service_date"),
    Index(None, "route_id", "service_date"),
    Index(None, "stop_id", "service_date"),
)

# --- drivers' duties ---------------------------------------------------------------------------

# Append-only but for `looked_*`: every step a vehicle reported and what became of it.
step_reports = Table(
    "step_reports",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("event", String, nullable=False),
    Column("service_date", Date, nullable=False),
    Column("booking_id", String, nullable=False, index=True),
    Column("step", String, nullable=False),
    Column("boot", String),
    Column("seq", BigInteger),
    Column("said_at", Double),
    Column("at", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("lat", Double),
    Column("lon", Double),
    Column("actor", String, nullable=False),
    Column("payment", JSON),
    Column("outcome", String, nullable=False),
    Column("codes", JSON, nullable=False),
    Column("look", Boolean, nullable=False),
    Column("looked_at", Double),
    Column("looked_by", String),
    Column("note", SealedLine("step_reports.note"), nullable=False),
    UniqueConstraint("vehicle_id", "event"),
    CheckConstraint("outcome IN ('taken', 'known', 'stands', 'asked')", name="outcome"),
    Index(None, "service_date", "vehicle_id"),
    Index(None, "look", "looked_at"),
)

# Append-only: roll calls, vehicle checks, meter readings, breaks; a record that is wrong is
# replaced by one that `corrects` it.
duty_records = Table(
    "duty_records",
    metadata,
    Column("id", String, primary_key=True),
    Column("service_date", Date, nullable=False),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("driver", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("lat", Double),
    Column("lon", Double),
    Column("recorded_at", Double, nullable=False),
    Column("actor", String, nullable=False),
    Column("body", SealedJson("duty_records.body"), nullable=False),
    Column("corrects", ForeignKey("duty_records.id")),
    Index(None, "service_date", "vehicle_id"),
    Index(None, "vehicle_id", "at"),
)

# Append-only: who got on and off a bus at a call; a count that is wrong is replaced by one that
# `corrects` it.  `call_index` is the call's place in the trip; without a trip a counter knew none.
bus_counts = Table(
    "bus_counts",
    metadata,
    Column("id", String, primary_key=True),
    Column("service_date", Date, nullable=False),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("trip_id", String),
    Column("call_index", Integer),
    Column("source", String, nullable=False),
    Column("boarded", Integer, nullable=False),
    Column("alighted", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("actor", String, nullable=False),
    Column("corrects", ForeignKey("bus_counts.id")),
    Column("reason", String, nullable=False),
    CheckConstraint("source IN ('driver', 'counter', 'office')", name="source"),
    CheckConstraint("boarded >= 0 AND alighted >= 0", name="counted"),
    Index(None, "service_date", "vehicle_id"),
)

# Open data as it was published: a row is for ever, and what puts it right is another version.
releases = Table(
    "releases",
    metadata,
    Column("month", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("made_at", Double, nullable=False),
    Column("made_by", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("content", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("package", LargeBinary, nullable=False),
)

# What was booked or driven on paper while there was no service, one line each.
paper_entries = Table(
    "paper_entries",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("service_date", Date, nullable=False),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("body", SealedJson("paper_entries.body"), nullable=False),
    Column("state", String, nullable=False),
    Column("conflicts", JSON, nullable=False),
    Column("booking_id", ForeignKey("bookings.id")),
    Column("entered_at", Double, nullable=False),
    Column("entered_by", String, nullable=False),
    Column("settled_at", Double),
    Column("settled_by", String),
    Column("note", SealedLine("paper_entries.note"), nullable=False),
    CheckConstraint("state IN ('taken', 'conflict', 'dropped')", name="state"),
    Index(None, "area_id", "service_date"),
    Index(None, "area_id", "state"),
)

# --- what riders are told by people -----------------------------------------------------------

alerts = Table(
    "alerts",
    metadata,
    Column("id", String, primary_key=True),
    Column("header", String, nullable=False),
    Column("header_en", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("spoken", Text, nullable=False),
    Column("cause", String, nullable=False),
    Column("effect", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("routes", JSON, nullable=False),
    Column("stops", JSON, nullable=False),
    Column("url", String, nullable=False),
    Column("starts_at", Double, nullable=False),
    Column("ends_at", Double),
    Column("made_at", Double, nullable=False),
    Column("made_by", String, nullable=False),
    Column("ended_by", String),
    Index(None, "ends_at"),
)

# A sign waits with the hash of a code that it shows until somebody says where it stands.
signs = Table(
    "signs",
    metadata,
    Column("id", String, primary_key=True),
    Column("stop_id", String),
    Column("name", String, nullable=False),
    Column("panel_inches", Double, nullable=False),
    Column("distance_m", Double, nullable=False),
    Column("token_hash", String, nullable=False, unique=True),
    Column("code_hash", String, unique=True),
    Column("code_until", Double, nullable=False),
    Column("paired_at", Double),
    Column("reload_at", Double, nullable=False),
    Column("heard_at", Double),
    Column("picture_since", Double),
    Column("heartbeat", JSON),
)

called_off = Table(
    "called_off",
    metadata,
    Column("service_date", Date, primary_key=True),
    Column("trip_id", String, primary_key=True),
    Column("at", Double, nullable=False),
    Column("by", String, nullable=False),
)

# The town's timetable: whole GTFS zips, of which the published one that began last is in force.
editions = Table(
    "editions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String, nullable=False),
    Column("state", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("feed", LargeBinary, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("made_by", String, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("published_at", Double),
    Column("published_by", String),
    CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state"),
    Index(None, "state", "valid_from"),
    sqlite_autoincrement=True,
)

# --- what planners write beside the figures ----------------------------------------------------

# Append-only: what one has to know of a period; a remark that was wrong is taken back by another.
remarks = Table(
    "remarks",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("author", String, nullable=False),
    Column("takes_back", ForeignKey("remarks.id"), unique=True),
    Index(None, "area_id", "first"),
)

# Append-only: of the targets of a figure that have begun, the last one holds.
targets = Table(
    "targets",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("figure", String, nullable=False),
    Column("value", Double),
    Column("valid_from", Date, nullable=False),
    Column("at", Double, nullable=False),
    Column("author", String, nullable=False),
    Index(None, "area_id", "figure"),
)

# --- the office's own words --------------------------------------------------------------------

# What one shift leaves to the next, and who took it over.
handovers = Table(
    "handovers",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("author", String, nullable=False),
    Column("text", SealedText("handovers.text"), nullable=False),
    Column("read_at", Double),
    Column("read_by", String),
    Index(None, "area_id", "at"),
)

# What drivers are told; without `vehicles` all of them see it.
driver_messages = Table(
    "driver_messages",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("author", String, nullable=False),
    Column("text", SealedText("driver_messages.text"), nullable=False),
    Column("vehicles", JSON, nullable=False),
    Column("until", Double, nullable=False),
    Index(None, "area_id", "until"),
)

# --- what riders are told outside the screens, and who rings ----------------------------------

# `due_at`: by when they have to know; `next_at`: not sent, or not sent again, before that.
notifications = Table(
    "notifications",
    metadata,
    Column("key", String, primary_key=True),
    Column("area_id", String, nullable=False),
    Column("booking_id", ForeignKey("bookings.id"), index=True),
    Column("member_id", ForeignKey("members.id")),
    Column("occasion", String, nullable=False),
    Column("facts", SealedJson("notifications.facts"), nullable=False),
    Column("language", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("address", SealedLine("notifications.address"), nullable=False),
    Column("due_at", Double, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("until", Double),
    Column("urgency", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", SealedLine("notifications.error")),
    Column("created_at", Double, nullable=False),
    Column("sent_at", Double),
    Column("done_at", Double),
    Column("done_by", String),
    CheckConstraint(
        "state IN ('waiting', 'sending', 'sent', 'delivered', 'acknowledged', 'failed', 'dropped')",
        name="state",
    ),
    Index(None, "state", "channel", "next_at"),
)

# The browsers that members let notify them, as the browsers name themselves.
push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    Column("endpoint", String, primary_key=True),
    Column("member_id", ForeignKey("members.id"), nullable=False, index=True),
    Column("p256dh", SealedLine("push_subscriptions.p256dh"), nullable=False),
    Column("auth", SealedLine("push_subscriptions.auth"), nullable=False),
    Column("added_at", Double, nullable=False),
)

# Telephone calls as the exchange tells of them; `operator` is who answered.
calls = Table(
    "calls",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", SealedLine("calls.number"), nullable=False),
    Column("state", String, nullable=False),
    Column("rang_at", Double, nullable=False, index=True),
    Column("answered_at", Double),
    Column("ended_at", Double),
    Column("operator", String),
    CheckConstraint("state IN ('ringing', 'answered', 'ended')", name="state"),
)

# --- other services that are told ---------------------------------------------------------------

# `kinds`: what is told, each between commas; `secret_before` signs too until `both_until`.
# Nothing is sent before `resume_at`: after `failures` in a row the far side is left alone.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String, primary_key=True),
    Column("area_id", ForeignKey("areas.id"), nullable=False, index=True),
    Column("url", String, nullable=False),
    Column("kinds", String, nullable=False),
    Column("secret", SealedLine("webhooks.secret"), nullable=False),
    Column("secret_before", SealedLine("webhooks.secret_before"), nullable=False),
    Column("both_until", Double, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("made_by", String, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("resume_at", Double, nullable=False),
    Column("paused", Boolean, nullable=False, server_default=false()),
)

# One event for one of them, gone once it is delivered; `until`: given up when it fails after that.
webhook_letters = Table(
    "webhook_letters",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("error", String, nullable=False),
    CheckConstraint("state IN ('waiting', 'dead')", name="state"),
    Index(None, "webhook_id", "state", "next_at"),
    sqlite_autoincrement=True,
)
