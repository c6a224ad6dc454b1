"""Names are found however they are written, half written too, and the best match comes first."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jaconv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas.town.romaji import fold, hiragana
from maas.town.search import Found, Index, digits

# Each sound with its kana, and the ways to type it: Hepburn first, then Kunrei and freer ones.
SOUNDS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("あ", ("a",)), ("い", ("i",)), ("う", ("u",)), ("お", ("o",)), ("か", ("ka",)),
    ("き", ("ki",)), ("こう", ("kō", "kou", "ko", "koo")), ("が", ("ga",)), ("し", ("shi", "si")),
    ("しゅう", ("shū", "shuu", "syu", "shu")), ("じ", ("ji", "zi")), ("ぢ", ("ji", "zi", "di")),
    ("づ", ("zu", "du")), ("じょ", ("jo", "zyo", "jyo")), ("ち", ("chi", "ti")),
    ("ちゃ", ("cha", "tya")), ("つ", ("tsu", "tu")), ("ふ", ("fu", "hu")), ("の", ("no",)),
    ("お", ("o",)), ("にゃ", ("nya",)), ("ひょう", ("hyō", "hyou", "hyo")), ("ば", ("ba",)),
    ("ま", ("ma",)), ("も", ("mo",)), ("や", ("ya",)), ("を", ("wo", "o")), ("ー", ("-", "")),
    ("んの", ("nno",)),
    ("んい", ("n'i", "ni")), ("んや", ("n'ya", "nya")), ("んま", ("mma", "nma")),
    ("んば", ("mba", "nba")), ("っか", ("kka",)), ("っち", ("tchi", "cchi", "tti")),
    ("っちゃ", ("tcha", "ccha", "ttya")), ("っし", ("sshi", "ssi")), ("っつ", ("ttsu", "ttu")),
    ("ふぁ", ("fa",)), ("てぃ", ("ti",)), ("ちぇ", ("che", "tye")),
)  # fmt: skip


def begins(sounds: Sequence[tuple[str, tuple[str, ...]]]) -> bool:
    """No word begins with a long vowel's stroke."""
    return sounds[0][0] != "ー"


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, str]:
    """A word in kana, and the first letters of one way to type it."""
    sounds = draw(st.lists(st.sampled_from(SOUNDS), min_size=1, max_size=5).filter(begins))
    letters = "".join(draw(st.sampled_from(ways)) for _, ways in sounds)
    shown = letters[: draw(st.integers(1, len(letters)))]
    return "".join(kana for kana, _ in sounds), shown


@given(typed(), st.sampled_from([str, str.upper, jaconv.h2z]))
def test_a_name_half_typed_in_any_romaji_is_found(
    case: tuple[str, str], write: Callable[[str], str]
) -> None:
    word, shown = case
    index = Index([word], lambda name: Found([name]))
    assert index.search(write(shown)) == [word], (word, shown, fold(word))


