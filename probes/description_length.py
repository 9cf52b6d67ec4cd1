"""Minimum description length: how few bits the targets take, sent one after another to someone who has the features.

What a probe reaches tells how much can be read; how quickly it gets there tells how plainly it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num

from compmech.units import bits as in_bits
from probes.distributions import LogisticProbe, check_distributions, cross_entropy
from probes.probe import ProbeData

__all__ = ["FRACTIONS", "DescriptionLength", "online_code"]

FRACTIONS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""Where the blocks of the online code end, as shares of the rows: those of Voita and Titov."""

_N_FOLD = 4


@dataclass(frozen=True)
class DescriptionLength:
    """Lengths of codes for an outcome drawn from every row's target, in bits a row, weighted as the rows are.

    Attributes:
        online: each block coded by a probe fitted on the blocks before, the first one uniformly.
        mean: the same with a probe that looks at no features: the mean target of the blocks before.
        uniform: log2 of the number of outcomes that occur.
        entropy: of the targets themselves: what one who knows them exactly needs.
        blocks: rows at the end of every block.
        by_block: bits a row within each block, of the online code.
    """

    online: float
    mean: float
    uniform: float
    entropy: float
    blocks: tuple[int, ...]
    by_block: tuple[float, ...]

    @property
    def compression(self) -> float:
        """uniform / online: Voita and Titov's number; 1 where nothing was learned."""
        return self.uniform / self.online

    @property
    def share(self) -> float | None:
        """Of the bits that features could save, (mean - online) / (mean - entropy): 1 is an immediate perfect probe.

        None where they could save none.
        """
        possible = self.mean - self.entropy
        return (self.mean - self.online) / possible if possible > 0 else None


def online_code(
    X: Num[np.ndarray, "row width"],
    distribution: Float[np.ndarray, "row outcome"],
    weight: Float[np.ndarray, " row"],
    *,
    probe: LogisticProbe | None = None,
    fractions: Sequence[float] = FRACTIONS,
    rng: np.random.Generator,
) -> DescriptionLength:
    """The online (prequential) code length of targets given features.

    Rows are sent in a random order, in blocks. A block is coded with the predictions of a logistic probe fitted on all
    blocks before it, whose penalty is chosen on folds of those; what they leave impossible is given its share of a
    uniform code, one part in (rows + 1) of every prediction (a mixture code: so nothing takes infinitely many bits).
    Blocks of fewer rows than outcomes are joined to the next.

    Args:
        distribution: of each row over the outcomes.
        fractions: ends of blocks, increasing to 1.
        rng: of the order.
    Raises:
        ValueError: if the rows do not agree, the targets are no distributions, or fractions do not increase to 1.
    Reference:
        Voita and Titov, EMNLP 2020, arXiv 2003.12298.
    """
    if not len(X) == len(distribution) == len(weight):
        raise ValueError(
            "X, distribution and weight must have one entry for each row; got "
            f"{len(X)}, {len(distribution)} and {len(weight)}"
        )
    check_distributions(distribution, "description-length")
    if list(fractions) != sorted(set(fractions)) or not fractions or fractions[0] <= 0 or fractions[-1] != 1:
        raise ValueError(f"fractions must increase from above 0 to 1; got {tuple(fractions)}")
    probe = probe or LogisticProbe()
    n_row = len(X)
    outcomes = (distribution > 0).any(axis=0)
    Y, n_outcome = distribution[:, outcomes], int(outcomes.sum())
    order = rng.permutation(n_row)
    fold = np.arange(n_row) % _N_FOLD
    least = max(n_outcome, 2 * _N_FOLD)
    ends = [end for end in dict.fromkeys(round(f * n_row) for f in fractions) if least <= end < n_row] + [n_row]
    w = weight / weight.sum()
    online = mean = 0.0
    by_block, start = [], 0
    for end in ends:
        rows = order[start:end]
        coded, plain = (np.full((len(rows), n_outcome), -np.log(n_outcome)) for _ in range(2))
        if start:
            past = order[:start]
            fitted = probe.fit(ProbeData(X[past], Y[past], w[past], past), folds=fold[:start])
            coded = _mixed(fitted.predict(X[rows]), start)
            plain = _mixed(np.tile(w[past] @ Y[past] / w[past].sum(), (len(rows), 1)), start)
        bits = w[rows] @ cross_entropy(Y[rows], coded)
        online += bits
        mean += w[rows] @ cross_entropy(Y[rows], plain)
        by_block.append(float(in_bits(bits / w[rows].sum())))
        start = end
    with np.errstate(divide="ignore"):
        entropy = float(w @ cross_entropy(Y, np.log(Y)))
    return DescriptionLength(
        online=float(in_bits(online)),
        mean=float(in_bits(mean)),
        uniform=float(np.log2(n_outcome)),
        entropy=float(in_bits(entropy)),
        blocks=tuple(ends),
        by_block=tuple(by_block),
    )


def _mixed(p: Float[np.ndarray, "row outcome"], n_seen: int) -> Float[np.ndarray, "row outcome"]:
    """Logarithms of predictions mixed with a uniform one."""
    share = 1.0 / (n_seen + 1)
    return np.asarray(np.log((1 - share) * p + share / p.shape[1]))
