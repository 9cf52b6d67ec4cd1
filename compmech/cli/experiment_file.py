"""An experiment as it was written: a TOML file, what options say in its place, and where each of its keys stands."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from compmech.cli.arguments import parse_value
from compmech.cli.failure import Misused, in_words, unreadable

__all__ = ["Document", "KeyPath", "key_text"]

KeyPath = tuple[str | int, ...]
"""Keys from the top down; a number counts the tables of one name from 0."""


class Document:
    """The content of an experiment file, which may be empty, and what was said in its place.

    Attributes:
        content: tables and values, as TOML gives them.
        text: of the file; empty without one.
        path: of the file; None without one.
    """

    def __init__(self, content: dict[str, Any], text: str = "", path: Path | None = None) -> None:
        self.content, self.text, self.path = content, text, path
        self._said: dict[KeyPath, str] = {}

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Raises Misused, with the line, if it is not TOML, or cannot be read."""
        with unreadable(path):
            raw = path.read_bytes()
        try:
            text = raw.decode()
            return cls(tomllib.loads(text), text, path)
        except UnicodeDecodeError:
            raise Misused(f"{path} is no text in UTF-8: an experiment file is written in TOML") from None
        except tomllib.TOMLDecodeError as error:
            at = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), flags=re.S)
            what, line = (at[1], at[2] or text.count("\n") + 1) if at else (str(error), "?")
            raise Misused(f"{path}, line {line}: not TOML: {what[:1].lower()}{what[1:]}") from None
        except RecursionError:
            raise Misused(f"{path}: nested too deeply") from None

    def where(self, key: KeyPath) -> str:
        """What to point at when something is wrong with a key: the option that set it, or its line in the file."""
        for n in range(len(key), 0, -1):
            if key[:n] in self._said:
                return self._said[key[:n]]
        if self.path is None:
            return key_text(key)
        line = _line(self.text, key)
        return str(self.path) if line is None else f"{self.path}, line {line}"

    def wrong(self, key: KeyPath, message: object) -> Misused:
        """The error of a key."""
        place = self.where(key)
        return Misused(f"{place}: {message}" if place else str(message))

    @contextmanager
    def within(self, key: KeyPath, values: Iterable[str] = ()) -> Iterator[None]:
        """The library's ValueError, and a Misused that points at nothing yet, as the error of a key.

        Args:
            values: keys below it; an error that begins with one of them, or with it after a name, is its own.
        """
        try:
            yield
        except (ValueError, Misused) as error:
            said = in_words(error)
            own = [name for name in values if re.match(rf"(\S+: )?{re.escape(name)}\b", said)]
            raise self.wrong((*key, *own[:1]), said) from error

    def put(self, key: KeyPath, value: Any, said: str) -> None:
        """Set a key in place of what the file says.

        Args:
            said: how, to be pointed at when it is wrong.
        Raises:
            Misused: if the way there leads through something that is no table.
        """
        place: Any = self.content
        for n, part in enumerate(key[:-1], start=1):
            if isinstance(place, dict):
                place = place.setdefault(part, {})
            elif isinstance(place, list) and isinstance(part, int) and part < len(place):
                place = place[part]
            tables = isinstance(place, list) and any(isinstance(table, Mapping) for table in place)
            if not tables and not isinstance(place, dict):
                raise Misused(f"{said}: {key_text(key[:n])} is no table")
        if not isinstance(place, dict):
            raise Misused(f"{said}: {key_text(key[:-1])} is a list of tables: name one, as in process.0.length")
        place[key[-1]] = value
        self._said = {known: by for known, by in self._said.items() if known[: len(key)] != key} | {key: said}

    def assign(self, word: str) -> None:
        """`training.steps=500`, or `process.mess3.length=8` and `process.0.length=8` where there are several tables.

        Raises:
            Misused: if it is not written so, or there is no such table.
        """
        said = f"--set {word}"
        dotted, equals, value = (part.strip() for part in word.partition("="))
        parts = dotted.split(".")
        if not equals or not value or not all(parts):
            raise Misused(f"{said}: write --set key=value, as in --set training.steps=500")
        for key in self._targets(parts, said):
            self.put(key, parse_value(value), said)

    def _targets(self, parts: list[str], said: str) -> list[KeyPath]:
        """The keys that are meant: several where tables are named by what they are of."""
        tables = self.content.get(parts[0])
        if not isinstance(tables, list) or not any(isinstance(table, Mapping) for table in tables):
            return [tuple(parts)]
        if len(parts) < 3:
            raise Misused(f"{said}: {parts[0]} is a list of tables: name one, as in {parts[0]}.0.{parts[-1]}")
        if parts[1].isdecimal() and int(parts[1]) < len(tables):
            chosen = [int(parts[1])]
        else:
            named = enumerate(tables)
            chosen = [i for i, table in named if isinstance(table, Mapping) and parts[1] == table.get("name")]
        if not chosen:
            known = ", ".join(str(table.get("name", i)) for i, table in enumerate(tables) if isinstance(table, Mapping))
            raise Misused(f"{said}: there is no {parts[0]} {parts[1]!r}; there are {known}")
        return [(parts[0], i, *parts[2:]) for i in chosen]


def key_text(key: KeyPath) -> str:
    """A key as it is written: `process.0.length`."""
    return ".".join(map(str, key))


def _line(text: str, key: KeyPath) -> int | None:
    """The line on which the statement begins that gives a key, or the nearest key above it; None for no line.

    TOML is read line by line: what can be read is a number of whole statements, and the first such reading that knows
    the key ends with the statement that gives it.
    """
    lines = text.splitlines(keepends=True)
    for n in range(len(key), 0, -1):
        begin = 0
        for end in range(1, len(lines) + 1):
            try:
                content = tomllib.loads("".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue
            if _knows(content, key[:n]):
                while not lines[begin].strip() or lines[begin].lstrip().startswith("#"):
                    begin += 1
                return begin + 1
            begin = end
    return None


def _knows(content: Any, key: KeyPath) -> bool:
    for part in key:
        listed = isinstance(content, list) and isinstance(part, int) and part < len(content)
        if listed or (isinstance(content, dict) and part in content):
            content = content[part]
        elif part == 0 and isinstance(content, dict):  # one table, written without the second pair of brackets
            continue
        else:
            return False
    return True
