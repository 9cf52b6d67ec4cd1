"""Pictures and texts as files, which appear whole or not at all."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compmech.draw.style import house_style
from compmech.whole_files import written_aside

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_SUFFIXES = (".png", ".svg", ".pdf")
"""What `save_figure` writes, told by the file's name."""

# Nothing about the time, so that the same picture is the same bytes.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def save_figure(figure: "Figure", path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG, SVG (with its text as text) or PDF, by the suffix of the path.

    Raises:
        ValueError: if the suffix is none of these.
        OSError: if the file cannot be written.
    """
    suffix = check_suffix(path, FIGURE_SUFFIXES)
    with written_aside(path) as unfinished, house_style():
        figure.savefig(unfinished, format=suffix[1:], metadata=_METADATA[suffix])


def save_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text as UTF-8.

    Raises:
        OSError: if the file cannot be written.
    """
    with written_aside(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="\n")


def check_suffix(path: str | os.PathLike[str], known: tuple[str, ...]) -> str:
    """The suffix of a path, in lower case, if it is a known one."""
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        listed = ", ".join(known[:-1]) + (" or " if len(known) > 1 else "") + known[-1]
        ending = f"it ends in {suffix}" if suffix else "it has no ending"
        raise ValueError(f"{os.fspath(path)}: the name must end in {listed}; {ending}")
    return suffix
