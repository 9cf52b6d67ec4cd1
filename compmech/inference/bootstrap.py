"""How sure the statistics of a machine are, and how sure its number of states.

Given the transitions, h, C and E vary with the probabilities alone. Three ways to say by how much:

- posterior: the probabilities are drawn from their Dirichlet posterior.
- parametric: series as long as the data are simulated from the machine, and its probabilities found anew from each.
- block: blocks of the data's own path through the machine are put together at random, and its probabilities found from
  the transitions in them. The only one that allows for what the machine does not know of the data.

Whether the transitions are right is asked by making the whole choice again from each of the simulated series:
`selection_frequencies`.

Reference:
    Efron and Tibshirani, An Introduction to the Bootstrap (1993); Politis and Romano, Journal of the American
    Statistical Association 89, 1303 (1994).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import chi2

from compmech.epsilon_machine import EpsilonMachine
from compmech.inference.blocks import block_length, stationary_bootstrap
from compmech.inference.ensemble import Ensemble, emissions, middle
from compmech.inference.interval import CONFIDENCE, Interval, percentile_interval, student_interval
from compmech.inference.isomorphism import isomorphism
from compmech.inference.series import Series
from compmech.inference.topology_evidence import Posterior, counts_together
from compmech.measures import entropy_rate, excess_entropy, statistical_complexity
from compmech.process import Process
from compmech.validation import check_count, check_rng

__all__ = ["ERRORS", "Selection", "StatisticsIntervals", "selection_frequencies", "statistics_intervals"]

Errors = Literal["posterior", "parametric", "block"]
ERRORS: tuple[str, ...] = get_args(Errors)

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
    excess_entropy: Interval
    block_length: float | None = None


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
        resamples: of which h and C are computed, at least 2. costly: the first of them, of which E is.
    Raises:
        ValueError: if there is no such way, the posterior is over several topologies, or resamples are fewer than 2.
    Reference:
        Parry, Transactions of the American Mathematical Society 112, 55 (1964).
    """
    if errors not in ERRORS:
        raise ValueError(f"there is no way {errors!r} to find intervals; there are {', '.join(ERRORS)}")
    if len(posterior.library) != 1:
        raise ValueError(f"intervals are given the transitions: of one topology, not {len(posterior.library)}")
    if min(check_count(resamples, "resamples"), check_count(costly, "costly")) < 2:
        raise ValueError(f"resamples and costly must be at least 2; got {resamples} and {costly}")
    check_rng(rng)
    machine, length = posterior.machine(0), None
    if errors == "posterior":
        found = posterior_draws(posterior, resamples, rng)
    elif errors == "parametric":
        found = _refitted(data, posterior, machine, resamples, rng)
    else:
        found, length = _of_blocks(data, posterior, resamples, rng)
    rate = percentile_interval(middle(entropy_rate(machine)), found.entropy_rate)
    complexity = percentile_interval(middle(statistical_complexity(machine)), found.statistical_complexity)
    information = student_interval(middle(excess_entropy(machine)), found.excess_entropy(costly))
    largest = fastest(found.successor)
    if not _is_excluded(largest.emit[0], posterior.counts[0]):
        rate = rate.widened(float(largest.entropy_rate[0]))
        complexity = complexity.widened(float(largest.statistical_complexity[0]))
        information = information.widened(float(largest.excess_entropy(1).item()))
    return StatisticsIntervals(errors, rate, complexity, information, length)


def posterior_draws(posterior: Posterior, n: int, rng: np.random.Generator) -> Ensemble:
    """Draws of the probabilities of a library's only topology, and of its start."""
    rows = rng.choice(len(posterior.start), size=n, p=np.exp(posterior.log_posterior))
    successor = posterior.library.successor[0].astype(int)
    allowed = successor >= 0
    drawn = rng.standard_gamma(np.where(allowed, posterior.alpha + posterior.counts[rows], 1.0))
    drawn = np.where(allowed, drawn, 0.0)
    return Ensemble(successor, drawn / drawn.sum(axis=2, keepdims=True))


