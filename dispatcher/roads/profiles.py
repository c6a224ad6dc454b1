"""Who may drive where, and how fast: OpenStreetMap tags to a speed per direction.

The rules follow OSRM's car profile (Project-OSRM/osrm-backend at 4fc76ca, ``profiles/car.lua``
with ``profiles/lib/{access,measure,tags,way_handlers,obstacles}.lua``, BSD-2), written anew from
its behaviour.  Deliberate differences:

* OSRM keeps driving time and routing weight apart; here there is one metric, so the penalties of
  narrow, one-lane and alternating roads slow the vehicle down (they are slower to drive).
* In Japan a road without a posted limit has the general limit of 60 km/h (100 on a motorway),
  and like every limit it is driven at 80 %.
* The car is as tall as a wheelchair van.
* ``construction=primary`` on a ``highway=primary`` is a left-over of works that are done: open.
* ``micro_ev`` is a type-approved micro-EV: 60 km/h, no motorway and no motor road.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a vehicle is, as far as a road cares."""

    name: str
    height_m: float
    width_m: float
    length_m: float
    weight_kg: float
    top_speed_kmh: float = math.inf
    motorways: bool = True


CAR = Profile("car", height_m=2.3, width_m=1.9, length_m=4.8, weight_kg=2000)
MICRO_EV = Profile(
    "micro_ev",
    height_m=1.6,
    width_m=1.3,
    length_m=2.5,
    weight_kg=900,
    top_speed_kmh=60,
    motorways=False,
)
PROFILES = (CAR, MICRO_EV)

CLASSES = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "ferry",
    "other",
)
_SPEED_KMH: Mapping[str, float] = {
    "motorway": 90,
    "motorway_link": 45,
    "trunk": 85,
    "trunk_link": 40,
    "primary": 65,
    "primary_link": 30,
    "secondary": 55,
    "secondary_link": 25,
    "tertiary": 40,
    "tertiary_link": 20,
    "unclassified": 25,
    "residential": 25,
    "living_street": 10,
    "service": 15,
    "winter_road": 20,
    "ice_road": 15,
}
_OTHER_SPEED_KMH = 10.0
_ROUTE_KMH: Mapping[str, float] = {"ferry": 5, "shuttle_train": 10}
_MOVABLE_BRIDGE_KMH = 5.0
_LIMIT_DRIVEN = 0.8
_JAPAN_LIMIT_KMH = 60.0
_JAPAN_MOTORWAY_LIMIT_KMH = 100.0

_ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
_ALLOWED = frozenset(
    ["yes", "motorcar", "motor_vehicle", "vehicle", "permissive", "designated", "hov"]
)
_DENIED = frozenset(
    [
        "no",
        "agricultural",
        "forestry",
        "emergency",
        "psv",
        "taxi",
        "share_taxi",
        "minibus",
        "bus",
        "foot",
        "emergency_vehicle",
        "restricted",
        "military",
        "official",
        "customers",
        "private",
        "delivery",
        "destination",
        "permit",
        "residents",
    ]
)
_VISITORS = frozenset(
    ["private", "delivery", "destination", "customers", "permit", "residents", "unknown"]
)
_AVOIDED_HIGHWAYS = frozenset(
    ["reversible", "impassable", "hov_lanes", "steps", "construction", "proposed"]
)
_BUILT_ENOUGH = frozenset({"no", "widening", "minor"})

_PASSABLE_BARRIERS = frozenset(
    [
        "cattle_grid",
        "border_control",
        "toll_booth",
        "sally_port",
        "no",
        "entrance",
        "height_restrictor",
        "arch",
    ]
)
_BARRIER_DELAY_S: Mapping[str, float] = {"gate": 60, "lift_gate": 60}
_OBSTACLE_DELAY_S: Mapping[str, float] = {"traffic_signals": 2, "stop": 2, "give_way": 1}

