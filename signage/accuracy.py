"""The public page that says how true our own arrival times were, without script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from signage.plain import STYLESHEET_PATH
from signage.words import Language, Text

BUCKETS = ("0–3", "3–6", "6–10", "10–15")
BINS = ("0–3", "3–6", "6–12", "12–30")
PATH = "/accuracy"


@dataclass(frozen=True, slots=True)
class Figures:
    """How true some predictions were; shares in percent, ``None`` where nothing was counted."""

    n: int
    mae_s: float | None
    bias_s: float | None
    coverage_percent: float | None
    transit_score: float | None
    transit: Sequence[float | None]
    mbta: Sequence[float | None]
    untold: int


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of one route or stop."""

    id: str
    name: Text
    figures: Figures


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What the page shows: of which days, of what (``about`` is empty for everything)."""

    days: int
    about: Text
    whole: Figures
    routes: Sequence[Part]
    stops: Sequence[Part]


@dataclass(frozen=True, slots=True)
class AccuracyWords:
    """One language's catalogue; ``{…}`` marks what is filled in."""

    title: str
    about: str
    days: str
    none: str
    off: str
    off_about: str
    covered: str
    covered_about: str
    count: str
    untold: str
    transit: str
    transit_about: str
    transit_bounds: Sequence[str]
    mbta: str
    mbta_about: str
    mbta_bounds: Sequence[str]
    ahead: str
    accurate: str
    share: str
    routes: str
    stops: str
    name: str
    seconds: str
    later: str
    earlier: str
    minutes: str
    whole: str
    other_language: str
    home: str


JA = AccuracyWords(
    title="バスの時刻は、どのくらい合っていたか",
    about="案内した時刻と、バスが本当に出た時刻をくらべました。",
    days="さいきん{n}日間の記録です。",
    none="まだ記録がありません。バスが走ると、ここに出ます。",
    off="ずれの平均",
    off_about="15分以内に来るバスの、案内とのずれです。",
    covered="予想のはばに入った割合",
    covered_about="80%になるように、はばを決めています。",
    count="くらべた回数",
    untold="時刻を案内できなかった回数",
    transit="「のりばへ来る時刻」の点数",
    transit_about=(
        "「◯時◯分までに、のりばへ。」の時刻に来た人が、バスに乗れて、"
        "長く待たずにすんだ割合です。バスが来るまでの時間で分けます。"
        "（Transit ETA Accuracy Benchmark）"
    ),
    transit_bounds=(
        "30秒前から1分30秒後まで",
        "1分前から2分30秒後まで",
        "1分前から3分30秒後まで",
        "1分30秒前から4分30秒後まで",
    ),
    mbta="「あと何分」の点数",
    mbta_about=(
        "「あと何分」と案内した時刻の近くに、バスが出た割合です。"
        "案内した待ち時間で分けます。（ボストンの交通局 MBTA の区分）"
    ),
    mbta_bounds=(
        "1分前から1分後まで",
        "1分30秒前から2分後まで",
        "2分30秒前から3分30秒後まで",
        "4分前から6分後まで",
    ),
    ahead="何分前の案内か",
    accurate="合っていたとするはば",
    share="割合",
    routes="系統ごと",
    stops="停留所ごと",
    name="名前",
    seconds="{n}秒",
    later="平均して{n}秒おそく来ました。",
    earlier="平均して{n}秒早く来ました。",
    minutes="{n}分前",
    whole="全体を見る",
    other_language="English",
    home="はじめのページへ",
)

EN = AccuracyWords(
    title="How true our bus times were",
    about="What we told riders, compared with when the bus really left.",
    days="From the records of the last {n} days.",
    none="There are no records yet. They appear here once buses have run.",
    off="Off by, on average",
    off_about="For buses that came within 15 minutes.",
    covered="Within the range we gave",
    covered_about="The range is made so that this is 80%.",
    count="Times compared",
    untold="Calls we could tell no time of",
    transit="Score of “be at the stop by”",
    transit_about=(
        "How often somebody who came to the stop at the time we said caught the bus and did not "
        "wait long, by how long the bus really took to come. "
        "(Transit ETA Accuracy Benchmark)"
    ),
    transit_bounds=(
        "30 s before to 1 min 30 s after",
        "1 min before to 2 min 30 s after",
        "1 min before to 3 min 30 s after",
        "1 min 30 s before to 4 min 30 s after",
    ),
    mbta="Score of “in so many minutes”",
    mbta_about=(
        "How often the bus left near the time we said, by how many minutes we had said. "
        "(The bins of MBTA, Boston)"
    ),
    mbta_bounds=(
        "1 min before to 1 min after",
        "1 min 30 s before to 2 min after",
        "2 min 30 s before to 3 min 30 s after",
        "4 min before to 6 min after",
    ),
    ahead="Told ahead",
    accurate="Counts as right",
    share="Share",
    routes="By line",
    stops="By stop",
    name="Name",
    seconds="{n} s",
    later="On average buses came {n} s later than told.",
    earlier="On average buses came {n} s earlier than told.",
    minutes="{n} min",
    whole="Show everything",
    other_language="日本語",
    home="Home page",
)