@given(st.lists(st.sampled_from([kana for kana, _ in SOUNDS]), min_size=1, max_size=5), st.data())
def test_a_name_half_typed_in_any_kana_is_found(kana: list[str], data: st.DataObject) -> None:
    word = "".join(kana)
    shown = word[: data.draw(st.integers(1, len(word)))]
    ways: list[Callable[[str], str]] = [str, jaconv.hira2kata, jaconv.hira2hkata]
    write = data.draw(st.sampled_from(ways))
    index = Index([jaconv.hira2kata(word)], lambda name: Found([name]))
    assert index.search(write(shown)) == [jaconv.hira2kata(word)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ヒョウモト", "hyoumoto"), ("Hyōmoto", "ﾋｮｳﾓﾄ"), ("おおの", "Ohno"),
        ("しんいち", "shin'ichi"),
        ("ぐんま", "Gumma"), ("じゃっじ", "jajji"), ("コーヒー", "kohi"), ("ヴィラ", "bira"),
        ("ウォーク", "woku"), ("にいみ", "Niimi"), ("みやちょう", "miyatyo"), ("づ", "zu"),
        ("でぃすこ", "disuko"), ("っ", ""),
    ],
)  # fmt: skip
def test_two_ways_to_write_a_word_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("おの", "あの"), ("かき", "かぎ"), ("はか", "ばか"), ("まち", "まっち"), ("しゃ", "さ")],
)
def test_words_that_sound_different_are_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody or something to be found."""

    names: tuple[str, ...]
    words: tuple[str, ...]
    number: str
    phones: tuple[str, ...]


def index_of(entries: Sequence[Entry]) -> Index[Entry]:
    return Index(entries, lambda e: Found(e.names, e.words, [e.number], e.phones))


_name = st.lists(
    st.text("あおうのかが大野oukn", min_size=1, max_size=4), min_size=1, max_size=2
).map(" ".join)
_entry = st.builds(
    Entry,
    st.lists(_name, min_size=1, max_size=2).map(tuple),
    st.lists(_name.map(lambda name: name.split()[0]), max_size=1).map(tuple),
    st.text("0123", min_size=1, max_size=4),
    st.lists(st.text("0123", min_size=5, max_size=7), max_size=2).map(tuple),
)
_query = st.one_of(
    _name, st.text("0123", min_size=1, max_size=6), st.text("おの大o０3- ", min_size=1, max_size=4)
)


def rung(entry: Entry, query: str) -> int | None:
    """How well an entry answers a query, 0 best, worked out one entry at a time: the oracle."""
    found = [_rung(entry, query)]
    words = unicodedata.normalize("NFKC", query).split()
    if len(words) > 1 and all(_rung(entry, word) is not None for word in words):
        found.append(99)
    return min((each for each in found if each is not None), default=None)


def _rung(entry: Entry, query: str) -> int | None:
    good = []
    asked = digits(query)
    if asked and not any(c.isalpha() for c in query):
        numbers = {entry.number, entry.number.lstrip("0")} - {""}
        ends = [p for p in entry.phones if p.startswith(asked) or p.endswith(asked)]
        good += [0] if asked in numbers else []
        good += [1] if ends and len(asked) >= 3 else []
        good += [2] if any(number.startswith(asked) for number in numbers) else []
        held = any(asked in text for text in (*numbers, *entry.phones))
        good += [3] if held and len(asked) >= 4 else []
    words = [word for name in entry.names for word in name.split()[1:]] + list(entry.words)
    for plus, key in ((0, hiragana), (1, fold)):
        wanted = key(query)
        if not wanted:
            continue
        whole = [key(name) for name in entry.names]
        parts = [key(word) for word in words]
        good += [4 + plus] if wanted in whole else []
        good += [6 + plus] if any(text.startswith(wanted) for text in whole) else []
        good += [8 + plus] if any(text.startswith(wanted) for text in parts) else []
        good += [10 + plus] if any(wanted in text for text in (*whole, *parts)) else []
    return min(good, default=None)


@given(st.lists(_entry, max_size=6), _query, st.integers(1, 7))
def test_the_index_answers_as_a_look_at_every_entry_would(
    entries: list[Entry], query: str, limit: int
) -> None:
    ranked = [(rung(entry, query), at) for at, entry in enumerate(entries)]
    wanted = sorted((rank, at) for rank, at in ranked if rank is not None)
    if not hiragana(query):
        wanted = [(0, at) for at in range(len(entries))]

    assert index_of(entries).search(query, limit) == [entries[at] for _, at in wanted[:limit]]


@given(st.lists(_entry, max_size=5), st.lists(_entry, max_size=3), _query)
def test_an_index_made_from_another_finds_the_same(
    old: list[Entry], new: list[Entry], query: str
) -> None:
    values = [*new, *old[1:]]
    remade = index_of(old).remade(values, lambda e: Found(e.names, e.words, [e.number], e.phones))
    assert remade.search(query, 9) == index_of(values).search(query, 9)


def test_what_is_written_comes_before_what_only_sounds_like_it() -> None:
    index = Index(["おの", "おおの", "おうの"], lambda name: Found([name]))
    assert index.search("おおの") == ["おおの", "おの", "おうの"]
    assert index.search("ono") == ["おの", "おおの", "おうの"]


def test_nothing_asked_shows_the_first_and_a_number_needs_no_zeros() -> None:
    entries = [Entry((name,), (), f"001{at}", ()) for at, name in enumerate(("b", "a"))]
    assert index_of(entries).search("　", 9) == entries
    assert index_of(entries).search("11") == [entries[1]]


def test_names_in_an_index_before_are_not_read_again() -> None:
    read: list[str] = []

    def found(name: str) -> Found:
        read.append(name)
        return Found([name])

    names = ["あお", "きい"]
    index = Index(names, found).remade([*names, "くろ"], found)
    assert read == ["あお", "きい", "くろ"]
    assert index.search("くろ") == ["くろ"]


@pytest.mark.parametrize(
    ("word", "shown"), [("こうを", "kouw"), ("っちゃ", "c"), ("まっち", "matc"), ("しんま", "shim")]
)
def test_a_sound_only_begun_may_still_become_another(word: str, shown: str) -> None:
    assert Index([word], lambda name: Found([name])).search(shown) == [word]


@pytest.mark.parametrize("shown", ["高見が", "髙見ヶ", "高見ｹ", "髙見ケ原"])
def test_a_character_is_found_in_any_of_its_forms(shown: str) -> None:
    assert Index(["髙見ヶ原"], lambda name: Found([name])).search(shown) == ["髙見ヶ原"]


def test_half_a_sound_is_no_whole_name_yet() -> None:
    index = Index(["しまだ", "し"], lambda name: Found([name]))
    assert index.search("sh") == ["しまだ", "し"]
    assert index.search("shi") == ["し", "しまだ"]


def test_a_telephone_from_abroad_is_the_same_telephone() -> None:
    index = index_of([Entry(("a",), (), "1", ("090-0000-0001",))])
    assert index.search("+81 90-0000-0001") == index.search("９０ ００００ ０００１") != []
