"""The judge of a rural day: the rules of its README and its figures, from the files alone.

It shares no code with the dispatcher, the simulation or the network they drive in.
"""

from __future__ import annotations

import heapq
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

Row = Mapping[str, str]

VISIT_S, MAX_WAIT_S, SERVICE_END_S, WITHIN_S = 60, 1800, 41_400, 300
TOLERANCE = 1e-6


class Judge:
    """Shortest times of a scenario, searched anew."""

    def __init__(self, edges: Sequence[Row]) -> None:
        self.out: dict[int, list[tuple[int, float, float]]] = {}
        for row in edges:
            here, there = int(row["from_node"]), int(row["to_node"])
            step = (there, float(row["travel_time_s"]), float(row["length_m"]))
            self.out.setdefault(here, []).append(step)
        self.known: dict[int, dict[int, tuple[float, float]]] = {}

    def fastest(self, origin: int, destination: int) -> tuple[float, float]:
        """Return seconds and metres of the fastest path (Dijkstra)."""
        if origin not in self.known:
            self.known[origin] = self._from(origin)
        return self.known[origin][destination]

    def _from(self, origin: int) -> dict[int, tuple[float, float]]:
        done: dict[int, tuple[float, float]] = {}
        queue = [(0.0, 0.0, origin)]
        while queue:
            seconds, metres, node = heapq.heappop(queue)
            if node in done:
                continue
            done[node] = seconds, metres
            for there, step_s, step_m in self.out.get(node, []):
                if there not in done:
                    heapq.heappush(queue, (seconds + step_s, metres + step_m, there))
        return done

    def violations(
        self,
        requests: Sequence[Row],
        fleet: Sequence[Row],
        outcomes: Sequence[Row],
        legs: Sequence[Row],
        *,
        timed: bool = True,
    ) -> list[str]:
        """Return everything a day breaks; without ``timed`` drives may take any time.

        Then neither waits nor rides have a limit, which nobody could keep.
        """
        asked = {row["request_id"]: row for row in requests}
        found = [] if len(outcomes) == len(asked) else ["not every request has one outcome"]
        for row in outcomes:
            found += self._rider(asked[row["request_id"]], row, timed=timed)
        for van in fleet:
            id_ = van["vehicle_id"]
            mine = [row for row in outcomes if row["vehicle_id"] == id_ and row["pickup_s"]]
            drives = [row for row in legs if row["vehicle_id"] == id_]
            found += self._drives(van, drives, timed=timed)
            found += _visits(van, drives, mine, asked)
            found += _loads(van, drives, mine, asked)
        return found

    def _rider(self, asked: Row, row: Row, *, timed: bool) -> Iterator[str]:
        id_, known = row["request_id"], int(asked["request_time_s"])
        if not known <= int(row["decided_at_s"]) <= known + 60:
            yield f"{id_}: decided at {row['decided_at_s']}, known at {known}"
        if row["decision"] == "refused" and (row["pickup_s"] or row["offered_pickup_s"]):
            yield f"{id_}: refused, and carried or promised a ride"
        if row["decision"] != "served":
            return
        early = int(asked["earliest_pickup_s"])
        pickup, dropoff = int(row["pickup_s"]), int(row["dropoff_s"])
        offered = int(row["offered_pickup_s"])
        if pickup < max(early, known) or (timed and pickup > early + MAX_WAIT_S):
            yield f"{id_}: in at {pickup}, wants {early}"
        if not early <= offered <= early + MAX_WAIT_S:
            yield f"{id_}: offered {offered}, wants {early}"
        direct, _ = self.fastest(int(asked["origin_node"]), int(asked["destination_node"]))
        longest = max((direct + VISIT_S) * 1.5, direct + VISIT_S + 600)
        if timed and dropoff - pickup > longest + TOLERANCE:
            yield f"{id_}: rides {dropoff - pickup}, at most {longest}"
        if dropoff <= pickup or (timed and dropoff > SERVICE_END_S):
            yield f"{id_}: out at {dropoff}"

    def _drives(self, van: Row, drives: Sequence[Row], *, timed: bool) -> Iterator[str]:
        here, free = van["start_node"], 0
        for leg in drives:
            name = f"van {van['vehicle_id']} at {leg['depart_s']}"
            if leg["from_node"] != here or int(leg["depart_s"]) < free:
                yield f"{name}: leaves {leg['from_node']}, was at {here} until {free}"
            here, free = leg["to_node"], int(leg["arrive_s"])
            seconds, metres = self.fastest(int(leg["from_node"]), int(here))
            if timed and free - int(leg["depart_s"]) < seconds - TOLERANCE:
                yield f"{name}: faster than possible"
            if abs(float(leg["length_m"]) - metres) > 1:
                yield f"{name}: {leg['length_m']} m are not the {metres:.1f} of the fastest path"


