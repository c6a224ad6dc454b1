"""One key for every way to write a Japanese word: kana of any width, Hepburn, Kunrei, half said.

The key is plain Latin close to the Kunrei spelling, without long vowels: ひょうもと, ﾋｮｳﾓﾄ,
Hyōmoto, hyoumoto and hyomoto are all `hyomoto`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ROWS: Final = {
    "": "あいうえお", "k": "かきくけこ", "g": "がぎぐげご", "s": "さしすせそ", "z": "ざじずぜぞ",
    "t": "たちつてと", "n": "なにぬねの", "h": "はひふへほ", "b": "ばびぶべぼ", "p": "ぱぴぷぺぽ",
    "m": "まみむめも", "r": "らりるれろ",
}  # fmt: skip
_OTHERS: Final = {
    "だ": "da", "ぢ": "zi", "づ": "zu", "で": "de", "ど": "do", "や": "ya", "ゆ": "yu", "よ": "yo",
    "わ": "wa", "ゐ": "i", "ゑ": "e", "を": "o", "ん": "n", "ゔ": "bu", "ー": "", "ぁ": "a",
    "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o", "ゃ": "ya", "ゅ": "yu", "ょ": "yo", "ゎ": "wa",
    "ゕ": "ka", "ゖ": "ke",
}  # fmt: skip
_SOUNDS: Final = _OTHERS | {
    kana: consonant + vowel
    for consonant, row in _ROWS.items()
    for kana, vowel in zip(row, "aiueo", strict=True)
}
_LOANS: Final = {
    "ふぁ": "fa", "ふぃ": "fi", "ふぇ": "fe", "ふぉ": "fo", "ふゅ": "fyu", "うぃ": "wi",
    "うぇ": "we", "うぉ": "o", "てぃ": "ti", "でぃ": "zi", "とぅ": "tu", "どぅ": "zu",
    "てゅ": "tyu", "でゅ": "zyu", "つぁ": "tsa", "つぃ": "tsi", "つぇ": "tse", "つぉ": "tso",
    "ゔぁ": "ba", "ゔぃ": "bi", "ゔぇ": "be", "ゔぉ": "bo", "いぇ": "ye", "くぁ": "kwa",
    "ぐぁ": "gwa",
}  # fmt: skip
_GLIDES: Final = {
    kana + small: sound[:-1] + glide
    for kana, sound in _SOUNDS.items()
    if len(sound) > 1 and sound[-1] == "i"
    for small, glide in (("ゃ", "ya"), ("ゅ", "yu"), ("ょ", "yo"), ("ぇ", "ye"))
}
_ALL: Final = _SOUNDS | _GLIDES | _LOANS
_KANA: Final = re.compile("|".join(sorted(_ALL, key=len, reverse=True)))
_DOUBLED: Final = re.compile("っ+([bdfghkmprstwyz])")

# Hepburn and freer spellings, as they become ours, in this order.
_SPELLINGS: Final = (
    ("tch", "cch"), ("cchi", "tti"), ("cch", "tty"), ("chi", "ti"), ("ch", "ty"),
    ("sshi", "ssi"), ("ssh", "ssy"), ("shi", "si"), ("sh", "sy"), ("tsu", "tu"),
    ("jji", "zzi"), ("jjy", "zzy"), ("jj", "zzy"), ("ji", "zi"), ("jy", "zy"), ("j", "zy"),
    ("ffu", "hhu"), ("fu", "hu"), ("di", "zi"), ("du", "zu"), ("dy", "zy"), ("wo", "o"),
    ("mb", "nb"), ("mp", "np"), ("mm", "nm"), ("v", "b"), ("'", ""), ("-", ""),
)  # fmt: skip
# What somebody may be about to write who has written so much of a sound.
_BEGUN: Final = {
    "cch": ("tti", "tty"), "tch": ("tti", "tty"), "cc": ("cc", "tti", "tty"),
    "tc": ("tc", "tti", "tty"), "ch": ("ti", "ty"), "c": ("c", "ti", "ty", "tti", "tty"),
    "ssh": ("ssi", "ssy"), "sh": ("si", "sy"), "tts": ("tts", "ttu"), "ts": ("ts", "tu"),
    "jj": ("zzi", "zzy"), "j": ("zi", "zy"), "ff": ("ff", "hhu"), "f": ("f", "hu"),
    "mm": ("nm",), "m": ("m", "nb", "np", "nm"), "dd": ("dd", "dzi", "dzu", "dzy"),
    "d": ("d", "zi", "zu", "zy"), "w": ("w", "o"),
}  # fmt: skip
_LONG: Final = re.compile(r"oh(?![aiueoy])|o[ou]+|([aiue])\1+")
_GAPS: Final = re.compile(r"[\s・、,.]+")
KATAKANA: Final = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
"""Each katakana with its hiragana, for `str.translate`."""
# Forms of one character that names are written with, and that nobody says on the telephone.
_SHAPES: Final = str.maketrans(
    "髙﨑𠮷德濵濱邊邉齋齊斎澤廣嶋嶌櫻國眞惠龍冨", "高崎吉徳浜浜辺辺斉斉斉沢広島島桜国真恵竜富"
)
_GA: Final = re.compile(r"(?<=[\u4e00-\u9fff])[ヶケ]")


def hiragana(text: str) -> str:
    """Return the text without spaces and points, katakana as hiragana and letters small.

    >>> hiragana("ﾋｮｳﾓﾄ　ｵｻﾑ"), hiragana("髙見ヶ原") == hiragana("高見が原")
    ('ひょうもとおさむ', True)
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_SHAPES)
    return _GAPS.sub("", _GA.sub("が", plain).translate(KATAKANA))


def fold(text: str) -> str:
    """Return one key for every way to write a word: hiragana and romaji become plain romaji.

    >>> fold("ヒョウモト"), fold("Hyōmoto"), fold("hyomoto"), fold("おおの") == fold("Ohno")
    ('hyomoto', 'hyomoto', 'hyomoto', True)
    """
    return _fold(hiragana(text))


def _fold(plain: str) -> str:
    plain = _KANA.sub(lambda found: _ALL[found[0]], plain)
    plain = _DOUBLED.sub(r"\1\1", plain).replace("っ", "")
    if not plain.isascii():
        marks = unicodedata.normalize("NFKD", plain)
        plain = "".join(mark for mark in marks if not unicodedata.combining(mark))
    for spelling, ours in _SPELLINGS:
        plain = plain.replace(spelling, ours)
    return _short(plain)


def _short(plain: str) -> str:
    return _LONG.sub(lambda found: found[0][0], plain)


def folds(text: str) -> tuple[str, ...]:
    """Return the keys with which a key may begin when so much of a word has been written.

    The first is that of the text itself; a sound only begun may still become another.

    >>> folds("mats"), folds("ひょう")
    (('mats', 'matu'), ('hyo',))
    """
    plain = hiragana(text)
    for length in (3, 2, 1):
        begun = _BEGUN.get(plain[-length:])
        if begun is not None:
            stem = _fold(plain[:-length])
            return tuple(dict.fromkeys([_fold(plain), *(_short(stem + rest) for rest in begun)]))
    return (_fold(plain),)