CATALOGUES: dict[Language, AccuracyWords] = {"ja": JA, "en": EN}


def page(shown: Accuracy, language: Language = "ja") -> str:
    """Return the whole page."""
    words = CATALOGUES[language]
    other: Language = "en" if language == "ja" else "ja"
    about = escape(shown.about.said(language))
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{words.title}</title>",
            f'<link rel="stylesheet" href="{STYLESHEET_PATH}">',
            "</head>",
            "<body>",
            f"<header><h1>{words.title}</h1></header>",
            "<main>",
            *([f"<h2>{about}</h2>"] if about else []),
            f"<p>{words.about} {words.days.format(n=shown.days)}</p>",
            *_body(shown, words, language),
            "</main>",
            "<footer>",
            *([f'<p><a href="{_link(language)}">{words.whole}</a></p>'] if about else []),
            f'<p><a href="{_link(other)}" lang="{other}">{words.other_language}</a>',
            f'<a href="/">{words.home}</a></p>',
            "</footer>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _body(shown: Accuracy, words: AccuracyWords, language: Language) -> Iterable[str]:
    whole = shown.whole
    if not whole.n and not whole.untold:
        return [f'<p class="none">{words.none}</p>']
    return [
        "<dl>",
        (
            f"<dt>{words.off}</dt><dd><b>{_seconds(whole.mae_s, words)}</b> {words.off_about} "
            f"{_bias(whole.bias_s, words)}</dd>"
        ),
        (
            f"<dt>{words.covered}</dt><dd><b>{_percent(whole.coverage_percent)}</b> "
            f"{words.covered_about}</dd>"
        ),
        f"<dt>{words.count}</dt><dd>{whole.n:,}</dd>",
        f"<dt>{words.untold}</dt><dd>{whole.untold:,}</dd>",
        "</dl>",
        *_scores(
            words.transit, words.transit_about, BUCKETS, words.transit_bounds, whole.transit, words
        ),
        *_scores(words.mbta, words.mbta_about, BINS, words.mbta_bounds, whole.mbta, words),
        *_parts(words.routes, shown.routes, "route", words, language),
        *_parts(words.stops, shown.stops, "stop", words, language),
    ]


def _scores(
    title: str, about: str, bins: Sequence[str], bounds: Sequence[str],
    shares: Sequence[float | None], words: AccuracyWords,
) -> Iterable[str]:  # fmt: skip
    heads = (words.ahead, words.accurate, words.share)
    return [
        f"<section><h2>{title}</h2>",
        f"<p>{about}</p>",
        "<table><thead><tr>",
        *(f'<th scope="col">{head}</th>' for head in heads),
        "</tr></thead><tbody>",
        *(
            f'<tr><th scope="row">{words.minutes.format(n=name)}</th><td>{bound}</td>'
            f"<td><b>{_percent(share)}</b></td></tr>"
            for name, bound, share in zip(bins, bounds, shares, strict=True)
        ),
        "</tbody></table></section>",
    ]


def _parts(
    title: str, parts: Sequence[Part], query: str, words: AccuracyWords, language: Language
) -> Iterable[str]:
    if not parts:
        return []
    heads = (words.name, words.off, words.transit, words.covered, words.count)
    return [
        f"<section><h2>{title}</h2>",
        "<table><thead><tr>",
        *(f'<th scope="col">{head}</th>' for head in heads),
        "</tr></thead><tbody>",
        *(_part(part, query, words, language) for part in parts),
        "</tbody></table></section>",
    ]


def _part(part: Part, query: str, words: AccuracyWords, language: Language) -> str:
    figures = part.figures
    link = escape(_link(language, **{query: part.id}))
    return (
        f'<tr><th scope="row"><a href="{link}">{escape(part.name.said(language))}</a></th>'
        f"<td>{_seconds(figures.mae_s, words)}</td><td>{_percent(figures.transit_score)}</td>"
        f"<td>{_percent(figures.coverage_percent)}</td><td>{figures.n:,}</td></tr>"
    )


def _link(language: Language, **query: str) -> str:
    return f"{PATH}?{urlencode({'lang': language, **query})}"


def _bias(bias_s: float | None, words: AccuracyWords) -> str:
    if bias_s is None or round(bias_s) == 0:
        return ""
    said = words.later if bias_s > 0 else words.earlier
    return said.format(n=abs(round(bias_s)))


def _seconds(value: float | None, words: AccuracyWords) -> str:
    return "–" if value is None else words.seconds.format(n=round(value))


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}%"
