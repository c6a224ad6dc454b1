"""What is wrong with a form, in Japanese and English."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from maas.town.messages import Text

FAULTS: Final = MappingProxyType(
    {
        "name": Text("名前が書かれていません。", "There is no name."),
        "kana": Text(
            "ふりがなは、ひらがなかカタカナで書いてください。",
            "The reading has to be in hiragana or katakana.",
        ),
        "phone": Text(
            "電話番号は、市外局番から10けたか11けたで書いてください。",
            "A telephone number has 10 or 11 digits, with its area code.",
        ),
        "email": Text("メールアドレスを確かめてください。", "This is not an e-mail address."),
        "birth": Text(
            "生まれた年を確かめてください（例: 昭和15年、1940）。",
            "This is not a year of birth (such as 1940).",
        ),
        "outside": Text("町の区域の外です。", "This lies outside the town's region."),
        "no_place": Text("その場所は登録されていません。", "There is no such place."),
        "half_point": Text(
            "緯度と経度は両方書いてください。", "Latitude and longitude go together."
        ),
        "number_form": Text("数字を確かめてください。", "This is not such a number."),
        "date": Text(
            "日付を確かめてください（例: 2027-03-31）。", "This is not a date (2027-03-31)."
        ),
        "choice": Text("選べる言葉は {choices} です。", "It can be one of {choices}."),
        "twice": Text(
            "同じ会員番号が{line}行目にもあります。", "The same number is on line {line}."
        ),
        "cells": Text(
            "欄の数が見出しと違います。", "This line does not have as many cells as the first one."
        ),
        "long": Text("長すぎます。", "This is too long."),
        "no_columns": Text(
            "見出しに「氏名」の欄がありません。", "The first line has no column for the name."
        ),
        "not_text": Text(
            "文字コードを読み取れません。UTF-8かShift_JISで保存してください。",
            "This is neither UTF-8 nor Shift_JIS.",
        ),
        "book_consent": Text(
            "家族などに予約用のリンクを渡すときは、本人に確かめた方法を書いてください。",
            "Say how the member agreed that somebody else may book for them.",
        ),
        "consent": Text(
            "見守りの知らせを変えるときは、本人に確かめた方法を書いてください。",
            "Say how the member agreed when messages to family change.",
        ),
    }
)
