"""Bayesian structural inference against evidence summed path by path, and on data of known machines."""

from math import lgamma

import numpy as np
import pytest
from known_series import truth_of

from compmech import epsilon_machine, zoo
from compmech.inference import isomorphism
from compmech.inference.series import Series, series
from compmech.inference.topology_evidence import Library, library, structural_posterior
from compmech.topologies import topological_machines


def slow(successor: np.ndarray, start: int, words: list[list[int]], alpha: float) -> float | None:
    """ln P(data | topology, start), one symbol at a time by the rule of succession; None if it is impossible."""
    n, k = successor.shape
    counts = np.zeros((n, k))
    found = 0.0
    for number, word in enumerate(words):
        states = {start} if number == 0 else set(range(n))
        for x in word:
            if len(states) == 1:
                (state,) = states
                allowed = successor[state] >= 0
                if not allowed[x]:
                    return None
                found += np.log((counts[state, x] + alpha) / (counts[state] + alpha)[allowed].sum())
                counts[state, x] += 1
            states = {int(successor[s, x]) for s in states if successor[s, x] >= 0}
            if not states:
                return None
    return found


@pytest.mark.parametrize("alpha", [1.0, 0.5])
@pytest.mark.parametrize("text", ["0110" * 9 + "011", "01101111011011-1101-0-11", "0", "-01-"])
def test_evidence_is_that_of_every_path(text, alpha):
    data = Series(np.array([-1 if c == "-" else int(c) for c in text]), (0, 1))
    found = structural_posterior(data, library(3, 2), alpha=alpha, penalty=1.0)
    words = sorted(([int(x) for x in piece] for piece in text.split("-") if piece), key=len, reverse=True)
    told = {(t, s): e for t, s, e in zip(found.topology, found.start, found.log_evidence, strict=True)}
    known = {}
    for number in range(len(found.library)):
        n = found.library.n_state[number]
        for start in range(n):
            value = slow(found.library.successor[number, :n], start, words, alpha)
            if value is not None:
                known[number, start] = value
    assert told.keys() == known.keys()
    for key, value in known.items():
        assert told[key] == pytest.approx(value, rel=1e-12, abs=1e-9)
    prior = {
        key: value - np.log(found.library.n_state[key[0]]) - found.library.n_state[key[0]]
        for key, value in known.items()
    }
    total = np.logaddexp.reduce(list(prior.values()))
    posterior = {(t, s): p for t, s, p in zip(found.topology, found.start, found.log_posterior, strict=True)}
    for key, value in prior.items():
        assert posterior[key] == pytest.approx(value - total, abs=1e-9)


@pytest.mark.parametrize(
    ("together", "many", "at_once"), [(1_000, 0, 1), (30, 0, 1), (30, 10**6, 1), (30, 10**6, 1 << 16)]
)
def test_how_topologies_are_run_does_not_matter(monkeypatch, together, many, at_once):
    """Each by itself throughout is the reference: side by side, or in segments, they give the same."""
    data = Series(zoo.even().sample(1, 400, rng=np.random.default_rng(0))[0], (0, 1))
    monkeypatch.setattr("compmech.inference.topology_evidence._TOGETHER", 1_000)
    whole = structural_posterior(data, library(3, 2))
    for name, value in (("_TOGETHER", together), ("_MANY", many), ("_AT_ONCE", at_once)):
        monkeypatch.setattr(f"compmech.inference.topology_evidence.{name}", value)
    again = structural_posterior(data, library(3, 2))
    np.testing.assert_allclose(again.log_posterior, whole.log_posterior, atol=1e-9)
    assert again.counts.tolist() == whole.counts.tolist()