_SURFACE_KMH: Mapping[str, float] = {
    **dict.fromkeys(("cement", "compacted", "fine_gravel"), 80.0),
    **dict.fromkeys(("paving_stones", "metal", "bricks"), 60.0),
    **dict.fromkeys(
        (
            "grass",
            "wood",
            "sett",
            "grass_paver",
            "gravel",
            "unpaved",
            "ground",
            "dirt",
            "pebblestone",
            "tartan",
        ),
        40.0,
    ),
    **dict.fromkeys(("cobblestone", "clay", "snow"), 30.0),
    **dict.fromkeys(("earth", "stone", "rocky", "sand", "ice"), 20.0),
    "laterite": 15.0,
    "mud": 10.0,
}
_TRACKTYPE_KMH: Mapping[str, float] = {
    "grade1": 60,
    "grade2": 40,
    "grade3": 30,
    "grade4": 25,
    "grade5": 20,
}
_SMOOTHNESS_KMH: Mapping[str, float] = {
    "intermediate": 80,
    "bad": 40,
    "very_bad": 20,
    "horrible": 10,
    "very_horrible": 5,
    "impassable": 0,
}
_SLOW_SERVICES = frozenset(
    ["alley", "parking", "parking_aisle", "driveway", "drive-through", "drive-thru"]
)

_MPH_KMH = 1.609
_ZONE_KMH: Mapping[str, float] = {"urban": 50, "rural": 90, "trunk": 110, "motorway": 130}
_COUNTRY_KMH: Mapping[str, float] = {
    "jp:urban": 60,
    "jp:rural": 60,
    "jp:trunk": 60,
    "jp:motorway": 100,
    "ad:urban": 50,
    "ad:rural": 90,
    "at:rural": 100,
    "at:trunk": 100,
    "ch:rural": 80,
    "ch:trunk": 100,
    "ch:motorway": 120,
    "de:living_street": 7,
    "de:rural": 100,
    "dk:rural": 80,
    "es:trunk": 90,
    "fr:rural": 80,
    "gb:nsl_single": 60 * _MPH_KMH,
    "gb:nsl_dual": 70 * _MPH_KMH,
    "gb:motorway": 70 * _MPH_KMH,
    "uk:nsl_single": 60 * _MPH_KMH,
    "uk:nsl_dual": 70 * _MPH_KMH,
    "uk:motorway": 70 * _MPH_KMH,
    "none": 140,
}


@dataclass(frozen=True, slots=True)
class Lane:
    """One direction of a way: its speed (0 = closed), and whether only visitors may use it."""

    speed_kmh: float = 0.0
    visitors_only: bool = False


CLOSED = Lane()


@dataclass(frozen=True, slots=True)
class WayRules:
    """How a profile drives along a way.

    ``duration_s`` is the time of the whole way when the way itself states it (a ferry), else
    ``None``.  ``why_closed`` says in words why neither direction is open, else it is empty.
    """

    forward: Lane
    backward: Lane
    duration_s: float | None = None
    why_closed: str = ""


@dataclass(frozen=True, slots=True)
class NodeRules:
    """What a tagged node does to those who pass it; ``towards`` is forward, backward or empty."""

    blocked: bool = False
    delay_s: float = 0.0
    towards: str = ""


def country_at(lat: float, lon: float) -> str | None:
    """Return ``"jp"`` inside a rough box around Japan, else ``None``: the country defaults."""
    return "jp" if (24.0 <= lat <= 45.8 and 129.4 <= lon <= 146.0) or _okinawa(lat, lon) else None


def _okinawa(lat: float, lon: float) -> bool:
    return 24.0 <= lat <= 30.0 and 122.9 <= lon <= 131.4


def road_class(tags: Tags) -> str:
    """Return the class of a way, one of ``CLASSES``."""
    highway = tags.get("highway", "")
    if highway in CLASSES:
        return highway
    return "ferry" if tags.get("route") in _ROUTE_KMH and not highway else "other"


