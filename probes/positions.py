"""Scores by position, beside how much of the state is still unknown there: a probe can be late, or the data can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Num

from compmech import GHMM, HMM, NoFiniteEpsilonMachine, epsilon_machine, filter_beliefs
from compmech.hmm import as_presentation
from compmech.stationarity import is_stationary
from probes.coordinates import to_distributions, to_values
from probes.crossfit import crossfit
from probes.history import Histories, Weighting
from probes.linear import RidgeProbe
from probes.prefixes import Source
from probes.probe import Probe
from probes.scoring import check_rows, side_by_side
from probes.splits import Split
from probes.targets import Target

_MOST_STATES = 2000

__all__ = ["PositionScores", "Synchronisation", "score_by_position", "synchronisation_curve"]


@dataclass(frozen=True, eq=False)
class PositionScores:
    """Held-out R² of one target at every position.

    Attributes:
        target: its name.
        r2: at rows 1 .. length: 1 - error / null error of the held-out histories of that length; NaN where the null
            model is exact or nothing is held out.
        share: of the null error that each row has. The score over all rows is share @ r2.
    """

    target: str
    r2: Float[np.ndarray, " row"]
    share: Float[np.ndarray, " row"]


def score_by_position(
    X: Num[np.ndarray, "history width"],
    targets: Sequence[Target],
    histories: Histories,
    *,
    weighting: Weighting,
    split: Split,
    probe: Probe | None = None,
) -> tuple[PositionScores, ...]:
    """The scores of `score`, row by row: of one probe for all rows, against the one null model of all rows.

    Empty targets, and those that the probe cannot be fitted to, are left out.

    Raises:
        ValueError: if there is no such split, with the reason; as `score`.
    """
    check_rows(X, targets, histories, split)
    if split.reason:
        raise ValueError(f"there is nothing to score: {split.reason}")
    probe, weight = probe or RidgeProbe(), histories.weight(weighting)
    full = [target for target in targets if target.dimension]
    to_fit = to_distributions(full) if getattr(probe, "distributional", False) else to_values(full)
    if not to_fit.columns:
        return ()
    Y, groups = side_by_side(to_fit.columns)
    fit = crossfit(X, Y, weight, split.fold, probe, groups=groups)
    found = []
    for target, way in zip(full, to_fit.ways, strict=True):
        if isinstance(way, str):
            continue
        group, held = groups[way.place], fit.held
        error = target.Y[held] - fit.predicted[held, group] @ way.M - way.c
        spread = target.Y[held] - fit.null[held, group] @ way.M - way.c
        by_row = [
            np.bincount(histories.row[held] - 1, weight[held] * (part**2).sum(axis=1), histories.length)
            for part in (error, spread)
        ]
        r2 = np.full(histories.length, np.nan)
        some = by_row[1] > 0
        r2[some] = 1 - by_row[0][some] / by_row[1][some]
        found.append(PositionScores(target.name, r2, by_row[1] / by_row[1].sum()))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Synchronisation:
    """How uncertain the state still is after L symbols.

    Attributes:
        bits: H[S_L | X_0:L] for L = 0 .. length.
        of: "causal": S is the causal state, and the sum over all L is the synchronisation information; "hidden": the
            process has no finite epsilon-machine, or is not stationary, and S is the state of the presentation that
            the histories were made with, which need not become known at all.
    """

    bits: Float[np.ndarray, " row"]
    of: Literal["causal", "hidden"]


def synchronisation_curve(process: Source, histories: Histories) -> Synchronisation:
    """H[S_L | X_0:L], averaged over the histories by probability.

    Raises:
        ValueError: if the process has no finite epsilon-machine and is a GHMM, whose coordinates are no states.
    """
    presentation = as_presentation(process)
    machine = _causal(process) if is_stationary(presentation) else None
    if machine is not None:
        of: Literal["causal", "hidden"] = "causal"
        start, belief = machine.start, histories.gather(filter_beliefs(machine, histories.words))
    elif isinstance(presentation, HMM):
        of, start, belief = "hidden", presentation.start, histories.belief
    else:
        raise ValueError("the process has no finite epsilon-machine, and the coordinates of a GHMM are no states")
    of_row = np.bincount(histories.row - 1, histories.frequency * _bits(belief), histories.length) * histories.length
    return Synchronisation(np.concatenate([_bits(start[None]), of_row]), of)


def _causal(process: Source) -> HMM | GHMM | None:
    """The epsilon-machine, or none where it is not finite, or too large to be worth a curve."""
    try:
        return as_presentation(epsilon_machine(process, max_states=_MOST_STATES))
    except NoFiniteEpsilonMachine:
        return None


def _bits(belief: Float[np.ndarray, "history state"]) -> Float[np.ndarray, " history"]:
    return np.asarray(-(belief * np.log2(np.where(belief > 0, belief, 1.0))).sum(axis=1))
