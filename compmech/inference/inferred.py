"""From a series to a machine: every method makes candidates from the first part in time, the rest decides.

A candidate is a topology: which symbols each state emits and where they lead. What it costs on symbols that it has not
seen, bits each, decides; among those that a paired t test over blocks does not tell from the best the one with the
fewest free probabilities is taken, so that states have to earn their place. Its probabilities are then found from all
of the data, and draws from their posterior give the intervals: they hold the error of the probabilities, given the
topology.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import t as student

from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import NotMinimal
from compmech.inference.counts import count_words
from compmech.inference.cssr import SIGNIFICANCE, split_states
from compmech.inference.interval import Interval, percentile_interval
from compmech.inference.result import InferredMachine
from compmech.inference.series import Series
from compmech.inference.surrogates import structure_test
from compmech.inference.topology_evidence import Library, Posterior, library, structural_posterior
from compmech.measures import Bounds, entropy_rate, excess_entropy, statistical_complexity
from compmech.stationary import stationary
from compmech.units import bits

__all__ = ["METHODS", "Candidate", "infer"]

Method = Literal["auto", "cssr", "bayes"]
METHODS: tuple[str, ...] = get_args(Method)
"""`cssr`: causal-state splitting; `bayes`: Bayesian structural inference; `auto`: the candidates of both, and Markov
chains in which every symbol may follow, so that a word that the first part lacks costs bits but is not forbidden."""

FIT = 0.7
"""Share of the symbols that make the candidates."""

LEAST = 100
"""Symbols without which nothing is inferred."""

TELLING = 0.01
"""Level of the paired t test, one-sided, that tells a candidate from the best: the best of two dozen is so by luck
as well, and a standard error is not enough."""

_PER_WORD = 20  # symbols for each possible word of the longest history and the next symbol
_LONGEST = 10  # symbols of the longest history that is tried
_MOST_CHAINED = 32  # states of a Markov chain
_MOST_STATES = {1: 1, 2: 5, 3: 3, 4: 2}  # of the library by size of the alphabet: tens of thousands of topologies
_SEARCHED = 20_000  # symbols, the first ones, that choose among the topologies of the library
_WARM, _BLOCK = 64, 128  # held-out symbols read before a block is scored, and scored, at most
_FEWEST_BLOCKS, _LEAST_BLOCK = 12, 8  # blocks are shorter where there would be fewer
_DRAWS = 200
_COSTLY = 20  # draws of which the excess entropy is computed


@dataclass(frozen=True, eq=False)
class Candidate:
    """One topology, and what it costs.

    Attributes:
        method: what made it, with its setting.
        posterior: of its probabilities, from the part that makes candidates.
        block_bits: of each block of held-out symbols, bits; inf where a symbol is forbidden.
        block_size: symbols of each.
    """

    method: str
    setting: dict[str, Any]
    posterior: Posterior
    block_bits: Float[np.ndarray, " block"]
    block_size: Int[np.ndarray, " block"]

    @property
    def topology(self) -> Int[np.ndarray, "causal symbol"]:
        """Next state by state and symbol."""
        table: Int[np.ndarray, "causal symbol"] = self.posterior.library.successor[0]
        return table

    @property
    def n_state(self) -> int:
        """Causal states."""
        return int(self.posterior.library.n_state[0])

    @property
    def n_free(self) -> int:
        """Probabilities that are free."""
        return int((self.topology >= 0).sum() - self.n_state)

    @property
    def held_out_bits(self) -> float:
        """Bits a symbol."""
        return float(self.block_bits.sum() / self.block_size.sum())


def infer(data: Series, *, method: str = "auto", rng: np.random.Generator) -> InferredMachine:
    """The machine of a series, with what it was chosen from.

    Args:
        method: one of `METHODS`.
        rng: of surrogates, and of draws from the posterior.
    Raises:
        ValueError: if there is no such method, or there are fewer than 100 symbols, or no candidate allows the symbols
            that are held out, or `bayes` is asked for over more than four symbols.
    """
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}; there are {', '.join(METHODS)}")
    if data.n_observed < LEAST:
        raise ValueError(f"there are {data.n_observed} symbols: nothing can be told from fewer than {LEAST}")
    if method == "bayes" and data.n_symbol not in _MOST_STATES:
        raise ValueError(
            f"there are too many topologies over {data.n_symbol} symbols to weigh them all: take method auto or cssr, "
            f"or at most {max(_MOST_STATES)} symbols"
        )
    fit, rest = data.split(FIT)
    blocks = _blocks(rest)
    size = _sizes(blocks)
    found: dict[bytes, Candidate] = {}
    for name, setting, successor in _topologies(fit, method):
        topology = Library(successor[None].astype(np.int16), np.array([len(successor)]))
        if topology.successor.tobytes() in found:
            continue
        try:
            posterior = structural_posterior(fit, topology)
            machine = posterior.machine(0)
        except (ValueError, NotMinimal):  # it forbids symbols that occur, or two of its states are alike
            continue
        found[topology.successor.tobytes()] = Candidate(name, setting, posterior, _cost(machine, blocks), size)
    candidates = sorted(found.values(), key=lambda one: (one.held_out_bits, one.n_free))
    if not candidates or candidates[0].held_out_bits == inf:
        raise ValueError(_forbidding(data, fit, rest, method))
    chosen = _chosen(candidates)
    test_rng, draw_rng = rng.spawn(2)
    told, p = structure_test(data, rng=test_rng)
    return _result(data, chosen, candidates, told, p, draw_rng)


def _topologies(fit: Series, method: str) -> Iterator[tuple[str, dict[str, Any], Int[np.ndarray, "_ symbol"]]]:
    """What each method proposes."""
    k = fit.n_symbol
    if method in ("auto", "cssr"):
        longest = 0
        while longest < _LONGEST and k ** (longest + 2) * _PER_WORD <= fit.n_observed:
            longest += 1
        counts = count_words(fit, longest + 1)
        for history in range(longest + 1):
            for significance in (SIGNIFICANCE, 1e-5):
                try:
                    split = split_states(counts.shorter(history + 1), significance=significance)
                    machine = split.machine
                except (ValueError, NotMinimal):  # nothing recurs at this length
                    continue
                setting = {"history": history, "significance": significance, "synchronised": split.synchronised}
                yield "cssr", setting, machine.successor
    most = _MOST_STATES.get(k, 0)
    if most and method in ("auto", "bayes"):
        searched = fit.part(0, _SEARCHED)
        known = library(most, k)
        posterior = structural_posterior(searched, known)
        for n in range(1, most + 1):
            row = posterior.best(n)
            if row is not None:
                setting = {"states": n, "posterior": posterior.by_states.get(n, 0.0), "symbols": searched.n_observed}
                yield "bayes", setting, known.successor[posterior.topology[row], :n]

    if method == "auto":
        yield "markov", {"order": 0}, _chain(k, 0)
        order = 1
        while k > 1 and k**order <= max(_MOST_CHAINED, k) and k ** (order + 1) <= fit.n_observed:
            yield "markov", {"order": order}, _chain(k, order)
            order += 1


def _chain(n_symbol: int, order: int) -> Int[np.ndarray, "_ symbol"]:
    """Every word of some length is a state, every symbol may follow."""
    words = np.arange(n_symbol**order)[:, None]
    after: Int[np.ndarray, "_ symbol"] = (words * n_symbol + np.arange(n_symbol)) % n_symbol**order
    return after


def _forbidding(data: Series, fit: Series, rest: Series, method: str) -> str:
    """Why no candidate is left, and what helps."""
    unseen = np.flatnonzero((fit.frequencies == 0) & (rest.frequencies > 0))
    if len(unseen):
        some = ", ".join(repr(data.alphabet[code]) for code in unseen[:4]) + (", ..." if len(unseen) > 4 else "")
        why = f"{some} occur" + ("s" if len(unseen) == 1 else "") + " only there"
    else:
        why = "some of their words do not occur before"
    repair = "" if method == "auto" else ", or take method auto, which has machines that forbid nothing"
    return (
        f"every machine made from the first {FIT:.0%} of the symbols forbids some that follow: {why}. Bring more data"
        f"{repair}"
    )


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Held-out stretches of one length: the first `warm` symbols of each are read, the others are scored."""

    words: Int[np.ndarray, "block time"]
    warm: int


