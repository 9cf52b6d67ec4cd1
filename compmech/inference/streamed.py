"""From a series too long for memory to a machine: words are counted part by part, and all else is done with the counts.

Candidates are those of causal-state splitting and Markov chains, which need no more than counts of words from the first
part in time. They are scored on stretches of the rest, spread evenly, and their probabilities are found again from the
counts of all symbols. In place of shuffled series there is the G-test of independence, to which shuffling tends as
series grow.

Memory: counts of words of at most 11 symbols, the stretches that are scored, and one part at a time.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from scipy.special import chdtrc

from compmech.errors import NotMinimal
from compmech.inference.candidates import Candidate
from compmech.inference.counts import WordCounts, count_words
from compmech.inference.held_out import blocks_of, cost, preferred, sizes
from compmech.inference.proposals import chain, chain_orders, longest_history, split_topologies
from compmech.inference.result import InferredMachine
from compmech.inference.series import GAP, Series
from compmech.inference.structure import StructureTest, past_information
from compmech.inference.surrogates import SHUFFLES
from compmech.inference.topology_evidence import Library, Posterior
from compmech.inference.topology_model import TopologyModel
from compmech.validation import frozen

__all__ = ["Parts", "infer_streamed"]

FIT = 0.7
"""Share of the symbols that make the candidates."""

LEAST = 100_000
"""Symbols below which there is no need to do this."""

SCORED = 1 << 20
"""Symbols that candidates are scored on, at most."""

STRETCH = 1 << 12
"""Symbols of each stretch that is scored."""


PAST = 3
"""Symbols of the past that the test for structure looks at."""


@dataclass(frozen=True, eq=False)
class Parts:
    """A long series that can be read from its beginning, part by part.

    Attributes:
        alphabet: of all parts.
        n_time: symbols of all parts, gaps counted as well.
        read: gives the parts in order; no part is kept.
    """

    alphabet: tuple[Hashable, ...]
    n_time: int
    read: Callable[[], Iterable[Series]]

    def between(self, first: int, last: int) -> Iterator[Series]:
        """The parts at times first .. last-1, cut to them."""
        at = 0
        for part in self.read():
            low, high = max(first - at, 0), min(last - at, len(part.codes))
            if low < high:
                yield part.part(low, high)
            at += len(part.codes)
            if at >= last:
                return


def infer_streamed(data: Parts, *, rng: np.random.Generator) -> InferredMachine:
    """The machine of a long series; `infer` with method `cssr` for what memory does not hold.

    Args:
        rng: of intervals.
    Raises:
        ValueError: if there are fewer than 100,000 symbols.
    """
    if data.n_time < LEAST:
        raise ValueError(
            f"there are {data.n_time:,} symbols, too few to be read piece by piece: fewer than {LEAST:,} are inferred "
            "from as a whole"
        )
    cut = int(FIT * data.n_time)
    longest = longest_history(len(data.alphabet), cut)
    fit = count_words(data.between(0, cut), longest + 1)
    every = count_words(data.read(), longest + 1)
    blocks = blocks_of(_scored(data, cut))
    size = sizes(blocks)
    found: dict[Hashable, Candidate[TopologyModel]] = {}
    for name, setting, successor in _topologies(fit, cut):
        try:
            model = counted_model(fit, successor)
            bits = cost(model.process, blocks)
        except (ValueError, NotMinimal):  # nothing told its states, or two of them are alike
            continue
        found.setdefault(model.key, Candidate(name, setting, model, bits, size))
    candidates = sorted(found.values(), key=lambda one: (one.held_out_bits, one.model.n_free))
    assert candidates[0].held_out_bits < inf, "the chain of order 0 forbids nothing"
    return _result(data, every, preferred(candidates), candidates, rng)


def _scored(data: Parts, first: int) -> Series:
    """Stretches spread evenly over what comes from a time on, with gaps between."""
    n = data.n_time - first
    n_stretch = max(1, min(SCORED, n) // STRETCH)
    starts = first + (np.arange(n_stretch) * (n / n_stretch)).astype(int)
    codes = np.full((n_stretch, STRETCH + 1), GAP, dtype=np.int16)
    at = first
    for part in data.between(first, data.n_time):
        for place in np.flatnonzero((starts < at + len(part.codes)) & (starts + STRETCH > at)):
            low, high = max(starts[place], at), min(starts[place] + STRETCH, at + len(part.codes))
            codes[place, low - starts[place] : high - starts[place]] = part.codes[low - at : high - at]
        at += len(part.codes)
    return Series(codes.ravel(), data.alphabet)


def _topologies(counts: WordCounts, n_time: int) -> Iterator[tuple[str, dict[str, Any], np.ndarray]]:
    """What splitting and chains propose, from counts alone."""
    for setting, successor in split_topologies(counts):
        yield "cssr", setting, successor
    for order in chain_orders(counts.n_symbol, n_time):
        if order < counts.length:
            yield "markov", {"order": order}, chain(counts.n_symbol, order)


def counted_model(counts: WordCounts, successor: np.ndarray) -> TopologyModel:
    """A topology with the posterior of its probabilities, from the histories that tell its state.

    Raises:
        ValueError: if none does, or some symbol occurs where it is forbidden.
    """
    follow = counts.by_history
    state = _told(successor, counts.n_symbol, counts.length - 1)
    told = state >= 0
    edges = np.zeros(successor.shape, dtype=np.int64)
    np.add.at(edges, state[told], follow[told])
    if not edges.any() or edges[successor < 0].any():
        raise ValueError("no history tells the state" if not edges.any() else "a symbol occurs that is forbidden")
    library = Library(successor[None].astype(np.int16), np.array([len(successor)]))
    one, zero = np.zeros(1, dtype=np.int64), np.zeros(1)
    return TopologyModel(Posterior(library, one, one, zero, zero, frozen(edges[None]), 1.0))


def _told(successor: np.ndarray, n_symbol: int, length: int) -> np.ndarray:
    """The state after each history, by its code, where every start that allows it leads to one; else -1."""
    n = len(successor)
    dead = np.vstack([np.where(successor >= 0, successor, n), np.full((1, n_symbol), n)])
    after = np.arange(n)[None]  # history, start
    for _ in range(length):
        after = dead[after].transpose(0, 2, 1).reshape(-1, n)
    least = after.min(axis=1)
    one = (np.where(after < n, after, least[:, None]) == least[:, None]).all(axis=1) & (least < n)
    return np.where(one, least, -1)


def _result(
    data: Parts,
    counts: WordCounts,
    chosen: Candidate[TopologyModel],
    candidates: list[Candidate[TopologyModel]],
    rng: np.random.Generator,
) -> InferredMachine:
    model, only = chosen.model, ""
    assert isinstance(model, TopologyModel), "all candidates here are topologies"
    try:
        model = counted_model(counts, model.successor)
    except ValueError:  # what is held out has a word that the machine forbids, outside of what was scored
        only = ", from the part that made the candidates alone"
    test = independence(counts.shorter(min(PAST + 1, counts.length)))
    found = model.estimates(Series(np.zeros(0, dtype=np.int8), data.alphabet), rng=rng)
    return InferredMachine(
        method=chosen.method,
        machine=model.named(data.alphabet),
        n_causal_states=found.n_causal_states,
        entropy_rate=found.entropy_rate,
        statistical_complexity=found.statistical_complexity,
        excess_entropy=found.excess_entropy,
        held_out_bits_per_symbol=chosen.held_out_bits,
        p_structure=test.p,
        diagnostics={
            "symbols": data.n_time,
            "pieces": 1,
            "setting": dict(chosen.setting),
            "structure": test,
            "beside": [],
            "candidates": [one.to_dict() for one in candidates],
            "passed_over": {},
            "finite": chosen.to_dict(),
            "growth": None,
            "how": {key: how + only for key, how in found.how.items()}
            | {"p_structure": "of the G-test of independence of the last symbols and the next"},
        },
    )


def independence(words: WordCounts) -> StructureTest:
    """The G-test of independence of the last symbol of words from those before it."""
    past = words.length - 1
    told, per_bit = past_information(words), 2 * np.log(2) * words.total
    freedom = (words.n_symbol**past - 1) * (words.n_symbol - 1)
    return StructureTest(
        surrogates=SHUFFLES.name,
        null=SHUFFLES.null,
        statistic="past",
        found=told,
        expected=freedom / per_bit,
        past=past,
        longest=past,
        p=float(chdtrc(freedom, per_bit * told)) if freedom else 1.0,
    )
