"""Where an edit acts. Three edits are named, and never pooled, because they ask different things.

- `carry`: what the predictor carries on from row t. Without a site, everything known at t: all recurrent state sites at
  row t, the whole prefix of those that are not recurrent (a transformer's keys and values), and every `layer.i` at row
  t. This is the edit that is alike across architectures. With a state site, that one alone.
- `rows<=t`: one site, at all rows up to t.
- `row t`: one site, at row t alone. On a network with attention, later rows can compute what was edited away again from
  the rows before, so that finding nothing here says "recomputes" and not "does not use".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from predictors import Edit, Predictor, at, capture, edited
from predictors.predictor import check_sites

__all__ = ["EditName", "Place", "place"]

EditName = Literal["carry", "rows<=t", "row t"]

_LAYER = re.compile(r"layer\.\d+")

_WORDS = 1024  # captured at once


@dataclass(frozen=True)
class Slot:
    """One site at one row."""

    site: str
    row: int
    width: int


@dataclass(frozen=True, eq=False)
class Place:
    """The slots that an edit writes, and their values side by side.

    Attributes:
        edit: its name. site: as it was asked for; None: everything carried. row: t.
        joint: whether all slots together are one thing that is known at row t (`carry`); else each slot is the value
            of the site at a row of its own.
    """

    edit: EditName
    site: str | None
    row: int
    slots: tuple[Slot, ...]

    @property
    def joint(self) -> bool:
        return self.edit == "carry"

    @property
    def width(self) -> int:
        """Of all slots together."""
        return sum(slot.width for slot in self.slots)

    @property
    def parts(self) -> list[tuple[Slot, slice]]:
        """Each slot, with where it stands in the values."""
        edges = np.cumsum([0, *(slot.width for slot in self.slots)])
        return [(slot, slice(int(edges[i]), int(edges[i + 1]))) for i, slot in enumerate(self.slots)]

    def values(self, predictor: Predictor, words: Int[np.ndarray, "seq time"]) -> Float[np.ndarray, "seq width"]:
        """What stands there after words of `row` symbols, float64."""
        sites, pieces = list(dict.fromkeys(slot.site for slot in self.slots)), []
        for first in range(0, len(words), _WORDS):
            tokens = torch.from_numpy(words[first : first + _WORDS, : self.row].astype(np.int64))
            with torch.no_grad():
                seen = capture(predictor, tokens, sites)
            here = [seen[slot.site][:, slot.row - predictor.first_row] for slot in self.slots]
            pieces.append(torch.cat([value.double().cpu() for value in here], dim=1).numpy())
        return np.concatenate(pieces)

    def written(self, predictor: Predictor, values: Float[np.ndarray, "seq width"]) -> Predictor:
        """The predictor with these values put there, one sequence each."""
        by_site: dict[str, dict[int, Tensor]] = {}
        for slot, part in self.parts:
            by_site.setdefault(slot.site, {})[slot.row] = torch.from_numpy(np.ascontiguousarray(values[:, part]))
        return edited(predictor, {site: _put(rows) for site, rows in by_site.items()})


def place(predictor: Predictor, edit: str, site: str | None, row: int) -> Place:
    """The slots of a named edit at row t.

    Raises:
        UnknownSite: for a site that the predictor does not have.
        ValueError: if there is no such edit, the row is below 1, a site is missing, or `carry` is asked of a site that
            is no state.
    """
    if edit not in get_args(EditName):
        raise ValueError(f"there are three edits: {', '.join(get_args(EditName))}; got {edit!r}")
    if row < 1:
        raise ValueError(f"an edit is at row 1 or later, after a history; got row {row}")
    if site is not None:
        check_sites(predictor, [site])
    prefix = range(predictor.first_row, row + 1)
    if edit == "carry":
        return Place("carry", site, row, _carried(predictor, site, row, prefix))
    if site is None:
        raise ValueError(f"the edit {edit!r} is of one site: name it, one of {', '.join(predictor.sites)}")
    rows = prefix if edit == "rows<=t" else range(row, row + 1)
    return Place(cast(EditName, edit), site, row, tuple(Slot(site, r, predictor.sites[site].width) for r in rows))


def _carried(predictor: Predictor, site: str | None, row: int, prefix: range) -> tuple[Slot, ...]:
    states = [name for name, each in predictor.sites.items() if each.state]
    if not states:
        raise ValueError("nothing that this predictor carries on is a site: there is no carry edit of it")
    if site is not None and site not in states:
        raise ValueError(
            f"a carry edit is of state sites, which are {', '.join(states)}; {site!r} is none: use 'row t' or 'rows<=t'"
        )
    slots = []
    for name in predictor.sites if site is None else [site]:
        here = predictor.sites[name]
        if here.state:
            slots += [Slot(name, r, here.width) for r in ([row] if here.recurrent else prefix)]
        elif _LAYER.fullmatch(name):
            slots.append(Slot(name, row, here.width))
    return tuple(slots)


def _put(rows: dict[int, Tensor]) -> Edit:
    """The edit that puts values (seq, width) at some rows."""
    if len(rows) == 1:
        ((row, value),) = rows.items()
        return at(row, _constant(value))

    def put(visited: range, value: Tensor) -> Tensor:
        if not any(row in rows for row in visited):
            return value
        return torch.stack(
            [rows[row].to(value) if row in rows else value[:, i] for i, row in enumerate(visited)], dim=1
        )

    return put


def _constant(value: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda old: value.to(old)