def test_a_large_topology_told_by_its_symbols_is_counted_as_one_that_is_run_from_every_state(monkeypatch):
    data = Series(zoo.even().sample(1, 9_000, rng=np.random.default_rng(0))[0], (0, 1))
    chain = Library(((np.arange(32)[:, None] * 2 + np.arange(2)) % 32)[None], np.array([32]))
    quick = structural_posterior(data, chain)
    untold = Library(np.stack([np.roll(np.arange(32), 1)] * 2, axis=1)[None], np.array([32]))  # a clock: never told
    clock = structural_posterior(data, untold)
    monkeypatch.setattr("compmech.inference.topology_evidence._LARGE", 10**6)
    for found, library_of in ((quick, chain), (clock, untold)):
        slow = structural_posterior(data, library_of)
        assert found.counts.tolist() == slow.counts.tolist()
        assert found.start.tolist() == slow.start.tolist()
    assert quick.counts[0].sum() == 9_000


def test_the_evidence_of_one_state_is_the_beta_integral():
    data = series("0010", alphabet="01")
    found = structural_posterior(data, library(1, 2))
    assert found.log_evidence.tolist() == [pytest.approx(lgamma(4) + lgamma(2) - lgamma(6))]


@pytest.mark.parametrize("name", ["golden_mean", "even", "z1r", "nemo"])
def test_small_machines_come_back(name):
    process = getattr(zoo, name)()
    data = Series(process.sample(1, 4_000, rng=np.random.default_rng(0))[0], (0, 1))
    found = structural_posterior(data, library(4, 2))
    best = found.best()
    same = isomorphism(found.machine(best), truth_of(process))
    assert same is not None
    assert same.largest_difference < 0.05
    assert found.by_states[epsilon_machine(process).n_state] > 0.9


def test_rrxor_comes_back():
    """No word tells its state for sure: a third of the probability has not told it after ten symbols."""
    process = zoo.rrxor()
    data = Series(process.sample(1, 4_000, rng=np.random.default_rng(1))[0], (0, 1))
    found = structural_posterior(data, library(5, 2))
    assert isomorphism(found.machine(found.best()), truth_of(process)) is not None
    assert found.by_states[5] > 0.99


def test_draws_spread_as_the_dirichlet_does():
    data = series("0" * 30 + "1" * 10, alphabet="01")
    found = structural_posterior(data, library(1, 2))
    rng = np.random.default_rng(0)
    drawn = np.array([found.machine(0, rng=rng).emit[0, 0] for _ in range(1_000)])
    mean = 31 / 42
    assert drawn.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean * (1 - mean) / 43 / 1_000))
    assert drawn.var() == pytest.approx(mean * (1 - mean) / 43, rel=0.25)  # 5 standard errors of a variance of 1,000
    assert found.machine(0).emit[0, 0] == pytest.approx(mean)


def test_a_number_of_states_can_be_asked_for():
    data = Series(zoo.even().sample(1, 500, rng=np.random.default_rng(0))[0], (0, 1))
    found = structural_posterior(data, library(3, 2))
    row = found.best(3)
    assert found.machine(row).n_state == 3
    coin = structural_posterior(series("0110100", alphabet="01"), library(1, 2))
    assert coin.best(2) is None


def test_the_library_is_every_topology():
    both = library(3, 2)
    assert len(both) == 3 + 7 + 78
    assert sum(1 for _ in topological_machines(2, 3)) == int((library(2, 3).n_state == 2).sum())


@pytest.mark.parametrize(
    ("data", "options", "complaint"),
    [
        (series("abc"), {}, "data over 3 symbols, topologies over 2"),
        (series("ab"), {"alpha": 0.0}, "alpha must be positive"),
    ],
)
def test_what_cannot_be_asked_is_said(data, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        structural_posterior(data, library(2, 2), **options)


def test_symbols_that_nothing_allows_are_said():
    from compmech.inference.topology_evidence import Library

    zeros = Library(np.array([[[0, -1]]], dtype=np.int8), np.array([1]))
    with pytest.raises(ValueError, match="no topology"):
        structural_posterior(series("01", alphabet="01"), zeros)


def test_a_library_has_states():
    with pytest.raises(ValueError, match="most_states must be >= 1; got 0"):
        library(0, 2)