def _visits(
    van: Row, drives: Sequence[Row], mine: Sequence[Row], asked: Mapping[str, Row]
) -> Iterator[str]:
    """Everybody gets in and out where the vehicle stands, for a minute after at least."""
    stays = [(van["start_node"], 0, drives[0]["depart_s"] if drives else "")]
    stays += [(a["to_node"], int(a["arrive_s"]), b["depart_s"]) for a, b in pairwise(drives)]
    if drives:
        stays.append((drives[-1]["to_node"], int(drives[-1]["arrive_s"]), ""))
    for row in mine:
        ends = ("pickup_s", "origin_node"), ("dropoff_s", "destination_node")
        for when, where in ends:
            if row[when] and not any(
                node == asked[row["request_id"]][where]
                and arrive <= int(row[when])
                and (not depart or int(row[when]) + VISIT_S <= int(depart))
                for node, arrive, depart in stays
            ):
                yield f"{row['request_id']}: {when} {row[when]}: the vehicle does not stand there"


def _loads(
    van: Row, drives: Sequence[Row], mine: Sequence[Row], asked: Mapping[str, Row]
) -> Iterator[str]:
    for leg in drives:
        aboard = sum(
            int(asked[row["request_id"]]["passengers"])
            for row in mine
            if int(row["pickup_s"]) <= int(leg["depart_s"])
            and (not row["dropoff_s"] or int(row["dropoff_s"]) >= int(leg["arrive_s"]))
        )
        if aboard != int(leg["passengers_on_board"]) or aboard > int(van["seats"]):
            yield f"van {van['vehicle_id']} at {leg['depart_s']}: {aboard} on board"


def figures(
    requests: Sequence[Row], outcomes: Sequence[Row], legs: Sequence[Row]
) -> dict[str, float]:
    """Return the day's figures as the README defines them."""
    asked = {row["request_id"]: row for row in requests}
    served = [row for row in outcomes if row["pickup_s"] and row["dropoff_s"]]
    accepted = [row for row in outcomes if row["offered_pickup_s"]]

    def each(value: Callable[[Row], float]) -> list[float]:
        return [value(row) for row in served] or [0.0]

    waits = each(lambda r: int(r["pickup_s"]) - int(asked[r["request_id"]]["earliest_pickup_s"]))
    shifts = each(lambda r: int(r["pickup_s"]) - int(r["offered_pickup_s"]))
    ratios = each(
        lambda r: (
            (int(r["dropoff_s"]) - int(r["pickup_s"]))
            / float(asked[r["request_id"]]["direct_time_s"])
        )
    )
    kept = sum(abs(shift) <= WITHIN_S for shift in shifts) if served else 0
    km = sum(float(leg["length_m"]) for leg in legs) / 1000
    empty = sum(float(leg["length_m"]) for leg in legs if leg["passengers_on_board"] == "0") / 1000
    return {
        "served_percent": 100 * len(served) / max(1, len(asked)),
        "wait_mean_s": statistics.mean(waits),
        "wait_p95_s": percentile(waits, 95),
        "ride_ratio": statistics.mean(ratios),
        "vehicle_km": km,
        "empty_percent": 100 * empty / km if km else 0.0,
        "promises_kept_percent": 100 * kept / len(accepted) if accepted else 100.0,
        "worst_promise_shift_s": max(map(abs, shifts)),
        "vkm_per_served": km / max(1, len(served)),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile, between neighbours by proportion."""
    ordered = sorted(values)
    at = (len(ordered) - 1) * share / 100
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])
