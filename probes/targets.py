"""Targets: what a probe is asked to read out, in coordinates that no presentation of the process changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from compmech.spans import future_map, horizon_ranks, word_map
from probes.history import Histories, Weighting
from probes.prefixes import Source

Gauge = Literal["future", "state"]

# Relative to the largest: singular values of maps of probabilities below this are rounding.
_RANK_TOL = 1e-9

# Probabilities of words below this are the rounding of 0, in presentations where they are sums of either sign.
_ROUNDING = 1e-13

# More outcomes than this are not predicted one by one.
_MOST_WORDS = 4096


@dataclass(frozen=True, eq=False)
class Target:
    """Values to be read out of features, one row for each history.

    Attributes:
        name: belief, next, beyond, beyond-2, ...
        Y: the values; no columns if the target is empty.
        reason: why it is empty.
        control: the name of the null that made it; empty for the real thing.
        distribution: probabilities of which Y is an affine function, for probes that predict distributions: those of
            states or symbols, or of words (`with_distributions`). None where there are none.
    """

    name: str
    Y: Float[np.ndarray, "history target"]
    reason: str = ""
    control: str = ""
    distribution: Float[np.ndarray, "history outcome"] | None = None

    @property
    def dimension(self) -> int:
        """Number of coordinates; 0 for an empty target."""
        return int(self.Y.shape[1])


@dataclass(frozen=True, eq=False)
class FutureBasis:
    """Orthonormal coordinates of the joint predictions of the next `horizon` symbols.

    Attributes:
        horizon: number of symbols predicted.
        basis: orthonormal columns spanning exactly the vectors (P(w | history), |w| = horizon) that histories can
        leave.
        rank: their number.
    """

    horizon: int
    basis: Float[np.ndarray, "word target"]

    @property
    def rank(self) -> int:
        """The dimension of the span."""
        return int(self.basis.shape[1])

    def of_states(self, process: Source) -> Float[np.ndarray, "state target"]:
        """The linear map from beliefs, in the states of one presentation of the process, to these coordinates."""
        return np.asarray(future_map(process, self.horizon) @ self.basis)


def future_basis(process: Source, horizon: int | None = None) -> FutureBasis:
    """Coordinates of what histories predict `horizon` symbols ahead: the same for every presentation, up to rotation.

    None: k*, the least horizon whose joint word map has full rank, so that the coordinates determine the belief.
    Distances are those of the vectors of word probabilities.
    """
    ranks = horizon_ranks(process)
    horizon = len(ranks) if horizon is None else min(horizon, len(ranks))
    right = np.linalg.svd(word_map(process, horizon), full_matrices=False)[2]
    return FutureBasis(horizon, right[: int(ranks[horizon - 1])].T)


def belief_target(process: Source, histories: Histories, *, gauge: Gauge = "future") -> Target:
    """The belief itself.

    Args:
        gauge: "future", coordinates of what it predicts, the same for every presentation; "state", probabilities of
            this presentation's hidden states, which is what published figures show.
    """
    if gauge == "state":
        return varying("belief", histories.belief, distribution=histories.belief)
    return varying("belief", histories.belief @ future_basis(process).of_states(process))


def next_target(histories: Histories) -> Target:
    """P(x | history): what a predictor is trained to output."""
    return varying("next", histories.prediction, distribution=histories.prediction)


def beyond_target(
    process: Source,
    histories: Histories,
    *,
    weighting: Weighting,
    horizon: int = 1,
    gauge: Gauge = "future",
) -> Target:
    """What the belief holds beyond the joint prediction of the next `horizon` symbols.

    In the gauge "future" this is the belief minus its best affine prediction from (P(w | history), |w| = horizon),
    fitted on these histories' exact beliefs under `weighting`, in orthonormal coordinates of its span. In the gauge
    "state" it is the orthogonal projection of state probabilities on the kernel of the map to those predictions, and
    `weighting` has no part in it.

    Empty, with the reason, where the prediction already determines the belief.

    Raises:
        ValueError: if horizon < 1.
    """
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1, the number of symbols predicted; got {horizon}")
    name = "beyond" if horizon == 1 else f"beyond-{horizon}"
    seen, whole = future_basis(process, horizon), future_basis(process)
    if seen.rank == whole.rank:
        ahead = "next-symbol" if horizon == 1 else f"next-{horizon}-symbols"
        reason = f"the {ahead} distribution determines the belief: both have rank {whole.rank}"
        return empty(name, histories, reason)
    if gauge == "state":
        kernel = _kernel(future_map(process, horizon))
        return varying(name, histories.belief @ kernel, distribution=histories.belief)
    belief = histories.belief @ whole.of_states(process)
    weight = histories.weight(weighting)
    rest = residual(belief, histories.belief @ seen.of_states(process), weight)
    root = np.sqrt(weight)[:, None]
    _, singular, right = np.linalg.svd(root * rest, full_matrices=False)
    scale = np.linalg.norm(root * (belief - weight @ belief))
    free = whole.rank - seen.rank
    kept = right[:free][singular[:free] > _RANK_TOL * scale]
    if not len(kept):
        return empty(name, histories, "over these histories the belief is an affine function of the shorter prediction")
    return Target(name, rest @ kept.T)


def beyond_targets(process: Source, histories: Histories, *, weighting: Weighting) -> tuple[Target, ...]:
    """beyond, beyond-2, ...: one for every horizon that does not yet determine the belief.

    Each further symbol told makes the rank grow (`horizon_ranks`), until it is that of the belief.
    """
    horizons = range(1, len(horizon_ranks(process)))
    return tuple(beyond_target(process, histories, weighting=weighting, horizon=k) for k in horizons)


def with_distributions(process: Source, histories: Histories, targets: Sequence[Target]) -> tuple[Target, ...]:
    """The targets, those that are affine functions of the belief with the distribution of words of length k*.

    Probes that predict distributions need them. Targets that have one of their own keep it; others, and nulls, are left
    as they are.

    Raises:
        ValueError: if there are more than 4096 words to be predicted.
    """
    words = _future_words(process, histories)
    centred = words - words.mean(axis=0)
    found = []
    for target in targets:
        if target.distribution is None and target.dimension and not target.control:
            Y = target.Y - target.Y.mean(axis=0)
            miss = abs(centred @ np.linalg.lstsq(centred, Y, rcond=1e-11)[0] - Y).max()
            target = replace(target, distribution=words) if miss <= _RANK_TOL * max(1.0, abs(Y).max()) else target
        found.append(target)
    return tuple(found)


def _future_words(process: Source, histories: Histories) -> Float[np.ndarray, "history word"]:
    """P(w | history) of all words of length k* that some history can go on with."""
    horizon = len(horizon_ranks(process))
    n_word = len(histories.alphabet) ** horizon
    if n_word > _MOST_WORDS:
        raise ValueError(
            f"a probe of distributions would have to predict {n_word} words of length {horizon}; the most are "
            f"{_MOST_WORDS}"
        )
    words = histories.belief @ future_map(process, horizon)
    words[abs(words) <= _ROUNDING] = 0.0  # in a signed presentation a zero is a cancelling sum
    return np.ascontiguousarray(words[:, (words > 0).any(axis=0)])


def residual(
    y: Float[np.ndarray, "row target"], x: Float[np.ndarray, "row width"], weight: Float[np.ndarray, " row"]
) -> Float[np.ndarray, "row target"]:
    """y minus its best affine prediction from x, in weighted least squares."""
    root = np.sqrt(weight)[:, None]
    centred = x - weight @ x / weight.sum()
    y = y - weight @ y / weight.sum()
    slope = np.linalg.lstsq(root * centred, root * y, rcond=_RANK_TOL)[0]
    return np.asarray(y - centred @ slope)


def exchanged(
    y: Float[np.ndarray, "row target"],
    x: Float[np.ndarray, "row width"],
    weight: Float[np.ndarray, " row"],
    donor: Int[np.ndarray, " row"],
) -> Float[np.ndarray, "row target"]:
    """y with the part that x does not tell taken from other rows.

    What is taken is freed of what x tells of it by chance, and has the variance of what it replaces: so x tells exactly
    as much of the result as of y.
    """
    rest = residual(y, x, weight)
    taken = residual(rest[donor], x, weight)
    spread, taken_spread = ((weight[:, None] * part**2).sum() for part in (rest, taken))
    scale = np.sqrt(spread / taken_spread) if taken_spread > 0 else 1.0
    return np.asarray(y - rest + scale * taken)


def _kernel(to_words: Float[np.ndarray, "state word"]) -> Float[np.ndarray, "state kernel"]:
    """Orthonormal columns spanning the directions of belief that `to_words` sends to zero."""
    left, singular, _ = np.linalg.svd(to_words)
    return np.asarray(left[:, int((singular > _RANK_TOL * singular[0]).sum()) :])


def varying(
    name: str,
    Y: Float[np.ndarray, "history target"],
    *,
    distribution: Float[np.ndarray, "history outcome"] | None = None,
) -> Target:
    """A target, or an empty one if it is the same everywhere: then no prediction of it is better than another."""
    if np.ptp(Y, axis=0).max() <= _RANK_TOL:
        return Target(name, Y[:, :0], f"the {name} is the same after every history")
    return Target(name, Y, distribution=distribution)


def empty(name: str, histories: Histories, reason: str) -> Target:
    return Target(name, np.empty((len(histories), 0)), reason)


def standard_targets(process: Source, histories: Histories, *, weighting: Weighting) -> tuple[Target, Target, Target]:
    """The three of every comparison: belief, next, and beyond under the weighting that it will be scored by."""
    return (
        belief_target(process, histories),
        next_target(histories),
        beyond_target(process, histories, weighting=weighting),
    )
