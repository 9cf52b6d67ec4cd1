"""A comparison as a store recalls it: all of it, or of thousands of cells what is shown of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from probes.comparison import joined
from probes.headline import CEILINGS, MODEL_FREE, STANDING
from probes.results import Comparison
from probes.store import Experiment, Store, uncollected

__all__ = ["LARGE", "Brief", "recalled"]

LARGE = 500
"""Cells from which on a comparison is recalled in brief."""


def recalled(store: Store, experiment: Experiment, *, brief: bool | None = None) -> tuple[Comparison, int]:
    """A comparison from what a store holds of it, and how many of its cells are missing.

    Args:
        brief: with that alone which tables, figures and the page show (`Brief`), which a note says; None: where there
            are `LARGE` cells or more.
    Raises:
        StoreError: if one is damaged.
        ValueError: if no predictor of it is there.
    """
    brief = len(experiment.keys) >= LARGE if brief is None else brief
    with uncollected():
        found = store.found_all(experiment.keys, wanted=Brief.of(experiment) if brief else None)
        parts = [one for one in found if one is not None]
        if not any(part.runs for part in parts):
            raise ValueError(f"{store.folder} holds no finished predictor of this comparison: run it first")
        if brief:
            experiment = replace(experiment, notes=[*experiment.notes, f"of {len(parts):,} cells {Brief.SAID}"])
        return joined(experiment, parts), len(found) - len(parts)


@dataclass(frozen=True)
class Brief:
    """What of a large comparison is read: the rows that tables, figures and the page look at, and one seed's pictures.

    Attributes:
        seed: the first one.
    """

    seed: int

    SAID: ClassVar[str] = (
        "this holds the rows that it shows (of belief and beyond, by ridge, without the nulls that are not drawn) and "
        "the pictures of the first seed; compmech runs --export writes all rows"
    )

    @staticmethod
    def of(experiment: Experiment) -> "Brief":
        """Of a comparison as a store has recorded it."""
        seeds = experiment.spec.get("seeds", 1)
        return Brief(min(seeds) if isinstance(seeds, list) else 0)

    def row(self, item: Mapping[str, Any]) -> bool:
        """Whether a row, as a file has it, is read."""
        return (
            item["target"] in ("belief", "beyond")
            and item["probe"] in STANDING
            and item["control"] in _SHOWN
            and (item["weighting"], item["split"]) in (_STANDING if item["control"] else _BESIDE)
        )

    def picture(self, item: Mapping[str, Any]) -> bool:
        """Whether a picture is."""
        return item["seed"] in (None, self.seed)


_SHOWN = ("", "untrained", "permuted-classes", *MODEL_FREE, *CEILINGS)
_STANDING = (("probability", "history"),)
_BESIDE = (*_STANDING, ("uniform", "history"), ("probability", "class"))
