"""What a sign says aloud when its button is pressed, in Japanese.

Names are spoken by their kana where the timetable has it; hours are 午前 and 午後.
"""

from __future__ import annotations

from signage.board import Board
from signage.departures import Freshness, Row, Wait
from signage.words import Text

SPOKEN_ROWS = 3
_ENDS_AS_DESTINATION = ("行き", "行", "ゆき", "いき", "方面", "循環", "ユキ", "イキ")


def announcement(board: Board) -> str:
    """Return the stop, the next departures and the notices as sentences to be spoken."""
    sentences = [f"{_spoken(board.stop)}です。"]
    if board.known is Freshness.TIMETABLE:
        sentences.append("バスの位置がわからないため、予定の時刻をお知らせします。")
    elif board.known is Freshness.STALE:
        sentences.append(f"{board.age_min}分前の情報です。")
    if not board.rows:
        sentences.append("24時間以内のバスはありません。")
    for i, row in enumerate(board.rows[:SPOKEN_ROWS]):
        sentences.append(("次は、" if i == 0 else "その次は、") + sentence(row))
    sentences += [f"お知らせです。{notice.ja.rstrip('。')}。" for notice in board.notices]
    return "".join(sentences)


def sentence(row: Row) -> str:
    """Return what there is to say about one departure."""
    bus = "、".join(part for part in (_platform(row), row.line.ja, _bound_for(row)) if part)
    match row.wait:
        case Wait.CANCELLED:
            return f"{spoken_time(row.time)}発の、{bus}は、運休です。"
        case Wait.SOON:
            return f"{bus}が、まもなく参ります。{_lateness(row)}"
        case Wait.MINUTES:
            return f"{bus}、あと{row.minutes}分です。{_lateness(row)}"
        case Wait.AROUND:
            detour = "まわり道をしています。" if row.diverted else ""
            return f"{bus}、{spoken_time(row.time)}ごろです。{detour}{_lateness(row)}"
        case Wait.PLANNED:
            doubt = "運行状況を確認しています。" if row.unconfirmed else ""
            doubt = "まだバスが出ていません。" if row.not_running else doubt
            return f"{bus}、{spoken_time(row.time)}発の予定です。{doubt}"


def spoken_time(time: str) -> str:
    """Return a clock time as it is spoken.

    >>> spoken_time("13:05")
    '午後1時5分'
    """
    hour, minute = map(int, time.split(":"))
    half = "午前" if hour < 12 else "午後"
    return f"{half}{hour % 12}時{f'{minute}分' if minute else ''}"


def _platform(row: Row) -> str:
    return f"{row.platform}番のりば" if row.platform.isdecimal() else ""


def _bound_for(row: Row) -> str:
    name = _spoken(row.destination)
    return name if not name or name.endswith(_ENDS_AS_DESTINATION) else f"{name}行き"


def _spoken(text: Text) -> str:
    return text.kana or text.ja


def _lateness(row: Row) -> str:
    if row.late_min > 0:
        return f"およそ{row.late_min}分遅れています。"
    return f"およそ{-row.late_min}分早く進んでいます。" if row.late_min < 0 else ""
