"""What a page of the documentation shows and quotes: its figures, and the numbers beside them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from compmech.draw.files import save_figure, save_text
from compmech.plain import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE_WIDTH = 7.2
"""Inches: a figure so wide fills a column of the pages, about 700 pixels, with its type as large as the text."""


def publish(out: Path, name: str, numbers: Mapping[str, object], figures: Mapping[str, "Figure"]) -> None:
    """Write the numbers as NAME.json, and each figure as NAME-KEY.png and NAME-KEY.svg.

    Args:
        out: the folder.
        numbers: what `compmech.plain.plain` turns into JSON types; no nan.
        figures: by their keys.
    Raises:
        OSError: if a file cannot be written.
    """
    for key, figure in figures.items():
        for suffix in (".png", ".svg"):
            save_figure(figure, out / f"{name}-{key}{suffix}")
    save_text(json.dumps(plain(numbers), indent=1, allow_nan=False) + "\n", out / f"{name}.json")
