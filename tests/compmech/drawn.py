"""What a figure says, read from the figure and from its files; and matplotlib's settings, to be left alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox


def said(figure: Figure) -> list[str]:
    """All texts of a figure."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def svg_texts(path: Path) -> list[str]:
    """All texts of an SVG file, which must be well-formed XML."""
    root = ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    return ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]


def text_boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    """Each text of a figure and the pixels that it takes, by the real metrics of the type."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    shown = [text for text in figure.findobj(Text) if text.get_text() and not isinstance(text, Annotation)]
    return [(text.get_text(), Text.get_window_extent(text, renderer)) for text in shown]


@contextmanager
def settings_untouched() -> Iterator[None]:
    """Fails if matplotlib's settings differ afterwards."""
    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
