"""The machine that a network has learned, beside the process that it was trained on: found first, compared after."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from compmech import GHMM, HMM
from predictors import Predictor
from probes.extraction import LONGER, Extraction, compared, extract
from probes.tables import MachineRow

__all__ = ["extracted_beside", "machine_row"]

_FUTURES = 2
"""Symbols that must fit behind the sequences of a network that reads so many and no more."""


def extracted_beside(
    predictor: Predictor,
    process: HMM | GHMM | None,
    title: str,
    *,
    length: int,
    alphabet: Sequence[Hashable],
    rng: np.random.Generator,
    beside: str | None = None,
    **settings: Any,
) -> Extraction:
    """`extract`, and under `diagnostics["process"]` what `compared` says beside a process; None without one.

    Args:
        title: what the network was trained on, for people. beside: the process, where that is another.
        settings: of `extract`.
    Raises:
        ValueError: as `extract`.
    """
    finding, judging = rng.spawn(2)
    found = extract(predictor, length=length, rng=finding, alphabet=alphabet, name=title, **settings)
    said = None
    if process is not None:
        said = compared(found.found, predictor, process, length=length, rng=judging) | {"name": beside or title}
    diagnostics = {**found.found.diagnostics, "process": said}
    return replace(found, found=replace(found.found, diagnostics=diagnostics))


def machine_row(
    predictor: Predictor,
    process: HMM | GHMM,
    length: int,
    *,
    names: tuple[str, str, int | None],
    rng: np.random.Generator,
) -> MachineRow:
    """The same as a row of a comparison, with the reason where there is no machine.

    A network that reads no more than some symbols is left to itself for as long as it can read.

    Args:
        names: process, predictor and seed.
    """
    most: int | None = getattr(getattr(predictor, "config", None), "max_length", None)
    n_time = LONGER * length if most is None else min(LONGER * length, most - _FUTURES)
    try:
        found = extracted_beside(
            predictor, process, names[0], length=length, alphabet=process.alphabet, rng=rng, n_time=n_time
        )
    except ValueError as error:  # the ranks of its futures still grow, say: that is a finding about this network
        return MachineRow(*names, None, " ".join(str(error).split()))
    return MachineRow(*names, found.found.to_dict())
