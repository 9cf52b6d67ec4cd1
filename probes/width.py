"""The width question: what a network keeps whose states have fewer dimensions than the belief.

Three things stand side by side. What a network of width d keeps of the whole belief and of each factor of a product.
What the best d linear functions of the belief keep: its leading principal components by probability, which no d linear
functions beat on the belief as a whole, though they may on one factor. And how many bits the best memory of any kind
needs in order to predict as well as the network does: the causal bottleneck at equal prediction. A network's state is a
continuous function of its history, so that it has no rate of its own; it has a prediction, and that is compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from compmech.bottleneck import BottleneckPoint
from compmech.units import bits
from predictors import Predictor
from probes.ground import Ground
from probes.history import kl_by_position
from probes.readout import read_out
from probes.scoring import score
from probes.targets import Target

__all__ = ["Kept", "LinearLimit", "best_linear", "kept_at", "rate_needed"]


@dataclass(frozen=True)
class LinearLimit:
    """What the first principal components of the belief say of it.

    Attributes:
        dimension: how many components.
        r2: by name of the target: R² of its best affine prediction from them, over all the histories, by probability.
            Not held out: nothing is estimated but these averages.
    """

    dimension: int
    r2: Mapping[str, float]


@dataclass(frozen=True)
class Kept:
    """What one network keeps.

    Attributes:
        r2: by name of the target: held-out R² at `site`, histories held out, by probability.
        kl_nats: from the optimum after `row` symbols, by probability.
        predictive_bits: what the network then tells of the next symbol: I[past; next symbol] less the KL.
    """

    site: str
    r2: Mapping[str, float]
    row: int
    kl_nats: float
    predictive_bits: float


def best_linear(belief: Target, targets: Sequence[Target], weight: Float[np.ndarray, " history"]) -> list[LinearLimit]:
    """The limit for 1, 2, ... components, up to the belief's own dimension.

    Args:
        belief: whose principal components are taken, in its own metric.
        targets: what is predicted from them, the belief too if it is among them; one row for each history.
        weight: of the histories.
    Raises:
        ValueError: if the belief or a target is empty.
    """
    for target in (belief, *targets):
        if not target.dimension:
            raise ValueError(f"{target.name} is empty: {target.reason}")
    p = weight / weight.sum()
    root = np.sqrt(p)[:, None]
    centred = root * (belief.Y - p @ belief.Y)
    left, size, _ = np.linalg.svd(centred, full_matrices=False)
    rank = int((size > size[0] * 1e-9).sum())
    found = []
    for dimension in range(1, rank + 1):
        along = left[:, :dimension]
        r2 = {}
        for target in targets:
            values = root * (target.Y - p @ target.Y)
            r2[target.name] = float(((along.T @ values) ** 2).sum() / (values**2).sum())
        found.append(LinearLimit(dimension, r2))
    return found


def kept_at(model: Predictor, ground: Ground, targets: Sequence[Target], site: str, row: int) -> Kept:
    """Score one network.

    Args:
        targets: what is read from `site`.
        row: symbols read where the prediction is judged.
    Raises:
        UnknownSite: for a site that the network does not have.
        ValueError: if `row` is not between 1 and the length, or a target has no score.
    """
    histories = ground.histories
    if not 1 <= row <= histories.length:
        raise ValueError(f"row must be between 1 and the length, {histories.length}; got {row}")
    read = read_out(model, histories, [site])
    scores = score(
        read.features[site], targets, histories, weighting="probability", split=ground.splits[0], probe=ground.probe
    )
    r2 = {}
    for one in scores:
        if one.score is None:
            raise ValueError(f"{one.target} has no score at {site}: {one.reason}")
        r2[one.target] = one.score
    kl = float(kl_by_position(histories, read.log_probs)[row - 1])
    here = histories.row == row
    p = histories.frequency[here] / histories.frequency[here].sum()
    told = _entropy((p @ histories.prediction[here])[None])[0] - p @ _entropy(histories.prediction[here])
    return Kept(site, r2, row, kl, float(told) - bits(kl))


def rate_needed(curve: Sequence[BottleneckPoint], predictive_bits: float) -> float | None:
    """Bits of memory that the best memory needs to predict so much, between the points of an achievable curve.

    A curve between two memories can be reached by using each part of the time, so that the straight line between points
    is achievable too; so is the line from no memory at all. 0 for no prediction; None for more than the curve has.

    Raises:
        ValueError: if the curve has no points.
    """
    if not curve:
        raise ValueError("the curve has no points")
    points = sorted({(0.0, 0.0), *((point.predictive, point.rate) for point in curve)})
    if predictive_bits > points[-1][0]:
        return None
    return float(np.interp(max(predictive_bits, 0.0), [x for x, _ in points], [y for _, y in points]))


def _entropy(p: Float[np.ndarray, "row symbol"]) -> Float[np.ndarray, " row"]:
    """In bits."""
    return np.asarray(-(p * np.log2(np.where(p > 0, p, 1.0))).sum(axis=1))
