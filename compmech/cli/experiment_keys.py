"""The keys of an experiment file: which there are, what each may hold, and the nearest one to what was written."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from compmech.cli.experiment_file import Document, KeyPath, key_text

__all__ = ["EDITS", "PREDICTOR", "PROBES", "PROCESS", "TOP", "TRAINING", "check_keys", "grid", "unknown_key"]


@dataclass(frozen=True)
class Whole:
    """An integer of at least so much."""

    least: int

    def __str__(self) -> str:
        return f"an integer of at least {self.least}"

    def takes(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= self.least


@dataclass(frozen=True)
class Rate:
    """A number above 0."""

    def __str__(self) -> str:
        return "a number above 0"

    def takes(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < inf


@dataclass(frozen=True)
class Typed:
    """A value of one type; a text that says something."""

    type: type
    said: str

    def __str__(self) -> str:
        return self.said

    def takes(self, value: object) -> bool:
        return isinstance(value, self.type) and value != ""


@dataclass(frozen=True)
class Texts:
    """A list of texts."""

    def __str__(self) -> str:
        return "a list of texts"

    def takes(self, value: object) -> bool:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)


TEXT, FLAG, COUNT = Typed(str, "a text"), Typed(bool, "true or false"), Whole(1)
Kind = Whole | Rate | Typed | Texts


@dataclass(frozen=True)
class Key:
    """What a key may hold; of a grid, one such value or a list of them."""

    kind: Kind
    grid: bool = False


TOP: Mapping[str, Key | None] = {
    "seed": Key(Whole(0)),
    "seeds": None,
    "device": Key(TEXT),
    "process": None,
    "predictor": None,
    "training": None,
    "probes": None,
    "edits": None,
}
"""At the top; those with None are looked at on their own."""

PROCESS = {"name": Key(TEXT), "file": Key(TEXT), "length": Key(COUNT, grid=True)}
"""Of a [[process]]; the others are its parameters."""

PREDICTOR = {
    "name": Key(TEXT),
    "label": Key(TEXT),
    "lr": Key(Rate(), grid=True),
    "steps": Key(COUNT, grid=True),
    "batch": Key(COUNT, grid=True),
}
"""Of a [[predictor]]; the others are its settings."""

TRAINING = {
    "steps": Key(COUNT, grid=True),
    "batch": Key(COUNT, grid=True),
    "lr": Key(Rate(), grid=True),
    "checkpoints": Key(Whole(0)),
}

PROBES = {
    "max_histories": Key(Whole(0)),
    "sites": Key(Texts()),
    "kinds": Key(Texts()),
    "targets": Key(Texts()),
    "controls": Key(Texts()),
    "transfer": Key(Texts()),
    "twins": Key(COUNT),
    "jointly": Key(FLAG),
    "permutations": Key(Whole(0)),
    "by_position": Key(FLAG),
    "extract": Key(FLAG),
}

EDITS = {"places": Key(Texts()), "kinds": Key(Texts()), "cases": Key(COUNT)}


def check_keys(
    document: Document,
    at: KeyPath,
    table: Mapping[str, Any],
    known: Mapping[str, Key | None],
    *,
    open_end: bool = False,
) -> None:
    """Look at every key of a table.

    Args:
        at: where the table stands.
        open_end: whether it may hold others, that are looked at elsewhere.
    Raises:
        Misused: with the line, for a key that there is not, or a value that it cannot hold.
    """
    for name, value in table.items():
        if name not in known:
            if not open_end:
                raise unknown_key(document, (*at, name), known)
            continue
        key = known[name]
        if key is None:
            continue
        for one in grid(document, (*at, name), value) if key.grid else [value]:
            if not key.kind.takes(one):
                few = ", or a list of such" if key.grid else ""
                raise document.wrong((*at, name), f"{key_text((name,))} must be {key.kind}{few}; got {one!r}")


def grid(document: Document, key: KeyPath, value: Any) -> list[Any]:
    """The values of a key: those of a list, or the one that is there.

    Raises:
        Misused: for an empty list, which leaves nothing to do, or a value that is given twice.
    """
    if not isinstance(value, list):
        return [value]
    if not value:
        raise document.wrong(key, f"{key[-1]} is an empty list: nothing would be run")
    written = set()
    for one in value:
        if repr(one) in written:
            raise document.wrong(key, f"each value of {key[-1]} once; got {one!r} twice")
        written.add(repr(one))
    return value


def unknown_key(document: Document, key: KeyPath, known: Iterable[str], *, of: str = "") -> Exception:
    """The error of a key that there is not, with the nearest that there is.

    Args:
        of: what has no such key, for people.
    """
    names = list(known)
    near = difflib.get_close_matches(str(key[-1]), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    there = f"there are {', '.join(names)}" if names else "it has none"
    what = f"{of} has no {key[-1]!r}" if of else f"there is no key {key[-1]!r}"
    return document.wrong(key, f"{what}; {hint}{there}")
