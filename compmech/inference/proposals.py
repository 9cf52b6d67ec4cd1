"""What each method proposes for a series: a function, and its name in `PROPOSALS`. That is all a new method needs."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Int

from compmech.errors import NotMinimal
from compmech.hmm import GHMM, HMM
from compmech.inference.candidates import Model, NothingToPropose
from compmech.inference.counts import WordCounts, count_words
from compmech.inference.cssr import SIGNIFICANCE, split_states
from compmech.inference.determinising import HistoryStates
from compmech.inference.from_predictor import predictor_topologies
from compmech.inference.futures import Futures
from compmech.inference.hankel_series import hankel_lengths, series_rank
from compmech.inference.latent_model import LatentModel
from compmech.inference.maximum_likelihood import RESTARTS, ROUNDS, baum_welch
from compmech.inference.merging_histories import MOST_HISTORIES, merge_states
from compmech.inference.series import Series
from compmech.inference.series_spectral import series_process
from compmech.inference.topology_evidence import library, structural_posterior
from compmech.inference.topology_model import TopologyModel, topology_model
from compmech.process import Process

__all__ = [
    "AUTO",
    "FINITE",
    "METHODS",
    "PROPOSALS",
    "Proposal",
    "Propose",
    "chain",
    "chain_orders",
    "longest_history",
    "split_topologies",
]

Proposal: TypeAlias = tuple[dict[str, Any], Model]
"""The setting, and what it gave."""

Propose: TypeAlias = Callable[..., Iterable[Proposal]]
"""From the part of a series that makes candidates, and a generator `rng`."""

PER_WORD = 20
"""Symbols for each possible word of the longest history and the next symbol."""

LONGEST = 10
"""Symbols of the longest history that is tried."""

HORIZONS = (2, 3)
MOST_FUTURES = 32
"""Symbols of the futures by which histories are merged, if there are at most so many futures."""

MOST_CHAINED = 32
"""States of a Markov chain."""

MOST_STATES = {1: 1, 2: 5, 3: 3, 4: 2}
"""States of the library by size of the alphabet: tens of thousands of topologies."""

SEARCHED = 20_000
"""Symbols, the first ones, that choose among the topologies of the library."""

MOST_HIDDEN = 6
"""States of hidden Markov models."""

MAXIMISED = 100_000
"""Symbols, the first ones, whose likelihood is maximised."""

AUTO_RESTARTS, AUTO_ROUNDS = 3, 100
"""Of Baum-Welch where it is one of many."""


def by_splitting(fit: Series, *, rng: np.random.Generator) -> Iterator[Proposal]:
    """Causal-state splitting for every history length that the data can fill, at two levels of significance."""
    counts = count_words(fit, longest_history(fit.n_symbol, fit.n_observed) + 1)
    for setting, successor in split_topologies(counts):
        yield from _allowed(fit, setting, successor)


def by_merging(fit: Series, *, rng: np.random.Generator) -> Iterator[Proposal]:
    """Causal-state merging for every history length that the data can fill, by the next two and three symbols; by the
    next one where the alphabet is large."""
    k = fit.n_symbol
    for horizon in [h for h in HORIZONS if k**h <= MOST_FUTURES] or [1]:
        for history in range(longest_history(k, fit.n_observed) + 1):
            if k**history > MOST_HISTORIES:
                break
            counts = count_words(fit, history + horizon)
            setting = {"history": history, "horizon": horizon}
            for made, successor in _of_histories(setting, partial(merge_states, counts, horizon=horizon)):
                yield from _allowed(fit, made, successor)


def longest_history(n_symbol: int, n_time: int) -> int:
    """Symbols of the longest history that so many symbols can fill."""
    longest = 0
    while longest < LONGEST and n_symbol ** (longest + 2) * PER_WORD <= n_time:
        longest += 1
    return longest


def split_topologies(counts: WordCounts) -> Iterator[tuple[dict[str, Any], Int[np.ndarray, "_ symbol"]]]:
    """Topologies of `by_splitting` with their settings, from counts of words one longer than the longest history."""
    for history in range(counts.length):
        for significance in (SIGNIFICANCE, 1e-5):
            setting = {"history": history, "significance": significance}
            split = partial(split_states, counts.shorter(history + 1), significance=significance)
            yield from _of_histories(setting, split)


def _of_histories(
    setting: dict[str, Any], found: Callable[[], HistoryStates]
) -> Iterator[tuple[dict[str, Any], Int[np.ndarray, "_ symbol"]]]:
    """The topology of states made of histories, if any recur."""
    try:
        states = found()
        machine = states.machine
    except (ValueError, NotMinimal):  # nothing recurs at this length
        return
    yield {**setting, "synchronised": states.synchronised}, machine.successor


def by_evidence(fit: Series, *, rng: np.random.Generator) -> Iterator[Proposal]:
    """Of each number of states the topology of the greatest posterior probability."""
    k = fit.n_symbol
    if k not in MOST_STATES:
        raise NothingToPropose(
            f"there are too many topologies over {k} symbols to weigh them all: take method auto or cssr, "
            f"or at most {max(MOST_STATES)} symbols"
        )
    searched, known = fit.part(0, SEARCHED), library(MOST_STATES[k], k)
    posterior = structural_posterior(searched, known)
    for n in range(1, MOST_STATES[k] + 1):
        row = posterior.best(n)
        if row is not None:
            setting = {"states": n, "posterior": posterior.by_states.get(n, 0.0), "symbols": searched.n_observed}
            yield from _allowed(fit, setting, known.successor[posterior.topology[row], :n])


def by_chains(fit: Series, *, rng: np.random.Generator) -> Iterator[Proposal]:
    """Markov chains in which every symbol may follow: a word that the first part lacks costs bits, and is not
    forbidden."""
    for order in chain_orders(fit.n_symbol, fit.n_observed):
        yield from _allowed(fit, {"order": order}, chain(fit.n_symbol, order))


def chain_orders(n_symbol: int, n_time: int) -> range:
    """Orders of chains that so many symbols can fill; a chain of order one has as many states as there are symbols."""
    order = 0
    while n_symbol > 1 and n_symbol ** (order + 1) <= max(MOST_CHAINED, n_symbol) and n_symbol ** (order + 2) <= n_time:
        order += 1
    return range(order + 1)


def by_predictor(fit: Series, predictor: Process | Futures, *, rng: np.random.Generator) -> Iterator[Proposal]:
    """Merging histories of the series by the futures that a predictor predicts."""
    for setting, successor in predictor_topologies(fit, predictor):
        yield from _allowed(fit, setting, successor)


def chain(n_symbol: int, order: int) -> Int[np.ndarray, "_ symbol"]:
    """Every word of some length is a state, every symbol may follow."""
    words = np.arange(n_symbol**order)[:, None]
    after: Int[np.ndarray, "_ symbol"] = (words * n_symbol + np.arange(n_symbol)) % n_symbol**order
    return after


def _allowed(fit: Series, setting: dict[str, Any], successor: Int[np.ndarray, "_ symbol"]) -> Iterator[Proposal]:
    """The topology as a model, if it is one of these data."""
    try:
        model: TopologyModel = topology_model(fit, successor)
        model.process  # noqa: B018
    except (ValueError, NotMinimal):  # it forbids symbols that occur, or two of its states are alike
        return
    yield setting, model


def by_moments(fit: Series, *, rng: np.random.Generator) -> Iterator[Proposal]:
    """Spectral learning: for every length of words that the data can fill the process of the dimension that the rank
    test tells, and of those that it tells at other lengths if they are smaller."""
    lengths = hankel_lengths(fit)
    if not lengths:
        what = "one symbol throughout" if fit.n_symbol == 1 else f"{fit.n_observed} symbols of {fit.n_symbol} kinds"
        raise NothingToPropose(f"{what} fill no Hankel matrix: take another method, or bring more data")
    tests = [series_rank(fit, length) for length in lengths]
    for test in tests:
        for dimension in sorted({one.rank for one in tests if one.rank <= test.rank}):
            found = series_process(fit, test.length, dimension)
            setting = {"words": test.length, "dimension": dimension, "p": list(test.p), "projected": found.projected}
            fitted = partial(_by_moments_again, length=test.length, dimension=dimension)
            yield setting, LatentModel(found.process, fitted, ("spectral", test.length, dimension))


def _by_moments_again(data: Series, found: HMM | GHMM, *, length: int, dimension: int) -> HMM | GHMM:
    """Nothing is gone on from: the moments of the data are all."""
    return series_process(data, length, dimension).process


def by_likelihood(fit: Series, *, rng: np.random.Generator) -> Iterator[Proposal]:
    """Baum-Welch for every number of hidden states up to some."""
    for n_state in range(1, MOST_HIDDEN + 1):
        yield _most_likely(fit, n_state, rng)


def by_likelihood_and_rank(fit: Series, *, rng: np.random.Generator) -> Iterator[Proposal]:
    """Baum-Welch for the one number of hidden states that the Hankel matrix tells, which is quick."""
    told = max((series_rank(fit, length).rank for length in hankel_lengths(fit)), default=1)
    if told > MOST_HIDDEN:
        raise NothingToPropose(f"the Hankel matrix tells {told} dimensions, more than {MOST_HIDDEN} hidden states")
    if told > 1:
        yield _most_likely(fit, told, rng, restarts=AUTO_RESTARTS, rounds=AUTO_ROUNDS)


def _most_likely(
    fit: Series, n_state: int, rng: np.random.Generator, restarts: int = RESTARTS, rounds: int = ROUNDS
) -> Proposal:
    """Hidden Markov models go on from what was found: to all data, and to drawn ones."""
    found = baum_welch(fit.part(0, MAXIMISED), n_state, rng=rng, restarts=restarts, rounds=rounds)

    def fitted(data: Series, from_here: HMM | GHMM) -> HMM | GHMM:
        return baum_welch(data.part(0, MAXIMISED), n_state, rng=rng, restarts=0, starts=[from_here.T]).process

    setting = {
        "hidden": n_state,
        "restarts": len(found.ends),
        "rounds": len(found.log_likelihood),
        "converged": found.converged,
        "symbols": min(fit.n_observed, MAXIMISED),
    }
    return setting, LatentModel(found.process, fitted, ("baum-welch", n_state))


PROPOSALS: dict[str, Propose] = {
    "cssr": by_splitting,
    "merging": by_merging,
    "bayes": by_evidence,
    "spectral": by_moments,
    "baum-welch": by_likelihood,
    "markov": by_chains,
}
"""Methods by name: each takes the part of a series that makes candidates, and a generator, and gives models of it, or
raises `NothingToPropose`. Of models of one key the first counts."""

AUTO = PROPOSALS | {"baum-welch": by_likelihood_and_rank}
"""What `auto` chooses among."""

FINITE = ("cssr", "merging", "bayes", "markov", "predictor")
"""Methods whose models are finite epsilon-machines."""

METHODS: tuple[str, ...] = ("auto", *PROPOSALS)
"""`cssr`: causal-state splitting; `merging`: causal-state merging; `bayes`: Bayesian structural inference; `spectral`:
processes from the Hankel matrix; `baum-welch`: hidden Markov models by expectation-maximisation; `markov`: chains in
which every symbol may follow; `auto`: the candidates of all, hidden Markov models of one size only. With a predictor
there is `predictor` as well."""