def _blocks(rest: Series) -> list[_Blocks]:
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
    return [_Blocks(np.array(words, dtype=np.int64), warm) for (_, warm), words in found.items()]


def _cost(machine: EpsilonMachine, groups: Sequence[_Blocks]) -> Float[np.ndarray, " block"]:
    """Bits of the scored symbols of each block."""
    found = []
    for group in groups:
        whole = machine.log_prob(group.words)
        before = machine.log_prob(group.words[:, : group.warm]) if group.warm else np.zeros(len(whole))
        cost = np.full(len(whole), inf)
        possible = np.isfinite(whole)  # what comes before is possible then, too
        cost[possible] = bits(1.0) * (before[possible] - whole[possible])
        found.append(cost)
    return np.concatenate(found)


def _sizes(groups: Sequence[_Blocks]) -> Int[np.ndarray, " block"]:
    """Scored symbols of each block."""
    return np.concatenate([np.full(len(group.words), group.words.shape[1] - group.warm) for group in groups])


def _chosen(candidates: Sequence[Candidate]) -> Candidate:
    """The one with the fewest free probabilities of those that the held-out symbols do not tell from the best."""
    best = candidates[0]
    near = [best] + [one for one in candidates[1:] if isfinite(one.held_out_bits) and not _is_worse(one, best)]
    return min(near, key=lambda one: (one.n_free, one.n_state, one.held_out_bits))