def way_rules(tags: Tags, profile: Profile, country: str | None = None) -> WayRules:
    """Return who may drive along a way and how fast."""
    blocked = _blocked(tags, profile)
    if blocked:
        return WayRules(CLOSED, CLOSED, why_closed=blocked)
    access = both_ways(tags, _ACCESS_KEYS)
    one_way = _one_way(tags)
    lanes = [
        _lane(tags, profile, country, resolve_access(value), towards, one_way)
        for towards, value in zip(("forward", "backward"), access, strict=True)
    ]
    if lanes[0].speed_kmh == lanes[1].speed_kmh == 0:
        return WayRules(CLOSED, CLOSED, why_closed=_closed_by(tags, profile, access))
    if lanes[0].speed_kmh > 0 and lanes[1].speed_kmh > 0:
        narrow = _narrow_factor(tags)
        lanes = [Lane(lane.speed_kmh * narrow, lane.visitors_only) for lane in lanes]
    return WayRules(lanes[0], lanes[1], _ferry_duration_s(tags))


def node_rules(tags: Tags) -> NodeRules:
    """Return whether a node stops a car, and how long it holds one up."""
    access = next((tags[key] for key in _ACCESS_KEYS if key in tags), None)
    if access is not None:
        resolved = resolve_access(access)
        return NodeRules(blocked=resolved in _DENIED and resolved not in _VISITORS)
    barrier = tags.get("barrier")
    if barrier is not None and barrier not in _BARRIER_DELAY_S:
        return NodeRules(blocked=_stops_a_car(barrier, tags))
    delay_s = _BARRIER_DELAY_S.get(barrier or "", 0.0)
    highway = tags.get("highway", "")
    towards = tags.get("traffic_signals:direction") or tags.get("direction", "")
    obstacle_s = _OBSTACLE_DELAY_S.get(highway, 0.0)
    if highway == "stop" and tags.get("stop") == "minor":
        obstacle_s = 0.0
    return NodeRules(
        delay_s=delay_s + obstacle_s,
        towards=towards if towards in ("forward", "backward") else "",
    )


def _stops_a_car(barrier: str, tags: Tags) -> bool:
    if barrier == "height_restrictor":
        height_m = metres(tags.get("maxheight"))
        return height_m is not None and height_m < CAR.height_m
    passable = (
        barrier in _PASSABLE_BARRIERS
        or tags.get("bollard") == "rising"
        or tags.get("kerb") in ("lowered", "flush")
        or (barrier == "kerb" and tags.get("highway") == "crossing")
        or (barrier == "fence" and tags.get("sensory") in ("audible", "audio"))
    )
    return not passable


def _blocked(tags: Tags, profile: Profile) -> str:
    """Return why nobody drives here whatever the access tags say, or an empty string."""
    highway = tags.get("highway", "")
    works = tags.get("construction", "no")
    if not profile.motorways:
        if highway in ("motorway", "motorway_link"):
            return f"{highway}: not for {profile.name}"
        if tags.get("motorroad") == "yes":
            return f"motor road: not for {profile.name}"
    checks = (
        (tags.get("area") == "yes", "an area"),
        (highway in _AVOIDED_HIGHWAYS, f"highway={highway}"),
        (tags.get("railway") == "construction", "under construction"),
        (works not in (*_BUILT_ENOUGH, highway), f"construction={works}"),
        (tags.get("oneway") == "reversible", "oneway=reversible"),
        (tags.get("impassable") == "yes" or tags.get("status") == "impassable", "impassable"),
        (tags.get("service") == "emergency_access", "service=emergency_access"),
        (tags.get("smoothness") == "impassable", "smoothness=impassable"),
    )
    return next((reason for holds, reason in checks if holds), "")


