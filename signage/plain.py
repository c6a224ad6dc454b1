"""A sign as a page without script, for e-paper, old browsers and screen readers.

Nothing is styled inside the page: the town's content policy allows its own style sheet only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from importlib.resources import files
from urllib.parse import quote

from signage.board import Board
from signage.departures import Freshness, Row, Wait
from signage.words import CATALOGUES, Language, Text, Words

STYLESHEET_PATH = "/assets/plain.css"
REFRESH_S = 30
_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """Return the style sheet to serve at ``STYLESHEET_PATH``."""
    return files("signage").joinpath("plain.css").read_text("utf-8")


def page(board: Board, language: Language = "ja", *, refresh: bool = True) -> str:
    """Return the whole page of a sign; without ``refresh`` it stays as it is.

    The page links to its other language (``?lang=``) and to itself with the refresh stopped or
    started (``?refresh=0``), which readers who need more time must be able to do.
    """
    words = CATALOGUES[language]
    stop = escape(board.stop.said(language))
    title = words.title.format(stop=stop)
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            *([f'<meta http-equiv="refresh" content="{REFRESH_S}">'] if refresh else []),
            f"<title>{title}</title>",
            '<link rel="icon" href="/favicon.svg">',
            f'<link rel="stylesheet" href="{STYLESHEET_PATH}">',
            "</head>",
            f'<body class="{board.known}">',
            f"<header><h1>{_said(board.stop, language)}</h1>",
            f'<p class="clock">{words.clock.format(time=board.clock)}</p></header>',
            "<main>",
            *_departures(board, words, language),
            f'<p class="known">{_known(board, words)}</p>',
            *_notices(board, words, language),
            "</main>",
            *_footer(board, words, language, refresh=refresh),
            "</body>",
            "</html>",
            "",
        ]
    )


def wait_text(row: Row, words: Words) -> str:
    """Return the largest words of a row."""
    match row.wait:
        case Wait.SOON:
            return words.soon
        case Wait.MINUTES:
            return words.minutes.format(n=row.minutes)
        case Wait.AROUND:
            return words.around.format(time=row.time)
        case Wait.PLANNED:
            return words.planned.format(time=row.time)
        case Wait.CANCELLED:
            return f"✕ {words.cancelled}"


def status_text(row: Row, words: Words) -> str:
    """Return what stands under the wait: lateness, doubt, when to be there."""
    parts = []
    if row.wait is Wait.CANCELLED:
        parts.append(words.cancelled_at.format(time=row.time))
    if row.late_min > 0:
        parts.append(words.late.format(n=row.late_min))
    if row.late_min < 0:
        parts.append(words.early.format(n=-row.late_min))
    if row.unconfirmed:
        parts.append(words.unconfirmed)
    if row.not_running:
        parts.append(words.not_running)
    if row.diverted:
        parts.append(words.diverted)
    if row.be_there_by is not None:
        parts.append(words.be_there.format(time=row.be_there_by))
    return " · ".join(parts)


def _departures(board: Board, words: Words, language: Language) -> Iterable[str]:
    if not board.rows:
        return [f'<p class="none">{words.none}</p>']
    heads = (words.line, words.destination, words.platform, words.wait)
    caption = words.title.format(stop=escape(board.stop.said(language)))
    return [
        "<table>",
        f"<caption>{caption}</caption>",
        "<thead><tr>" + "".join(f'<th scope="col">{head}</th>' for head in heads) + "</tr></thead>",
        "<tbody>",
        *(_row(row, words, language) for row in board.rows),
        "</tbody>",
        "</table>",
    ]


def _row(row: Row, words: Words, language: Language) -> str:
    destination = _said(row.destination, language)
    if language == "ja" and _helps(row.destination):
        kana = escape(row.destination.kana)
        destination = f"<ruby>{destination}<rp>(</rp><rt>{kana}</rt><rp>)</rp></ruby>"
    status = status_text(row, words)
    return (
        f'<tr class="{row.wait}"><td class="line">{_said(row.line, language)}</td>'
        f'<th scope="row">{destination}</th><td>{escape(row.platform)}</td>'
        f'<td><b>{wait_text(row, words)}</b> <span class="status">{status}</span></td></tr>'
    )


def _helps(text: Text) -> bool:
    """Say whether the reading says more than the name, as it does not for きびプラザ."""
    return bool(text.kana) and text.kana.translate(_HIRAGANA) != text.ja.translate(_HIRAGANA)


def _said(text: Text, language: Language) -> str:
    """Return the words as HTML, marked as Japanese where there is nothing else."""
    said = escape(text.said(language))
    return said if language == "ja" or text.en else f'<span lang="ja">{said}</span>'


def _known(board: Board, words: Words) -> str:
    as_of = words.as_of.format(time=board.as_of)
    match board.known:
        case Freshness.LIVE:
            return f"{words.live} ({as_of})"
        case Freshness.STALE:
            return f"{words.stale.format(n=board.age_min)} ({as_of})"
        case Freshness.TIMETABLE:
            return words.timetable


def _notices(board: Board, words: Words, language: Language) -> Iterable[str]:
    if not board.notices:
        return []
    items = (f"<li>{_said(notice, language)}</li>" for notice in board.notices)
    return [f"<section><h2>{words.notices}</h2>", "<ul>", *items, "</ul></section>"]


def _footer(board: Board, words: Words, language: Language, *, refresh: bool) -> Iterable[str]:
    here = f"/signage/{quote(board.stop_id, safe='')}/plain?lang="
    other = "en" if language == "ja" else "ja"
    rest = "" if refresh else "&amp;refresh=0"
    turned = "&amp;refresh=0" if refresh else ""
    return [
        "<footer>",
        *(
            [f'<p class="phone">{words.call} <b>{escape(board.phone)}</b></p>']
            if board.phone
            else []
        ),
        f'<p><a href="{here}{other}{rest}" lang="{other}">{words.other_language}</a>',
        f'<a href="{here}{language}{turned}">{words.pause if refresh else words.resume}</a></p>',
        "</footer>",
    ]