def _is_worse(one: Candidate, best: Candidate) -> bool:
    """By a paired t test of the bits a symbol, a ratio of sums over blocks."""
    apart, size = one.block_bits - best.block_bits, best.block_size
    n = len(apart)
    if n == 1:
        return False
    mean = float(apart.sum() / size.sum())
    error = np.sqrt(((apart - mean * size) ** 2).sum() * n / (n - 1)) / size.sum()
    return bool(mean > student.isf(TELLING, n - 1) * error)


def _result(
    data: Series,
    chosen: Candidate,
    candidates: Sequence[Candidate],
    told: float,
    p: float,
    rng: np.random.Generator,
) -> InferredMachine:
    how = "a 95 % interval from draws of the posterior of the probabilities, given the transitions"
    try:
        posterior = structural_posterior(data, chosen.posterior.library)
    except ValueError:  # the part that is held out has a word that no start allows, though each block of it is allowed
        posterior = chosen.posterior
        how += ", from the part that made the candidates alone"
    machine = posterior.machine(0)
    drawn = _drawn(posterior, rng)
    information = _interval(excess_entropy(machine), [_middle(excess_entropy(one)) for one in drawn[:_COSTLY]])
    return InferredMachine(
        method=chosen.method,
        machine=_named(machine, data.alphabet),
        n_causal_states=Interval(machine.n_state, machine.n_state, machine.n_state),
        entropy_rate=_interval(entropy_rate(machine), [_middle(entropy_rate(one)) for one in drawn]),
        statistical_complexity=_interval(
            statistical_complexity(machine), [_middle(statistical_complexity(one)) for one in drawn]
        ),
        excess_entropy=information,
        held_out_bits_per_symbol=chosen.held_out_bits,
        p_structure=p,
        diagnostics={
            "symbols": data.n_observed,
            "pieces": len(data.pieces),
            "setting": chosen.setting,
            "told_by_the_past": told,
            "candidates": [
                {
                    "method": one.method,
                    **one.setting,
                    "n_state": one.n_state,
                    "n_free": one.n_free,
                    "held_out_bits_per_symbol": one.held_out_bits,
                }
                for one in candidates
            ],
            "how": {"entropy_rate": how, "statistical_complexity": how, "excess_entropy": how},
        },
    )


def _named(machine: EpsilonMachine, alphabet: Sequence[Hashable]) -> EpsilonMachine:
    """The same with its states in the order of their probability, called A, B, ..., or by number if they are many."""
    order = np.argsort(-stationary(machine), kind="stable")
    number = np.argsort(order)
    successor = np.where(machine.successor >= 0, number[machine.successor], -1)[order]
    names = [chr(ord("A") + i) for i in range(len(order))] if len(order) <= 26 else None
    return EpsilonMachine(successor, machine.emit[order], alphabet=alphabet, states=names)


def _drawn(posterior: Posterior, rng: np.random.Generator) -> list[EpsilonMachine]:
    rows = rng.choice(len(posterior.topology), size=_DRAWS, p=np.exp(posterior.log_posterior))
    found = []
    for row in rows:
        try:
            found.append(posterior.machine(int(row), rng=rng))
        except NotMinimal:  # a draw in which two states are alike: of probability 0 but for rounding
            continue
    return found


def _interval(value: Any, drawn: Sequence[float]) -> Interval:
    return percentile_interval(_middle(value), np.array(drawn))


def _middle(value: float | Bounds | None) -> float:
    assert value is not None  # finite machines have all three
    return (value.lower + value.upper) / 2 if isinstance(value, Bounds) else float(value)
