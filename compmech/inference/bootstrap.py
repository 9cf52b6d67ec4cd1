"""How sure the statistics of a machine are, given its transitions: h, C and E vary with the probabilities alone.

Three ways to say by how much:

- posterior: the probabilities are drawn from their Dirichlet posterior.
- parametric: series as long as the data are simulated from the machine, and its probabilities found anew from each.
- block: blocks of the data's own path through the machine are put together at random, and its probabilities found from
  the transitions in them. The only one that allows for what the machine does not know of the data. Where the blocks are
  few, they do not tell well how much they differ: intervals are stretched as those of Student's t.

Whether the transitions are right is another question: see `selection_frequencies`.

Reference:
    Efron and Tibshirani, An Introduction to the Bootstrap (1993); Politis and Romano, Journal of the American
    Statistical Association 89, 1303 (1994).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Int
from scipy.special import chdtri, ndtri, stdtrit

from compmech.inference.blocks import block_length, stationary_bootstrap
from compmech.inference.ensemble import Ensemble, emissions
from compmech.inference.interval import CONFIDENCE, Interval, percentile_interval, spread_interval
from compmech.inference.series import Series
from compmech.inference.topology_evidence import Posterior, counts_together
from compmech.plain import plain
from compmech.validation import check_count, check_rng

__all__ = ["COSTLY", "ERRORS", "RESAMPLES", "StatisticsIntervals", "statistics_intervals"]

Errors = Literal["posterior", "parametric", "block"]
ERRORS: tuple[str, ...] = get_args(Errors)

STATISTICS = ("entropy_rate", "statistical_complexity", "excess_entropy")

RESAMPLES = 200
"""Draws, or series, of each interval of h and C."""

COSTLY = 10
"""Of which the excess entropy is computed: their spread gives a t interval."""


@dataclass(frozen=True)
class StatisticsIntervals:
    """Statistics of a machine with 95 % intervals given its transitions, bits.

    Attributes:
        errors: how the intervals were found: posterior, parametric or block.
        block_length: mean length of the blocks; None for the others.
    """

    errors: str
    entropy_rate: Interval
    statistical_complexity: Interval
    excess_entropy: Interval | None
    block_length: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        found = {key: plain(getattr(self, key)) for key in STATISTICS}
        return found if self.block_length is None else found | {"block_length": self.block_length}


def statistics_intervals(
    data: Series,
    posterior: Posterior,
    *,
    errors: str = "posterior",
    resamples: int = RESAMPLES,
    costly: int = COSTLY,
    rng: np.random.Generator,
) -> StatisticsIntervals:
    """h, C and E of one topology, at the posterior mean of its probabilities, with intervals.

    Where a likelihood-ratio test at 5 % does not exclude the probabilities at which h is largest (Parry's measure),
    intervals are widened to hold the statistics that these give: h has a maximum there, and C as a rule in symmetric
    machines, so that everything resampled lies below, and no percentile would ever hold a fair coin's 1 bit.

    Args:
        data: the series that the posterior is of.
        posterior: over a library of one topology.
        errors: one of `ERRORS`.
        resamples: of which h and C are computed, at least 2.
        costly: the first of them, of which E is, at least 2; 0: no E.
    Raises:
        ValueError: if there is no such way, the posterior is over several topologies, or resamples are too few.
    Reference:
        Parry, Transactions of the American Mathematical Society 112, 55 (1964).
    """
    if errors not in ERRORS:
        raise ValueError(f"there is no way {errors!r} to find intervals; there are {', '.join(ERRORS)}")
    if len(posterior.library) != 1:
        raise ValueError(f"intervals are given the transitions: of one topology, not {len(posterior.library)}")
    if check_count(resamples, "resamples") < 2 or check_count(costly, "costly") == 1:
        raise ValueError(f"resamples must be at least 2, and costly too, or 0; got {resamples} and {costly}")
    check_rng(rng)
    length, stretch = None, 1.0
    if errors == "posterior":
        found = posterior_draws(posterior, resamples, rng)
    elif errors == "parametric":
        found = _refitted(data, posterior, resamples, rng)
    else:
        found, length = _of_blocks(data, posterior, resamples, rng)
        stretch = _of_few_blocks(int(posterior.counts[0].sum()) / length)
    machine = Ensemble(found.successor, emissions(posterior.counts[:1], found.successor >= 0, posterior.alpha))
    fastest = fastest_machine(found.successor)
    held = None if _is_excluded(fastest.emit[0], posterior.counts[0]) else fastest

    def around(of: Callable[[Ensemble], np.ndarray], interval: Callable[..., Interval]) -> Interval:
        narrow = interval(float(of(machine)[0]), of(found)).stretched(stretch)
        return narrow if held is None else narrow.widened(float(of(held)[0]))

    rate = around(lambda members: members.entropy_rate, percentile_interval)
    complexity = around(lambda members: members.statistical_complexity, percentile_interval)
    return StatisticsIntervals(
        errors,
        rate.at_most(float(fastest.entropy_rate[0])),
        complexity.at_most(log2(len(found.successor))),
        around(lambda members: members.excess_entropy(costly), spread_interval) if costly else None,
        length,
    )


def posterior_draws(posterior: Posterior, n: int, rng: np.random.Generator) -> Ensemble:
    """Draws of the probabilities of a library's only topology, and of its start."""
    rows = rng.choice(len(posterior.start), size=n, p=np.exp(posterior.log_posterior))
    successor = posterior.library.successor[0].astype(int)
    allowed = successor >= 0
    drawn = rng.standard_gamma(np.where(allowed, posterior.alpha + posterior.counts[rows], 1.0))
    drawn = np.where(allowed, drawn, 0.0)
    return Ensemble(successor, drawn / drawn.sum(axis=2, keepdims=True))


def _refitted(data: Series, posterior: Posterior, n: int, rng: np.random.Generator) -> Ensemble:
    """The probabilities found from series that the machine makes, of the lengths of the data's pieces."""
    machine = posterior.machine(0)
    lengths = sorted((len(piece) for piece in data.pieces), reverse=True)
    pieces = [machine.sample(n, length, rng=rng) for length in lengths]
    counts = counts_together(machine.successor, pieces, alpha=posterior.alpha)
    return Ensemble(machine.successor, emissions(counts, machine.successor >= 0, posterior.alpha))


def _of_blocks(data: Series, posterior: Posterior, n: int, rng: np.random.Generator) -> tuple[Ensemble, float]:
    """The probabilities found from blocks of the data's transitions, and the mean length of these blocks."""
    successor = posterior.library.successor[0].astype(int)
    edge = _path(data, posterior)
    kinds, of_time = np.unique(edge, return_inverse=True)
    length = block_length((of_time[:, None] == np.arange(len(kinds))).astype(float))
    counts = np.array(
        [
            np.bincount(edge[stationary_bootstrap(len(edge), length, rng=rng)], minlength=successor.size)
            for _ in range(n)
        ]
    ).reshape(n, *successor.shape)
    return Ensemble(successor, emissions(counts, successor >= 0, posterior.alpha)), length


def _of_few_blocks(n_block: float) -> float:
    """What a deviation that is known from so many blocks alone has to be stretched by: t quantiles for normal ones."""
    level = (1 + CONFIDENCE) / 2
    return float(stdtrit(n_block - 1, level) / ndtri(level))


def _path(data: Series, posterior: Posterior) -> Int[np.ndarray, " step"]:
    """The transitions that the data make, as state * n_symbol + symbol, one after the other.

    Of the longest piece all, from the most probable start; of every other those after its symbols have told the state,
    as they were counted.
    """
    successor = posterior.library.successor[0]
    table, k = successor.tolist(), successor.shape[1]
    pieces = sorted(data.pieces, key=len, reverse=True)
    found: list[int] = []
    for number, piece in enumerate(pieces):
        states = {int(posterior.start[0])} if number == 0 else set(range(len(table)))
        for x in piece.tolist():
            if len(states) == 1:
                (state,) = states
                found.append(state * k + x)
            states = {table[state][x] for state in states} - {-1}
    return np.array(found)


def fastest_machine(successor: Int[np.ndarray, "causal symbol"]) -> Ensemble:
    """The one machine of a topology whose entropy rate is the largest that it allows: Parry's measure."""
    n, k = successor.shape
    ways = np.zeros((n, n))
    state, symbol = np.nonzero(successor >= 0)
    np.add.at(ways, (state, successor[state, symbol]), 1.0)
    values, vectors = np.linalg.eig(ways)
    right = np.abs(vectors[:, np.argmax(values.real)].real)
    emit = np.zeros((n, k))
    emit[state, symbol] = right[successor[state, symbol]]
    return Ensemble(successor, (emit / emit.sum(axis=1, keepdims=True))[None])


def _is_excluded(emit: Float[np.ndarray, "causal symbol"], counts: Int[np.ndarray, "causal symbol"]) -> bool:
    """Whether a likelihood-ratio test tells the probabilities from those that fit the counts best."""
    free = int((emit > 0).sum() - len(emit))
    if not free:
        return False
    state, symbol = np.nonzero(counts)
    best = counts[state, symbol] / counts.sum(axis=1)[state]
    ratio = 2 * float(counts[state, symbol] @ np.log(best / emit[state, symbol]))
    return bool(ratio > chdtri(free, 1 - CONFIDENCE))