def _refitted(
    data: Series, posterior: Posterior, machine: EpsilonMachine, n: int, rng: np.random.Generator
) -> Ensemble:
    """The probabilities found from series that the machine makes, of the lengths of the data's pieces."""
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


def fastest(successor: Int[np.ndarray, "causal symbol"]) -> Ensemble:
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
    return bool(ratio > chi2.isf(1 - CONFIDENCE, free))


# ------------------------------------------------------------------------------------------------------- the selection


@dataclass(frozen=True)
class Selection:
    """What the whole choice gives when it is made again from simulated series.

    Attributes:
        n_series: how many.
        state_frequencies: share of them by number of states.
        topologies: by isomorphism class, the most frequent first: n_state, frequency, successor, and whether it is that
            of the machine that made the series.
        without: share of the series from which nothing could be chosen.
    """

    n_series: int
    state_frequencies: Mapping[int, float]
    topologies: tuple[Mapping[str, Any], ...]
    without: float

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "n_series": self.n_series,
            "state_frequencies": {str(n): share for n, share in self.state_frequencies.items()},
            "topologies": [
                {**one, "successor": [list(map(int, row)) for row in one["successor"]]} for one in self.topologies
            ],
            "without": self.without,
        }

    def interval(self, value: int) -> Interval:
        """The numbers of states that the middle 95 % of the series gave, widened to hold the machine's own."""
        if not self.state_frequencies:
            return Interval(value, value, value)
        numbers = np.array(list(self.state_frequencies))
        reached = np.cumsum([self.state_frequencies[n] for n in numbers.tolist()]) / (1 - self.without)
        tail = (1 - CONFIDENCE) / 2
        low, high = (int(numbers[np.argmax(reached >= at - 1e-12)]) for at in (tail, 1 - tail))
        return Interval(value, min(low, value), max(high, value))


def selection_frequencies(
    data: Series,
    machine: Process,
    choose: Callable[[Series], EpsilonMachine],
    *,
    n_series: int,
    rng: np.random.Generator,
) -> Selection:
    """How often each number of states, and each topology, is chosen from series that a machine made.

    Args:
        data: the lengths of its pieces are those of the series.
        machine: what makes the series, over the symbols of the data.
        choose: the whole choice: from a series to a machine; ValueError where there is none.
        n_series: at least 1.
    Raises:
        ValueError: if n_series is below 1.
    """
    if check_count(n_series, "n_series") < 1:
        raise ValueError(f"n_series must be at least 1; got {n_series}")
    check_rng(rng)
    kinds: list[tuple[EpsilonMachine, int]] = []
    for _ in range(n_series):
        try:
            found = choose(simulated(data, machine, rng=rng))
        except ValueError:
            continue
        place = next((i for i, (other, _) in enumerate(kinds) if _is_same(found, other)), None)
        if place is None:
            kinds.append((found, 1))
        else:
            kinds[place] = (kinds[place][0], kinds[place][1] + 1)
    kinds.sort(key=lambda kind: (-kind[1], kind[0].n_state))
    numbers = sorted({one.n_state for one, _ in kinds})
    return Selection(
        n_series,
        {n: sum(times for one, times in kinds if one.n_state == n) / n_series for n in numbers},
        tuple(
            {
                "n_state": one.n_state,
                "frequency": times / n_series,
                "successor": one.successor.tolist(),
                "is_chosen": isinstance(machine, EpsilonMachine) and _is_same(one, machine),
            }
            for one, times in kinds
        ),
        1 - sum(times for _, times in kinds) / n_series,
    )


def simulated(data: Series, machine: Process, *, rng: np.random.Generator) -> Series:
    """A series that a machine makes in place of the data: each piece without a gap as long as it was."""
    codes = data.codes.astype(np.int64)
    there = codes >= 0
    codes[there] = np.concatenate([machine.sample(1, len(piece), rng=rng)[0] for piece in data.pieces])
    return Series(codes, data.alphabet)


def _is_same(a: EpsilonMachine, b: EpsilonMachine) -> bool:
    """Up to the names of states, whatever the probabilities; several closed classes are never the same."""
    if not (a.is_strongly_connected and b.is_strongly_connected):
        return False
    return isomorphism(a, b) is not None
