"""What a model costs on symbols that did not make it, block by block, and whether one is told from another by that."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from scipy.special import stdtrit

from compmech.errors import LostPrecision, NegativeProbability
from compmech.inference.candidates import Candidate, Judged, Sized
from compmech.inference.series import Series
from compmech.units import bits

__all__ = ["TELLING", "Blocks", "GivesWords", "blocks_of", "cost", "is_worse", "mean_apart", "preferred", "sizes"]

TELLING = 0.01
"""Level of the paired t test, one-sided, that tells a candidate from the best: the best of two dozen is so by luck
as well, and a standard error is not enough."""

ROUNDING = 1e-9
"""Bits a symbol by which two costs of one process, by different matrices, may differ."""

_WARM, _BLOCK = 64, 128  # held-out symbols read before a block is scored, and scored, at most
_FEWEST_BLOCKS, _LEAST_BLOCK = 12, 8  # blocks are shorter where there would be fewer


@runtime_checkable
class GivesWords(Protocol):
    """Whatever gives words a probability: a process, or a predictor of any kind."""

    def log_prob(self, words: Any, /) -> Any:
        """Log probability of each word of integers 0, 1, ... (seq, time), in nats."""
        ...


@dataclass(frozen=True, eq=False)
class Blocks:
    """Held-out stretches of one length: the first `warm` symbols of each are read, the others are scored."""

    words: Int[np.ndarray, "block time"]
    warm: int


def blocks_of(rest: Series) -> list[Blocks]:
    """Stretches of held-out symbols, each with those before it that tell the state; short pieces whole."""
    scored = min(_BLOCK, max(_LEAST_BLOCK, rest.n_observed // _FEWEST_BLOCKS))
    warm = min(_WARM, scored)
    found: dict[tuple[int, int], list[np.ndarray]] = {}
    for piece in rest.pieces:
        if len(piece) < warm + scored:
            found.setdefault((len(piece), len(piece) // 3), []).append(piece)
        else:
            long = found.setdefault((warm + scored, warm), [])
            long += [piece[at : at + warm + scored] for at in range(0, len(piece) - warm - scored + 1, scored)]
    return [Blocks(np.array(words, dtype=np.int64), warm) for (_, warm), words in found.items()]


def cost(process: GivesWords, groups: Sequence[Blocks]) -> Float[np.ndarray, " block"]:
    """Bits of the scored symbols of each block; inf where the process forbids one or, being no process after all, gives
    a word of the group a negative probability."""
    found = []
    for group in groups:
        bits_of = np.full(len(group.words), inf)
        try:
            whole = process.log_prob(group.words)
            before = process.log_prob(group.words[:, : group.warm]) if group.warm else np.zeros(len(whole))
        except (NegativeProbability, LostPrecision):
            found.append(bits_of)
            continue
        possible = np.isfinite(whole)  # what comes before is possible then, too
        bits_of[possible] = bits(1.0) * (before[possible] - whole[possible])
        found.append(bits_of)
    return np.concatenate(found)


def sizes(groups: Sequence[Blocks]) -> Int[np.ndarray, " block"]:
    """Scored symbols of each block."""
    return np.concatenate([np.full(len(group.words), group.words.shape[1] - group.warm) for group in groups])


def preferred(candidates: Sequence[Candidate[Judged]]) -> Candidate[Judged]:
    """The one with the fewest free numbers of those that the held-out symbols do not tell from the best.

    Small differences can be told where two models err on the same symbols. One that is told from the best is still
    preferred to another that is not, if it has no more free numbers than that one and no more bits.
    """
    best = min(candidates, key=lambda one: (one.held_out_bits, one.model.n_free))
    near = [one for one in candidates if one is best or (isfinite(one.held_out_bits) and not is_worse(one, best))]
    simplest = min(near, key=_simplicity)
    not_above = [
        one
        for one in candidates
        if one.model.n_free <= simplest.model.n_free and one.held_out_bits <= simplest.held_out_bits
    ]
    return min(not_above, key=_simplicity)


def _simplicity(one: Candidate[Judged]) -> tuple[int, int, bool, float]:
    return one.model.n_free, one.model.n_state, not one.model.is_finite, one.held_out_bits


def is_worse(one: Candidate[Sized], best: Candidate[Sized]) -> bool:
    """By a paired t test of the bits a symbol."""
    above, error = mean_apart(one.block_bits, best.block_bits, best.block_size)
    return error is not None and bool(above > max(-stdtrit(len(best.block_size) - 1, TELLING) * error, ROUNDING))


def mean_apart(
    one: Float[np.ndarray, " block"], other: Float[np.ndarray, " block"], size: Int[np.ndarray, " block"]
) -> tuple[float, float | None]:
    """Bits a symbol that one model needs more than another, a ratio of sums over blocks, and its standard error.

    There is no error of a single block, and none where the difference is not finite; of two that both forbid what came
    the difference is 0.
    """
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        mean = float(one.sum()), float(other.sum())
        return (0.0 if mean[0] == mean[1] else mean[0] - mean[1]), None
    apart, n = one - other, len(size)
    mean_bits = float(apart.sum() / size.sum())
    if n == 1:
        return mean_bits, None
    return mean_bits, float(np.sqrt(((apart - mean_bits * size) ** 2).sum() * n / (n - 1)) / size.sum())
