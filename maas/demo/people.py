"""400 invented members: nobody is meant, every telephone number is out of use.

Where they live follows the lanes drawn around each oaza; ages and needs are drawn from shares that
are assumptions of the demo (41.7 % of the town are 65 or older; members of such a service more).
"""

import tomllib
from collections.abc import Mapping, Sequence
from math import cos, hypot, pi, sin

import numpy as np

from maas.demo.gazetteer import data_text, nearest_oaza, randomness, to_lat_lon, to_plane
from maas.demo.network import Network

MEMBERS = 400
YEAR = 2026
"""The year the ages are counted from, fixed so that the file is the same every year."""

COLUMNS = [
    "number",
    "name",
    "kana",
    "phone",
    "birth_year",
    "address",
    "oaza",
    "lat",
    "lon",
    "tags",
    "notes",
    "favourites",
    "language",
]
Row = dict[str, str]


def members(network: Network, places: Sequence[Mapping[str, str]]) -> list[Row]:
    """Return the rows of members.csv."""
    names = tomllib.loads(data_text("names.toml"))
    return [_member(number, network, places, names) for number in range(MEMBERS)]


def _member(
    number: int,
    network: Network,
    places: Sequence[Mapping[str, str]],
    names: Mapping[str, Sequence[Sequence[str]]],
) -> Row:
    random = randomness(4, number)
    surname, given = _pick(random, names["surnames"]), _pick(random, names["given"])
    x, y = _door(network, random)
    lat, lon = to_lat_lon(x, y)
    age = 55 + int(40 * random.random() ** 0.7)
    oaza = nearest_oaza(x, y).name
    return {
        "number": f"{1001 + number}",
        "name": f"{surname[0]} {given[0]}",
        "kana": f"{surname[1]} {given[1]}",
        "phone": f"000-000-{1001 + number:04d}",
        "birth_year": f"{YEAR - age}",
        "address": f"{oaza}{1 + int(900 * random.random())}番地（架空）",
        "oaza": oaza,
        "lat": f"{lat:.6f}",
        "lon": f"{lon:.6f}",
        "tags": ";".join(_tags(age, random)),
        "notes": str(_pick(random, names["notes"])) if random.random() < 0.25 else "",
        "favourites": ";".join(_favourites(x, y, places, random)),
        "language": "en" if random.random() < 0.02 else "ja",
    }


def _pick(random: np.random.Generator, choices: Sequence[Sequence[str]]) -> Sequence[str]:
    return choices[int(random.random() * len(choices))]


def _door(network: Network, random: np.random.Generator) -> tuple[float, float]:
    """Return a house door a few metres beside a lane."""
    x, y = network.nodes[network.lane_nodes[int(random.random() * len(network.lane_nodes))]]
    towards = 2 * pi * random.random()
    return x + 12 * cos(towards), y + 12 * sin(towards)


def _tags(age: int, random: np.random.Generator) -> list[str]:
    shares = {
        "wheelchair": 0.05,
        "walker": 0.25 if age >= 75 else 0.05,
        "aicard": 0.30 if age >= 70 else 0.0,
        "disability_card": 0.10,
    }
    return [tag for tag, share in shares.items() if random.random() < share]


def _favourites(
    x: float, y: float, places: Sequence[Mapping[str, str]], random: np.random.Generator
) -> list[str]:
    """Return one clinic, one shop and one other place, each among the three nearest of its kind."""
    chosen = []
    for kinds in (("clinic", "hospital"), ("shop", "market"), ("hall", "facility", "hub")):
        near = sorted(
            (place for place in places if place["kind"] in kinds),
            key=lambda place: _away_m(x, y, place),
        )
        chosen.append(near[int(3 * random.random())]["id"])
    return chosen


def _away_m(x: float, y: float, place: Mapping[str, str]) -> float:
    east, north = to_plane(float(place["lat"]), float(place["lon"]))
    return hypot(east - x, north - y)
