"""The town's service as open data beside GTFS: GOFS for demand, TIDES for what was driven.

And the page that says where everything is, for people.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final, NamedTuple

from gtfs import Feed, gofs
from gtfs.gofs import VehicleType
from maas.messages import Language, Words
from maas.store.fleet import VehicleRow
from maas.store.releases import ReleaseRow

LANGUAGES: Final = ("ja", "en")
NOT_COMPRESSED_BEFORE: Final = (1980, 1, 1, 0, 0, 0)


def gofs_files(feed: Feed, vehicles: Sequence[VehicleRow], base_url: str) -> dict[str, Any]:
    """Return the data of every GOFS file by its path, empty without demand service."""
    kinds = {
        (row.kind, row.seats): VehicleType(
            f"{row.kind}-{row.seats}", row.seats, wheelchairs=row.wheelchair_places > 0
        )
        for row in vehicles
        if not row.block
    }
    types = [kinds[key] for key in sorted(kinds)]
    return gofs.documents(feed, types, base_url=base_url, languages=LANGUAGES)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files in one zip: the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, NOT_COMPRESSED_BEFORE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return out.getvalue()


class Address(NamedTuple):
    """One thing that is published: where, in which form, and what it is for."""

    path: str
    form: str
    text: Words


ADDRESSES: Final = (
    Address(
        "/feeds/gtfs-jp.zip",
        "GTFS-JP, GTFS-Flex, GTFS-Fares",
        Words(
            "バスの時刻表と、予約して乗るタクシーのきまり(いま使われているもの)",
            "Bus timetable and demand service, as in force today",
        ),
    ),
    Address(
        "/feeds/gtfs-jp-next.zip",
        "GTFS-JP",
        Words("次のバスの時刻表(決まったときだけあります)", "The next bus timetable, once decided"),
    ),
    Address(
        "/feeds/gtfs-rt/trip-updates.pb",
        "GTFS Realtime",
        Words("バスの到着の見こみと運休", "When buses are expected, and trips called off"),
    ),
    Address(
        "/feeds/gtfs-rt/vehicle-positions.pb",
        "GTFS Realtime",
        Words("バスのいまの場所", "Where the buses are now"),
    ),
    Address(
        "/feeds/gtfs-rt/other-vehicle-positions.pb",
        "GTFS Realtime",
        Words(
            "ほかの車のいまの場所(乗っている人のことは入っていません)",
            "Where other vehicles are now; nothing about riders",
        ),
    ),
    Address(
        "/feeds/gtfs-rt/alerts.pb",
        "GTFS Realtime",
        Words("お知らせ", "Service alerts"),
    ),
    Address(
        "/feeds/gofs/gofs.json",
        "GOFS-lite 1.0",
        Words("予約して乗るタクシーの区域・時間・料金", "Areas, hours and fares on demand"),
    ),
    Address(
        "/feeds/tides/",
        "TIDES 1.0",
        Words("バスの運行の記録(1日ごと)", "What the buses did, a package a day"),
    ),
    Address(
        "/feeds/ridership/",
        "CSV, Parquet",
        Words(
            "どこからどこへ、何時ごろ、何人が乗ったか(月ごと。だれのことか分からない形)",
            "From where to where, at what hour, how many rode: a month at a time, nobody in it",
        ),
    ),
)

_TITLE: Final = Words("オープンデータ", "Open data")
_LEAD: Final = Words(
    "町の交通のデータです。だれでも自由に使えます。登録はいりません。",
    "The town's transport as data, free for everybody to use. No registration.",
)
_LICENCE: Final = Words(
    "ライセンスは CC BY 4.0 です。使うときは「{town}」と書いてください。",
    "Licence: CC BY 4.0. Please name “{town}” when you use it.",
)
_RULES: Final = Words(
    "アドレスは変わりません。ETag と gzip が使えます。ほかのサイトの画面からも読めます(CORS)。"
    "バスのいまの場所と到着の見こみは、15秒より短い間をあけずに読んでください。",
    "These addresses stay. ETag and gzip work, and pages of other sites may read them (CORS). "
    "Please leave at least 15 seconds between reads of the realtime feeds.",
)
_NOBODY: Final = Words(
    "予約した人や乗った人がだれなのかは、どのデータからも分かりません。",
    "Nobody who booked or rode can be recognised in any of this data.",
)
_HEAD: Final = (
    Words("アドレス", "Address"), Words("形式", "Format"), Words("内容", "What it is"),
)  # fmt: skip
_DAYS: Final = Words("運行の記録", "Records of the buses")
_NO_DAYS: Final = Words(
    "まだ記録がありません。1日の運行が終わると、次の日に出ます。",
    "There are no records yet. Each day's appear on the day after.",
)
_RELEASES: Final = Words("利用の記録", "Ridership")
_NO_RELEASES: Final = Words("まだ公開した月がありません。", "No month has been published yet.")
_WHAT: Final = Words(
    "予約して乗る車の乗った場所・降りた場所(約500mの四角)と、バスに乗り降りした人の数です。"
    "平日と土日祝、1時間ごとに数えました。",
    "Where rides on demand began and ended, in squares of 500 m, and how many got on and off "
    "buses, by hour and by weekday or holiday.",
)
_SAFE: Final = Words(
    "どの行にも、ちがう人が5人以上います。少ないものは、場所や時刻を広くしてまとめました。"
    "日付や名前はありません。公開したファイルは変えません。直すときは新しい版を出します。",
    "Every row has at least five different people; smaller ones were merged into wider places or "
    "hours. There are no dates and no names. A file once published never changes; what was wrong "
    "is put right in a new version.",
)
_RELEASE_HEAD: Final = (
    Words("月", "Month"), Words("版", "Version"), Words("ファイル", "Files"),
    Words("直したこと", "Put right"), Words("SHA-256", "SHA-256"),
)  # fmt: skip
_MADE_UP: Final = Words("模擬データ", "simulated")
_RELEASE_FILES: Final = (
    "rides.csv", "rides.parquet", "bus_riders.csv", "bus_riders.parquet", "dictionary.csv",
    "datapackage.json",
)  # fmt: skip
_OTHER: Final = Words("English", "日本語")
_HOME: Final = Words("ホームへもどる", "Back to the home page")


def page(town: str, language: Language, stylesheet: str) -> str:
    """Return the page that says where everything is."""
    rows = (
        f'<tr><th scope="row"><a href="{each.path}">{each.path}</a></th>'
        f"<td>{each.form}</td><td>{escape(_in(each.text, language))}</td></tr>"
        for each in ADDRESSES
    )
    body = [
        f"<p>{_in(_LEAD, language)}</p>",
        "<table><thead><tr>",
        *(f'<th scope="col">{_in(head, language)}</th>' for head in _HEAD),
        "</tr></thead><tbody>",
        *rows,
        "</tbody></table>",
        f"<p>{escape(_in(_LICENCE, language).format(town=town))}</p>",
        f"<p>{_in(_RULES, language)}</p>",
        f"<p>{_in(_NOBODY, language)}</p>",
    ]
    return _page(_in(_TITLE, language), body, language, stylesheet)


def days_page(days: Sequence[str], language: Language, stylesheet: str) -> str:
    """Return the page of the days there are records of, the newest first."""
    listed = [f'<li><a href="/feeds/tides/{day}.zip">{day}.zip</a></li>' for day in days]
    body = ["<ul>", *listed, "</ul>"] if listed else [f"<p>{_in(_NO_DAYS, language)}</p>"]
    return _page(_in(_DAYS, language), body, language, stylesheet)


def releases_page(
    rows: Sequence[ReleaseRow], town: str, language: Language, stylesheet: str
) -> str:
    """Return the page of the months that were published, the newest first."""
    body = [
        f"<p>{_in(_WHAT, language)}</p>",
        f"<p>{_in(_SAFE, language)}</p>",
        f"<p>{escape(_in(_LICENCE, language).format(town=town))}</p>",
    ]
    if rows:
        head = (f'<th scope="col">{_in(each, language)}</th>' for each in _RELEASE_HEAD)
        body += ["<table><thead><tr>", *head, "</tr></thead><tbody>"]
        body += [_release(row, language) for row in rows]
        body += ["</tbody></table>"]
    else:
        body.append(f"<p>{_in(_NO_RELEASES, language)}</p>")
    return _page(_in(_RELEASES, language), body, language, stylesheet)


def _release(row: ReleaseRow, language: Language) -> str:
    base = f"/feeds/ridership/{row.month}-v{row.version}"
    links = " ".join(f'<a href="{base}/{name}">{name}</a>' for name in _RELEASE_FILES)
    made_up = f"({_in(_MADE_UP, language)})" if row.simulated else ""
    return (
        f'<tr><th scope="row">{row.month}{made_up}</th><td>{row.version}</td>'
        f'<td><a href="{base}.zip">zip</a> {links}</td>'
        f"<td>{escape(row.reason)}</td><td><code>{row.sha256}</code></td></tr>"
    )


def _page(title: str, body: Sequence[str], language: Language, stylesheet: str) -> str:
    return "\n".join(_lines(title, body, language, stylesheet))


def _lines(title: str, body: Sequence[str], language: Language, stylesheet: str) -> Iterator[str]:
    other = "en" if language == "ja" else "ja"
    yield "<!doctype html>"
    yield f'<html lang="{language}">'
    yield '<head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<title>{title}</title><link rel="stylesheet" href="{stylesheet}"></head>'
    yield f"<body><header><h1>{title}</h1></header><main>"
    yield from body
    yield "</main><footer>"
    yield f'<a href="?lang={other}" lang="{other}" hreflang="{other}">{_in(_OTHER, language)}</a>'
    yield f'<a href="/">{_in(_HOME, language)}</a>'
    yield "</footer></body></html>"


def _in(words: Words, language: Language) -> str:
    return words.ja if language == "ja" else words.en
