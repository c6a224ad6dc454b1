"""Grouping what people did so that no group is small: each thing is in exactly one group.

Groups are tried from the finest level to the coarsest; what is in no group that is large enough
goes on to the next level, and what is left at the end is one last group.  If that one is small, the
smallest of the others is given up for it: nothing can be had by subtraction, since no thing is
counted twice and no sum of other groups is published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
Key = tuple[str | int | None, ...]
Level = Callable[[T], Key]
Why = Literal["small", "given_up", "not_before"]


@dataclass(frozen=True, slots=True)
class Hidden:
    """A group of the finest level that is not published as it is, and why.

    `small`: too few; `given_up`: so that what is left is not small; `not_before`: an earlier
    version had it in a coarser group.
    """

    key: Key
    things: int
    why: Why


@dataclass(frozen=True, slots=True)
class Parted(Generic[T]):
    """The groups to publish by their key, and what does not appear in its finest group.

    `left` is published nowhere: all of it together is too little.
    """

    groups: Mapping[Key, Sequence[T]]
    hidden: Sequence[Hidden] = field(default=())
    left: Sequence[T] = field(default=())


def parted(
    things: Iterable[T],
    levels: Sequence[Level[T]],
    enough: Callable[[Sequence[T]], bool],
    before: Collection[Key] | None = None,
) -> Parted[T]:
    """Return things in groups that are all large enough.

    ``levels`` give the key of a thing, the last the same key for all.  ``before`` are the keys of
    an earlier version, of which a newer one may only have fewer: the difference would tell.
    """
    rest = list(things)
    groups: dict[Key, list[T]] = {}
    for level in levels:
        found = _grouped(rest, level)
        may = set(found) - set(groups)
        if before is not None and level is not levels[-1]:
            may &= set(before)
        taken = {key for key in may if enough(found[key])}
        groups |= {key: found[key] for key in taken}
        rest = [each for key, group in found.items() if key not in taken for each in group]
    if rest and groups:
        smallest = min(groups, key=lambda key: (len(groups[key]), [str(each) for each in key]))
        rest += groups.pop(smallest)
        groups[levels[-1](rest[0])] = rest
        rest = []
    placed = [(key, each) for key, group in groups.items() for each in group]
    coarse = [each for key, each in placed if levels[0](each) != key]
    kept_back: Why = "given_up" if before is None else "not_before"
    hidden = [
        Hidden(key, len(group), kept_back if enough(group) else "small")
        for key, group in _grouped([*coarse, *rest], levels[0]).items()
    ]
    return Parted(groups, sorted(hidden, key=lambda each: [str(part) for part in each.key]), rest)


def _grouped(things: Iterable[T], level: Level[T]) -> dict[Key, list[T]]:
    found: defaultdict[Key, list[T]] = defaultdict(list)
    for each in things:
        found[level(each)].append(each)
    return found
