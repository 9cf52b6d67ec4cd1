"""How sure the choice of a machine is: the whole choice made again from series that the chosen one makes.

A parametric bootstrap of the selection: if the machine were the truth, how often would so many data give it back, and
what else instead? A number of states that comes back seldom is not one that the data can tell. Blocks of the data put
together at random are not used here: where they meet are words that the process may forbid.

Reference:
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), sections 6.5 and 17.6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from compmech.epsilon_machine import EpsilonMachine
from compmech.inference.candidates import Model
from compmech.inference.interval import CONFIDENCE, Interval
from compmech.inference.isomorphism import isomorphism
from compmech.inference.series import Series
from compmech.process import Process
from compmech.validation import check_count, check_rng

__all__ = ["SelectionFrequencies", "selection_frequencies", "simulated"]


@dataclass(frozen=True)
class SelectionFrequencies:
    """What the whole choice gives when it is made again from simulated series.

    Attributes:
        n_series: how many.
        state_frequencies: share of them by number of causal states.
        topologies: of finite machines by isomorphism class, the most frequent first: n_state, frequency, successor, and
            whether it is that of the machine that made the series.
        not_finite: share of the series from which a process was chosen that claims no finite number of states.
        without: share of the series from which nothing could be chosen.
    """

    n_series: int
    state_frequencies: Mapping[int, float]
    topologies: tuple[Mapping[str, Any], ...]
    not_finite: float
    without: float

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "n_series": self.n_series,
            "state_frequencies": {str(n): share for n, share in self.state_frequencies.items()},
            "topologies": [dict(one) for one in self.topologies],
            "not_finite": self.not_finite,
            "without": self.without,
        }

    def interval(self, value: int) -> Interval:
        """The numbers of states in the middle 95 % of the series that gave one, widened to hold the machine's own."""
        numbers = sorted(self.state_frequencies)
        if not numbers:
            return Interval(value, value, value)
        share = np.cumsum([self.state_frequencies[n] for n in numbers])
        tail = (1 - CONFIDENCE) / 2
        low, high = (numbers[int(np.searchsorted(share / share[-1], at - _ROUNDING))] for at in (tail, 1 - tail))
        return Interval(value, low, high).widened(value)


_ROUNDING = 1e-12


def selection_frequencies(
    data: Series, machine: Process, choose: Callable[[Series], Model], *, n_series: int, rng: np.random.Generator
) -> SelectionFrequencies:
    """How often each number of states, and each topology, is chosen from series that a machine makes.

    Args:
        data: the series have pieces as long as its own.
        machine: what makes the series, over the symbols of the data.
        choose: the whole choice: from a series to a model; ValueError where there is none.
        n_series: at least 1. Each costs a choice.
    Raises:
        ValueError: if n_series is below 1.
    """
    if check_count(n_series, "n_series") < 1:
        raise ValueError(f"n_series must be at least 1; got {n_series}")
    check_rng(rng)
    found: list[EpsilonMachine] = []
    times: list[int] = []
    not_finite = without = 0
    for _ in range(n_series):
        try:
            model = choose(simulated(data, machine, rng=rng))
        except ValueError:  # every candidate forbids what is held out: a result of its own, and counted
            without += 1
            continue
        chosen = model.process
        if not model.is_finite or not isinstance(chosen, EpsilonMachine):
            not_finite += 1
            continue
        place = next((i for i, other in enumerate(found) if _is_same(chosen, other)), len(found))
        if place == len(found):
            found.append(chosen)
            times.append(0)
        times[place] += 1
    order = sorted(range(len(found)), key=lambda i: (-times[i], found[i].n_state))
    numbers = sorted({one.n_state for one in found})
    return SelectionFrequencies(
        n_series,
        {n: sum(times[i] for i in order if found[i].n_state == n) / n_series for n in numbers},
        tuple(
            {
                "n_state": found[i].n_state,
                "frequency": times[i] / n_series,
                "successor": found[i].successor.tolist(),
                "is_chosen": isinstance(machine, EpsilonMachine) and _is_same(found[i], machine),
            }
            for i in order
        ),
        not_finite / n_series,
        without / n_series,
    )


def simulated(data: Series, machine: Process, *, rng: np.random.Generator) -> Series:
    """A series that a machine makes in place of the data: each piece without a gap as long as it was."""
    codes = data.codes.astype(np.int64)
    codes[codes >= 0] = np.concatenate([machine.sample(1, len(piece), rng=rng)[0] for piece in data.pieces])
    return Series(codes, data.alphabet)


def _is_same(a: EpsilonMachine, b: EpsilonMachine) -> bool:
    """Up to the names of states and whatever the probabilities; several closed classes are never the same."""
    if not (a.is_strongly_connected and b.is_strongly_connected):
        return False
    return isomorphism(a, b) is not None
