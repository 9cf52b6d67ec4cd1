"""Permutation tests: how often targets that were given to other histories are read as well as the true ones.

Under the null that a permutation describes, the true assignment is one draw among many, so that the rank of its score
is uniformly distributed: P(p <= a) <= a exactly, whatever the features, the probe, and the number of permutations. This
holds for the exchange of histories and of classes; that of what lies beyond the next symbol, given what the next symbol
tells, is approximate, as in Freedman and Lane, J. Business and Economic Statistics 1, 292 (1983).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Num

from probes.classes import BeliefClasses
from probes.crossfit import crossfit
from probes.donors import among_classes, within_length
from probes.history import Histories, Weighting
from probes.linear import RidgeProbe
from probes.moment_fits import MomentProbe
from probes.scoring import check_rows, side_by_side
from probes.splits import Split
from probes.targets import Target, exchanged

__all__ = ["Exchange", "PermutationTest", "permutation_p", "permutation_test"]

Exchange = Literal["histories", "classes", "beyond"]
"""What is permuted: targets among histories of equal length; targets among distinct beliefs; or among these only what
the next symbol does not tell."""

# Permuted targets read from the same moments at once: columns of the products that this takes.
_COLUMNS = 256


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """A score beside those of permuted targets.

    Attributes:
        score: held-out R² of the true target.
        null: of each permutation.
        p: (1 + number of permutations that score as high) / (1 + number of permutations).
    """

    score: float
    null: Float[np.ndarray, " permutation"]
    p: float


def permutation_p(score: float, null: Float[np.ndarray, " permutation"]) -> float:
    """The rank of a score among itself and scores under the null: never 0."""
    return float((1 + np.count_nonzero(null >= score)) / (1 + len(null)))


def permutation_test(
    X: Num[np.ndarray, "history width"],
    target: Target,
    histories: Histories,
    classes: BeliefClasses,
    *,
    weighting: Weighting,
    split: Split,
    exchange: Exchange,
    n_permutation: int = 99,
    probe: MomentProbe | None = None,
    rng: np.random.Generator,
) -> PermutationTest:
    """Test that features tell more of a target than chance permutations of it would be read.

    Every permuted target is cross-fitted like the true one, with settings of its own, from the same moments of X.

    Args:
        exchange: the null. "histories": X says nothing of the target but by length. "classes": where beliefs lie is
            arbitrary; a small p shows geometry, if beliefs are held out whole (the split by class, in which those that
            always train are exchanged among themselves). Held out by history, features that only tell beliefs apart can
            gain as well, as frequent beliefs lie elsewhere than rare ones. "beyond": X holds nothing of where beliefs
            lie but what the next symbol tells.
        n_permutation: the least possible p is 1 / (n_permutation + 1).
        probe: None: RidgeProbe().
    Raises:
        ValueError: if the target is empty or there is no such split, with the reason; if n_permutation < 1; as `score`.
    """
    if not target.dimension or split.reason:
        raise ValueError(f"there is nothing to test: {target.reason or split.reason}")
    if n_permutation < 1:
        raise ValueError(f"n_permutation must be at least 1; got {n_permutation}")
    check_rows(X, [target], histories, split)
    if len(classes.belief) != len(histories):
        raise ValueError(
            f"the classes are of {len(classes.belief)} histories, and there are {len(histories)}: make them of these"
        )
    weight = histories.weight(weighting)
    draw = _permuting(target, histories, classes, weight, exchange, split)
    each = max(1, _COLUMNS // target.dimension)
    values: list[float] = []
    wanted = n_permutation + 1
    while len(values) < wanted:
        count = min(each, wanted - len(values))
        some = [target.Y if not values and i == 0 else draw(rng) for i in range(count)]
        values += _r2(X, some, weight, split, probe or RidgeProbe())
    null = np.array(values[1:])
    return PermutationTest(values[0], null, permutation_p(values[0], null))


def _permuting(
    target: Target,
    histories: Histories,
    classes: BeliefClasses,
    weight: np.ndarray,
    exchange: Exchange,
    split: Split,
) -> Callable[[np.random.Generator], Float[np.ndarray, "history target"]]:
    if exchange == "histories":
        return lambda rng: target.Y[within_length(histories, rng=rng)]
    if exchange == "classes":
        return lambda rng: target.Y[among_classes(classes, fold=split.fold, rng=rng)]
    if exchange == "beyond":
        return lambda rng: exchanged(
            target.Y, histories.prediction, weight, among_classes(classes, fold=split.fold, rng=rng)
        )
    raise ValueError(f'exchange must be "histories", "classes" or "beyond"; got {exchange!r}')


def _r2(X: np.ndarray, targets: list[np.ndarray], weight: np.ndarray, split: Split, probe: MomentProbe) -> list[float]:
    Y, groups = side_by_side(targets)
    fit = crossfit(X, Y, weight, split.fold, probe, groups=groups)
    w = weight[fit.held]
    found = []
    for group in groups:
        error, spread = (Y - fit.predicted)[fit.held, group], (Y - fit.null)[fit.held, group]
        found.append(float(1 - (w @ error**2).sum() / (w @ spread**2).sum()))
    return found
