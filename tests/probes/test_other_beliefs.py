"""Beliefs of bounded and mistaken observers: by enumeration, in closed form, and the same for every presentation."""

from itertools import product

import numpy as np
import pytest

from compmech import GHMM, HMM, entropy_rate, horizon_ranks, zoo
from compmech.spans import future_map
from probes import (
    belief_target,
    beyond_targets,
    coarse_target,
    constrained_target,
    foreign_target,
    future_basis,
    histories,
    last_symbols_target,
    log_odds_target,
    markov_approximation,
    state_target,
    with_distributions,
)
from tests.probes.ground_for_tests import SMALL, in_other_coordinates, redundant, relabelled

STARTED = HMM(zoo.rrxor().T, start=[0.5, 0.2, 0.1, 0.1, 0.1])  # not stationary


def distances(Y: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(Y[:, None] - Y[None], axis=-1))


def state_given(process: HMM | GHMM, t: int, known: dict[int, int]) -> np.ndarray:
    """P(S_t | some of the symbols before t), by summing over all words of length t."""
    total = np.zeros(process.n_state)
    for word in product(range(process.n_symbol), repeat=t):
        if all(word[s] == x for s, x in known.items()):
            vector = process.start
            for x in word:
                vector = vector @ process.T[x]
            total = total + vector
    return np.asarray(total / (total @ process.evaluate))


@pytest.mark.parametrize("process", [zoo.mess3(), zoo.rrxor(), STARTED], ids=["mess3", "rrxor", "started"])
def test_constrained_adds_what_each_symbol_says(process: HMM) -> None:
    found = histories(process, 4)
    Y = constrained_target(process, found, gauge="state").Y
    for i in range(len(found)):
        word, t = found.symbols(i), int(found.row[i])
        prior = state_given(process, t, {})
        expected = prior + sum(state_given(process, t, {s: word[s]}) - prior for s in range(t))
        np.testing.assert_allclose(Y[i], expected, atol=1e-12)
    one = found.row == 1
    np.testing.assert_allclose(Y[one], found.belief[one], atol=1e-12)  # one symbol is all there is
    assert abs(Y[found.row == 4] - found.belief[found.row == 4]).max() > 0.01


def test_the_weight_of_a_symbol_decays_as_published_on_mess3() -> None:
    x = 0.1
    process = zoo.mess3(x=x, a=0.7)
    found = histories(process, 6)
    Y = constrained_target(process, found, gauge="state").Y
    index = {found.symbols(i): i for i in range(len(found))}
    moved = [Y[index[(1, *[0] * lag)]] - Y[index[(0, *[0] * lag)]] for lag in range(6)]
    for lag in range(1, 6):
        np.testing.assert_allclose(moved[lag], (1 - 3 * x) ** lag * moved[0], atol=1e-12)


@pytest.mark.parametrize("process", SMALL, ids=lambda p: p.name)
def test_no_presentation_changes_them(process: HMM) -> None:
    found = histories(process, 5)
    for other in (
        relabelled(process, list(range(process.n_state))[::-1]),
        redundant(process),
        in_other_coordinates(process, np.random.default_rng(1)),
    ):
        theirs = histories(other, 5)
        for one, two in (
            (constrained_target(process, found), constrained_target(other, theirs)),
            (last_symbols_target(process, found, 2), last_symbols_target(other, theirs, 2)),
            (log_odds_target(process, found), log_odds_target(other, theirs)),
        ):
            assert one.dimension == two.dimension
            np.testing.assert_allclose(distances(one.Y), distances(two.Y), atol=1e-7)


def test_the_last_symbols_alone() -> None:
    found = histories(STARTED, 5)
    for k in (0, 1, 3):
        target = last_symbols_target(STARTED, found, k, gauge="state")
        assert target.name == f"belief-last-{k}"
        for i in range(0, len(found), 3):
            word, t = found.symbols(i), int(found.row[i])
            known = {s: word[s] for s in range(max(0, t - k), t)}
            np.testing.assert_allclose(target.Y[i], state_given(STARTED, t, known), atol=1e-12)
    np.testing.assert_allclose(last_symbols_target(STARTED, found, 5, gauge="state").Y, found.belief, atol=1e-12)
    with pytest.raises(ValueError, match="at least 0"):
        last_symbols_target(STARTED, found, -1)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_markov_approximation_keeps_the_words_it_should(k: int) -> None:
    for process in (zoo.even(), zoo.mess3(), zoo.rrxor()):
        approximation = markov_approximation(process, k)
        for length in range(1, k + 2):
            theirs = approximation.start @ future_map(approximation, length)
            np.testing.assert_allclose(process.start @ future_map(process, length), theirs, atol=1e-12)
    with pytest.raises(ValueError, match="at least 1"):
        markov_approximation(zoo.even(), 0)


