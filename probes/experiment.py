"""Experiments that one command makes: pieces that are done once, a results file after each of them, and a picture."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compmech.draw.style import house_style
from compmech.whole_files import written_aside
from probes.comparison import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RowFile", "save_png"]


class RowFile:
    """A results file whose rows are pieces of work.

    It holds the command, the settings, the versions of what made it, whatever else `say` was told, and the rows. It is
    written whole after each row, so that a stop loses one piece. Rows of an earlier run are kept if all its settings
    were the same; else the file begins anew.

    Attributes:
        rows: the finished pieces, in the order of their making.
    """

    def __init__(self, path: Path, *, command: str, settings: Mapping[str, Any]) -> None:
        """Read what is there.

        Raises:
            ValueError: if the file is there and is no such file.
        """
        self.path = path
        # what JSON makes of it: tuples are lists, and keys strings
        self._head: dict[str, Any] = json.loads(json.dumps({"command": command, "settings": settings}))
        self._said: dict[str, Any] = {}
        self.rows: list[dict[str, Any]] = []
        if path.is_file():
            try:
                earlier = json.loads(path.read_text())
                same, rows = earlier["settings"] == self._head["settings"], list(earlier["rows"])
            except (ValueError, LookupError, TypeError):
                raise ValueError(f"{path} is no results file of this command: give another name") from None
            self.rows = rows if same else []

    def find(self, **who: Any) -> dict[str, Any] | None:
        """The row in which all of these stand, or None.

        Raises:
            ValueError: if there are several.
        """
        found = [row for row in self.rows if all(key in row and row[key] == value for key, value in who.items())]
        if len(found) > 1:
            raise ValueError(f"{self.path}: {len(found)} rows are {who}")
        return found[0] if found else None

    def add(self, row: Mapping[str, Any]) -> None:
        """Keep a finished piece, and write."""
        self.rows.append(json.loads(json.dumps(row, allow_nan=False)))
        self._write()

    def say(self, **what: Any) -> None:
        """Put something beside the rows that is not made row by row, and write."""
        self._said |= json.loads(json.dumps(what, allow_nan=False))
        self._write()

    def document(self) -> dict[str, Any]:
        """All that is in the file."""
        return {**self._head, "versions": versions(), **self._said, "rows": self.rows}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def _write(self) -> None:
        with written_aside(self.path) as unfinished:
            unfinished.write_text(json.dumps(self.document(), indent=1, allow_nan=False) + "\n")


def save_png(figure: "Figure", path: Path) -> None:
    """Write a picture whole or not at all; the same figure gives the same bytes. Raises OSError if it cannot be."""
    with written_aside(path) as unfinished, house_style():
        figure.savefig(unfinished, format="png", metadata={"Software": None})
