"""Puts small pictures of every screen side by side, a sheet for each package and language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from desk_of_pictures import IMAGES
from PIL import Image

SMALL: Final = (300, 225)
ACROSS: Final = 6
LARGEST: Final = 0.5
"""A telephone is not shown as large as a television."""
GAP: Final = 6
COLOURS: Final = 16
PUBLIC: Final = ("book", "epaper", "home", "ride", "sign", "stop")
"""With what the names of the public pages' pictures begin; all others are the staff's."""


def write_sheets(folder: Path) -> None:
    """Write docs/images/all-*.png from the light pictures of a folder that holds all."""
    for language in ("ja", "en"):
        pictures = sorted(folder.glob(f"*-{language}-light.png"))
        public = [one for one in pictures if one.name.split("-")[0] in PUBLIC]
        staff = [one for one in pictures if one not in public]
        for whose, chosen in (("public", public), ("staff", staff)):
            sheet = drawn(chosen).quantize(COLOURS, dither=Image.Dither.NONE)
            sheet.save(IMAGES / f"all-{whose}-{language}.png", "PNG", optimize=True)


def drawn(pictures: list[Path]) -> Image.Image:
    """Return one picture of the tops of many."""
    width, height = SMALL[0] + GAP, SMALL[1] + GAP
    rows = -(-len(pictures) // ACROSS)
    sheet = Image.new("RGB", (ACROSS * width, rows * height), "#777777")
    for at, small in enumerate(tops(pictures)):
        sheet.paste(small, (at % ACROSS * width, at // ACROSS * height))
    return sheet


def tops(pictures: list[Path]) -> Iterator[Image.Image]:
    """Yield each picture as wide as it may be; of a long one its top."""
    for picture in pictures:
        with Image.open(picture) as opened:
            image = opened.convert("RGB")
        factor = min(SMALL[0] / image.width, LARGEST)
        scaled = (round(image.width * factor), round(image.height * factor))
        small = image.resize(scaled, Image.Resampling.LANCZOS)
        yield small.crop((0, 0, scaled[0], min(scaled[1], SMALL[1])))