def test_a_markov_process_is_its_own_approximation() -> None:
    process = zoo.golden_mean()
    found = histories(process, 6)
    approximation = markov_approximation(process, 1)
    assert entropy_rate(approximation) == pytest.approx(2 / 3)
    foreign = foreign_target(approximation, found, "order-1")
    np.testing.assert_allclose(distances(foreign.Y), distances(belief_target(process, found).Y), atol=1e-12)


def test_a_foreign_belief_is_filtered_from_the_same_symbols_by_name() -> None:
    process = zoo.golden_mean()
    found = histories(process, 5)
    flipped = HMM(process.T[::-1], alphabet=process.alphabet[::-1])  # the same process with its symbols the other way
    np.testing.assert_allclose(
        distances(foreign_target(flipped, found, "same").Y), distances(belief_target(process, found).Y), atol=1e-12
    )
    coin = histories(HMM([[[0.5]], [[0.5]]], alphabet="01"), 4)
    impossible = foreign_target(process, coin, "golden")
    assert (impossible.name, impossible.dimension) == ("golden", 0)
    assert "impossible under the other process" in impossible.reason
    unknown = foreign_target(process, histories(zoo.mess3(), 2), "golden")
    assert unknown.reason == "the other process has no symbol '2'"


def test_a_coarse_observer_sees_names_only() -> None:
    process = zoo.mess3()
    found = histories(process, 5)
    target = coarse_target(process, found, {"0": "a", "1": "b", "2": "b"})
    recent = found.recent(5)
    seen = np.where(recent > 0, 1, recent)
    for view in np.unique(seen, axis=0)[::7]:
        members = (seen == view).all(axis=1)
        assert np.ptp(target.Y[members], axis=0).max() < 1e-12
    same = coarse_target(process, found, lambda symbol: symbol)
    np.testing.assert_allclose(distances(same.Y[:40]), distances(belief_target(process, found).Y[:40]), atol=1e-12)


def test_log_odds_are_centred_logarithms() -> None:
    process = zoo.mess3()
    found = histories(process, 4)
    target = log_odds_target(process, found, gauge="state")
    assert target.dimension == 2
    # distances in these coordinates are those of centred logarithms
    logs = np.log(found.belief)
    np.testing.assert_allclose(distances(target.Y), distances(logs - logs.mean(axis=1, keepdims=True)), atol=1e-10)


def test_infinite_log_odds_are_an_empty_target() -> None:
    process = zoo.golden_mean()
    target = log_odds_target(process, histories(process, 4), gauge="state")
    assert target.dimension == 0
    assert target.reason == "infinite: after '0' some state has probability 0"


def test_there_is_a_target_beyond_every_horizon_that_does_not_tell_all() -> None:
    for process, horizons in ((zoo.rrxor(), ["beyond", "beyond-2", "beyond-3"]), (zoo.mess3(), [])):
        targets = beyond_targets(process, histories(process, 9), weighting="probability")
        assert [target.name for target in targets] == horizons
        assert all(target.dimension for target in targets)


def test_distributions_are_given_to_what_is_affine_in_the_belief() -> None:
    process = zoo.rrxor()
    found = histories(process, 7)
    plain = [
        belief_target(process, found),
        state_target(found),
        constrained_target(process, found),
        *beyond_targets(process, found, weighting="uniform"),
    ]
    given = with_distributions(process, found, plain)
    assert [target.distribution is not None for target in given] == [True, True, False, True, True, True]
    assert given[1].distribution is found.belief
    words = given[0].distribution
    assert words is not None
    np.testing.assert_allclose(words.sum(axis=1), 1)
    assert words.shape[1] <= 2 ** future_basis(process).horizon


def test_too_many_words_are_refused() -> None:
    late = HMM(np.kron(np.full((8, 1, 1), 1 / 8), np.roll(np.eye(6), 1, axis=1)), start=np.eye(6)[0])
    T = late.T.copy()
    T[:, 5] *= np.linspace(0, 2, 8)[:, None]  # which of six moments it is, is told by the symbol of the last only
    process = HMM(T, start=late.start)
    assert len(horizon_ranks(process)) == 6 - 1
    with pytest.raises(ValueError, match="would have to predict 32768 words of length 5; the most are 4096"):
        with_distributions(process, histories(process, 1), [])