def both_ways(tags: Tags, keys: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the values that hold (forward, backward), the first key that speaks winning."""
    forward: str | None = None
    backward: str | None = None
    for key in keys:
        common = tags.get(key)
        forward = forward or tags.get(f"{key}:forward") or common
        backward = backward or tags.get(f"{key}:backward") or common
    return forward, backward


def resolve_access(value: str | None) -> str | None:
    """Return the friendliest of the values in an access tag such as ``delivery;private``."""
    if value is None or ";" not in value:
        return value
    return max((part.strip() for part in value.split(";")), key=_friendliness)


def _friendliness(value: str) -> int:
    if value in _ALLOWED:
        return 3
    if value in _VISITORS:
        return 2
    return 1 if value in _DENIED else 0


def _closed_by(tags: Tags, profile: Profile, access: tuple[str | None, str | None]) -> str:
    values = sorted({value for value in access if value in _DENIED})
    if values:
        return f"access={'/'.join(values)}"
    if not _fits(tags, profile, "forward") or not _fits(tags, profile, "backward"):
        return f"too low, narrow, short or weak for a {profile.name}"
    return "not a road for cars"


def _one_way(tags: Tags) -> str:
    """Return ``forward``, ``backward`` or an empty string for a way open both ways."""
    keys = ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway")
    value = next((tags[key] for key in keys if key in tags), None)
    if value in ("-1", "reverse"):
        return "backward"
    if value in ("yes", "1", "true"):
        return "forward"
    implied = tags.get("highway") == "motorway" or tags.get("junction") in (
        "roundabout",
        "circular",
    )
    return "forward" if implied and value != "no" else ""


def _lane(
    tags: Tags,
    profile: Profile,
    country: str | None,
    access: str | None,
    towards: str,
    one_way: str,
) -> Lane:
    if one_way and one_way != towards:
        return CLOSED
    visitors_only = access in _VISITORS and tags.get("highway") in _SPEED_KMH
    if access in _DENIED and not visitors_only:
        return CLOSED
    if not _fits(tags, profile, towards):
        return CLOSED
    speed_kmh = _speed_kmh(tags, country, access, towards)
    return Lane(min(speed_kmh, profile.top_speed_kmh), visitors_only)


def _speed_kmh(tags: Tags, country: str | None, access: str | None, towards: str) -> float:
    base_kmh = _base_kmh(tags, access)
    if base_kmh == 0:
        return 0.0
    limit_kmh = _limit_kmh(tags, towards)
    if limit_kmh:
        speed_kmh = limit_kmh * _LIMIT_DRIVEN
    elif country == "jp":
        motorway = tags.get("highway") == "motorway"
        general_kmh = _JAPAN_MOTORWAY_LIMIT_KMH if motorway else _JAPAN_LIMIT_KMH
        speed_kmh = min(base_kmh, general_kmh * _LIMIT_DRIVEN)
    else:
        speed_kmh = base_kmh
    capped_kmh = min(
        speed_kmh,
        _SURFACE_KMH.get(tags.get("surface", ""), math.inf),
        _TRACKTYPE_KMH.get(tags.get("tracktype", ""), math.inf),
        _SMOOTHNESS_KMH.get(tags.get("smoothness", ""), math.inf),
    )
    return capped_kmh * _use_factor(tags, towards)


def _base_kmh(tags: Tags, access: str | None) -> float:
    """Return the speed of the road's class, 0 when a car has no business there."""
    if tags.get("bridge") == "movable":
        return _MOVABLE_BRIDGE_KMH
    route = tags.get("route", "")
    if route in _ROUTE_KMH:
        return _ROUTE_KMH[route]
    known_kmh = _SPEED_KMH.get(tags.get("highway", ""))
    if known_kmh is not None:
        return known_kmh
    return _OTHER_SPEED_KMH if access in _ALLOWED and "highway" in tags else 0.0


def _use_factor(tags: Tags, towards: str) -> float:
    """Return how much of its speed a road keeps for what it is used for."""
    factors = [1.0]
    if tags.get("service") in _SLOW_SERVICES:
        factors.append(0.5)
    if tags.get("oneway") == "alternating":
        factors.append(0.4)
    if tags.get("side_road") in ("yes", "rotary"):
        factors.append(0.8)
    if tags.get("priority") in ("forward", "backward") and tags["priority"] != towards:
        factors.append(0.7)
    return min(factors)


def _narrow_factor(tags: Tags) -> float:
    """Return how much of its speed a road keeps where two vehicles have to squeeze past."""
    lanes = re.match(r"\d+", tags.get("lanes", ""))
    if lanes and int(lanes.group()) <= 1:
        return 0.5
    width_m = metres(tags.get("width"))
    for below_m, factor in ((3.001, 0.5), (4, 0.6), (5, 0.75), (6, 0.8)):
        if width_m is not None and width_m < below_m:
            return factor
    return 0.75 if tags.get("lane_markings") == "no" and width_m is None else 1.0


def _fits(tags: Tags, profile: Profile, towards: str) -> bool:
    index = 0 if towards == "forward" else 1
    height_m = metres(both_ways(tags, ("maxheight:physical", "maxheight"))[index])
    width_keys = ("maxwidth:physical", "maxwidth", "width", "est_width")
    width_m = metres(both_ways(tags, width_keys)[index])
    length_m = metres(both_ways(tags, ("maxlength",))[index])
    weight_kg = kilograms(both_ways(tags, ("maxweightrating", "maxweight"))[index])
    return not (
        (height_m is not None and height_m < profile.height_m)
        or (width_m is not None and width_m <= profile.width_m)
        or (length_m is not None and length_m < profile.length_m)
        or (weight_kg is not None and weight_kg < profile.weight_kg)
    )


def _limit_kmh(tags: Tags, towards: str) -> float:
    """Return the posted limit in km/h, 0 when there is none we understand."""
    keys = ("maxspeed:advisory", "maxspeed", "source:maxspeed", "maxspeed:type")
    value = both_ways(tags, keys)[0 if towards == "forward" else 1]
    return speed_limit_kmh(value) if value else 0.0


def speed_limit_kmh(value: str) -> float:
    """Return a ``maxspeed`` value in km/h: a number, ``30 mph`` or a zone such as ``JP:urban``.

    >>> speed_limit_kmh("50"), speed_limit_kmh("JP:rural"), speed_limit_kmh("signals")
    (50.0, 60.0, 0.0)
    """
    number = re.match(r"\d+", value)
    if number:
        unit = _MPH_KMH if "mph" in value or "mp/h" in value else 1.0
        return float(number.group()) * unit
    named = value.lower()
    zone = re.match(r"[a-z]{2}:(\w+)", named)
    return float(_COUNTRY_KMH.get(named) or (_ZONE_KMH.get(zone.group(1), 0.0) if zone else 0.0))


def metres(value: str | None) -> float | None:
    """Return a length tag in metres (``3.5``, ``3,5 m``, ``12'6"``), ``None`` when it has none."""
    if value is None:
        return None
    number = re.search(r"\d+\.?\d*", value.replace(",", "."))
    if number is None:
        return None
    feet = re.search(r"'(.*)", value)
    if feet is None:
        return float(number.group())
    inches = re.search(r"\d+", feet.group(1))
    return (float(number.group()) * 12 + (float(inches.group()) if inches else 0.0)) * 0.0254


def kilograms(value: str | None) -> float | None:
    """Return a weight tag in kilograms; a bare number is in tonnes."""
    number = re.search(r"\d+\.?\d*", value.replace(",", ".")) if value is not None else None
    if value is None or number is None:
        return None
    unit = 0.45359237 if "lbs" in value else 1.0 if "kg" in value else 1000.0
    return float(number.group()) * unit


def _ferry_duration_s(tags: Tags) -> float | None:
    """Return the crossing time a ferry states as ``MM``, ``HH:MM`` or ``HH:MM:SS``."""
    if tags.get("route") not in _ROUTE_KMH:
        return None
    parts = tags.get("duration", "").split(":")
    if not all(part.isdigit() for part in parts) or len(parts) > 3:
        return None
    numbers = [int(part) for part in parts]
    if len(numbers) == 1:
        return 60.0 * numbers[0]
    return float(sum(n * unit for n, unit in zip(numbers, (3600, 60, 1), strict=False)))
