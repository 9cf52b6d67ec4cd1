"""Machines from predicted futures: exact predictors are recovered exactly, and where there is no machine it is said."""

import numpy as np
import pytest

from compmech import (
    GHMM,
    HMM,
    EpsilonMachine,
    epsilon_machine,
    equivalent,
    horizon_ranks,
    is_stationary,
    statistics,
    zoo,
)
from compmech.inference import (
    Futures,
    hankel_rank,
    isomorphism,
    machine_from_futures,
    merging_ladder,
    predicted_futures,
    rank_growth,
    spectral_fit,
)
from compmech.inference.choosing import TOLERANCE
from compmech.inference.from_futures import entropy_interval

FINITE = ["golden_mean", "even", "z1r", "nemo", "random_phase_slip", "fair_coin"]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def futures_of(process, horizon: int, n: int = 300, time: int = 48) -> Futures:
    return predicted_futures(process, process.sample(n, time, rng=rng(1)), horizon=horizon)


def named(process) -> dict:
    return {"rng": rng(2), "alphabet": process.alphabet}


# ------------------------------------------------------------------------------------------------------------- futures


def test_predicted_futures_are_the_probabilities_of_all_words() -> None:
    process = zoo.nemo()
    words = process.sample(5, 7, rng=rng())
    found = predicted_futures(process, words, horizon=2)
    after = np.indices((2, 2, 2)).reshape(3, -1).T
    for row, word in enumerate(words):
        long = np.concatenate([np.tile(word, (8, 1)), after], axis=1)
        expected = np.exp(process.log_prob(long) - process.log_prob(word[None]))
        assert np.allclose(found.joint[row], expected, atol=1e-12)
    assert np.allclose(found.next, process.predict(words)[:, -1])
    assert np.allclose(found.words, found.within(1).joint)
    assert np.allclose(found.after.sum(axis=2), found.next)


@pytest.mark.parametrize(
    ("joint", "said"),
    [
        ([[0.5, 0.5]], "length of at least 2"),
        ([[0.5, 0.3, 0.2]], "length of at least 2"),
        ([[0.5, 0.3, 0.1, 0.0]], "row 0 of joint is no distribution"),
        ([[0.5, 0.6, -0.1, 0.0]], "no distribution"),
        ([[0.5, 0.5, 1e-7, -1e-7]], r"joint\[0, 3\] is -1e-07"),
        ([0.5, 0.5], "axes"),
    ],
)
def test_what_is_no_array_of_futures_is_refused(joint: list, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Futures(joint, 2)


def test_other_wrong_uses_are_refused() -> None:
    found = futures_of(zoo.even(), 1, 6, 5)
    with pytest.raises(ValueError, match="a group for each"):
        Futures(found.joint, 2, group=[0])
    with pytest.raises(ValueError, match=r"lengths 1 \.\. 2; asked for 3"):
        found.up_to(3)
    with pytest.raises(ValueError, match="at least 1, with at most"):
        predicted_futures(zoo.even(), [[1]], horizon=0)
    with pytest.raises(ValueError, match="has 1048576"):
        predicted_futures(zoo.even(), [[1]], horizon=19)
    with pytest.raises(ValueError, match="more than one sequence"):
        merging_ladder(Futures(found.joint, 2, group=np.zeros(6)))
    with pytest.raises(ValueError, match="tolerance must be above 0"):
        merging_ladder(found, tolerance=0)
    with pytest.raises(ValueError, match="drop_below must be"):
        merging_ladder(found, drop_below=0.5)
    with pytest.raises(ValueError, match="rank must be from 1 to 2"):
        spectral_fit(found, 3)
    with pytest.raises(ValueError, match="must name 2 symbols"):
        machine_from_futures(found, rng=rng(), alphabet=["a"])
    with pytest.raises(ValueError, match="one for each of 6 groups"):
        machine_from_futures(found, rng=rng(), entropies=[1.0])


# -------------------------------------------------------------------------------------------------- planted positives


@pytest.mark.parametrize("name", FINITE)
def test_the_machine_of_an_exact_predictor_is_recovered(name: str) -> None:
    process = getattr(zoo, name)()
    ranks = horizon_ranks(process)
    found = machine_from_futures(futures_of(process, len(ranks)), **named(process))
    truth, known = epsilon_machine(process), statistics(process)
    assert found.method == "merged-futures"
    match = isomorphism(found.machine, truth)
    assert match is not None
    assert match.largest_difference < 1e-9
    assert found.n_causal_states.value == truth.n_state
    assert found.statistical_complexity.value == pytest.approx(known.statistical_complexity, abs=1e-9)
    assert found.excess_entropy.value == pytest.approx(known.excess_entropy, abs=1e-6)
    assert found.entropy_rate.low <= known.entropy_rate <= found.entropy_rate.high
    assert found.diagnostics["dropped"] == []
    assert found.diagnostics["merged"]["residual"] < 1e-9
    assert found.diagnostics["state_frequencies"] == {str(truth.n_state): 1.0}


def test_rrxor_is_recovered_though_some_histories_are_not_synchronised() -> None:
    process = zoo.rrxor()
    found = machine_from_futures(futures_of(process, 4, 500, 40), **named(process))
    match = isomorphism(found.machine, epsilon_machine(process))
    assert match is not None
    assert match.largest_difference < 1e-9
    assert found.diagnostics["stands_out"] > 100


@pytest.mark.parametrize("name", ["rrxor", "nemo", "even", "mess3", "moon", "bloch_walk", "fair_coin"])
def test_ranks_grow_as_those_of_the_process(name: str) -> None:
    process = getattr(zoo, name)()
    words = process.sample(200, 30, rng=rng())
    expected = horizon_ranks(process)
    horizon, ranks = rank_growth(
        lambda k: predicted_futures(process, words, horizon=k), len(process.alphabet), tolerance=TOLERANCE
    )
    assert horizon == len(expected)
    assert ranks == (*expected, expected[-1])


@pytest.mark.parametrize("name", ["mess3", "moon", "bloch_walk", "even"])
def test_the_minimal_process_is_equivalent_to_an_exact_predictor(name: str) -> None:
    process = getattr(zoo, name)()
    ranks = horizon_ranks(process)
    found = spectral_fit(futures_of(process, len(ranks), 200, 40), ranks[-1])
    assert found.projected is None
    fitted = GHMM(found.T, found.start, found.evaluate, alphabet=process.alphabet)
    assert equivalent(fitted, process, tol=1e-7)
    assert found.residual < 1e-9
    assert found.beliefs.shape[1] == ranks[-1] - 1


def clock() -> HMM:
    """Told only by as many symbols as there are till its next stroke, every sixth."""
    T = np.zeros((2, 6, 6))
    T[0, np.arange(5), np.arange(1, 6)] = 1
    T[1, 5, 0] = 1
    return HMM(T)


def test_a_rank_that_still_grows_at_the_longest_horizon_is_refused() -> None:
    words = clock().sample(150, 20, rng=rng())
    with pytest.raises(ValueError, match=r"still grows at horizon 3 \(ranks 2, 3, 4\)"):
        rank_growth(lambda k: predicted_futures(clock(), words, horizon=k), 2, tolerance=TOLERANCE, longest=3)
    found = merging_ladder(predicted_futures(clock(), words, horizon=5))
    assert found.finite
    assert found.chosen.n_state == 6


def test_a_rank_is_as_sure_as_its_weakest_direction() -> None:
    found = hankel_rank(futures_of(zoo.rrxor(), 4), tolerance=TOLERANCE, rng=rng())
    assert (found.rank, found.sure) == (5, 1.0)
    assert found.ratio > 1e4
    for each in found.correlations[:4]:
        assert 0 < each.low <= each.value <= each.high < 1
    # at a coarse tolerance directions go, the weakest first; where it cuts one in two, resamples disagree
    cut = found.correlations[3].value ** 2 / 2 / np.log(2) / 4
    wavering = hankel_rank(futures_of(zoo.rrxor(), 4), tolerance=cut, rng=rng())
    assert 0.05 < wavering.sure < 0.95


# -------------------------------------------------------------------------------------------------- planted negatives


@pytest.mark.parametrize("name", ["mess3", "sns"])
def test_where_states_are_infinitely_many_no_finite_machine_is_given(name: str) -> None:
    process = getattr(zoo, name)()
    found = machine_from_futures(futures_of(process, 2, 400, 40), **named(process))
    assert found.method == "spectral"
    assert found.n_causal_states is None
    assert found.statistical_complexity is None
    assert "the number of states grows with the tolerance" in found.diagnostics["reason"]
    curve = [each["n_state"] for each in found.diagnostics["states_by_tolerance"] if each["n_state"] is not None]
    assert curve == sorted(curve)
    assert curve[-1] > 2 * curve[1]
    assert equivalent(found.machine, process, tol=1e-6)


def test_a_finer_machine_that_stands_out_as_well_is_told() -> None:
    rare = zoo.golden_mean(p=0.02)
    found = merging_ladder(futures_of(rare, 1, 1000, 20))
    assert found.chosen.n_state == 1
    assert found.finer is not None
    assert found.finer.n_state == 2
    assert merging_ladder(futures_of(rare, 1, 1000, 20), tolerance=1e-5).chosen.n_state == 2
    assert merging_ladder(futures_of(zoo.golden_mean(), 1)).finer is None


def perturbed(process, horizon: int, size: float) -> Futures:
    """What a network might say: every prediction of an exact predictor moved by its own history's error."""
    exact = futures_of(process, horizon)
    noise = np.exp(size * rng(5).standard_normal(exact.joint.shape))
    joint = (exact.joint + size * 0.01) * noise
    return Futures(joint / joint.sum(axis=1, keepdims=True), 2)


def test_small_errors_leave_the_machine_and_large_ones_leave_none() -> None:
    truth = epsilon_machine(zoo.nemo())
    good = machine_from_futures(perturbed(zoo.nemo(), 2, 0.02), **named(truth))
    match = isomorphism(good.machine, truth)
    assert match is not None
    assert match.largest_difference < 0.01
    dropped = [(each["symbol"], each["probability"] < 0.01) for each in good.diagnostics["dropped"]]
    assert dropped == [("1", True)]
    bad = machine_from_futures(perturbed(zoo.nemo(), 2, 0.6), **named(truth))
    assert bad.method == "spectral"
    assert bad.n_causal_states is None
    assert not bad.diagnostics["within_tolerance"]
    assert "none of up to" in bad.diagnostics["reason"]


def test_a_horizon_too_short_merges_what_differs_and_is_told_by_its_inconsistency() -> None:
    short = merging_ladder(futures_of(zoo.rrxor(), 1))
    assert not short.finite
    assert short.chosen.inconsistent > 0.02 or short.chosen.residual > short.tolerance


def test_errors_that_make_words_negative_end_in_a_projection_that_says_so() -> None:
    found = spectral_fit(perturbed(zoo.nemo(), 2, 0.02), 3)
    assert found.projected is not None
    assert "gets probability -" in found.projected
    assert isinstance(found.process, HMM)
    assert found.negative < 0
    assert found.residual < 0.01
    assert found.residual_process < 0.001
    h = statistics(found.process).entropy_rate
    middle = h if isinstance(h, float) else (h.lower + h.upper) / 2
    assert middle == pytest.approx(3 / 4, abs=0.01)


def test_several_closed_classes_keep_their_shares() -> None:
    two = HMM([[[0.3, 0, 0], [0, 0, 0.5], [0, 0, 0]], [[0.7, 0, 0], [0, 0.5, 0], [0, 1, 0]]], start=[0.25, 0.5, 0.25])
    found = merging_ladder(futures_of(two, 2, 200, 40))
    assert found.finite
    machine = found.chosen.machine
    assert machine.n_state == 3
    assert len(machine.closed_classes) == 2
    coin = int(np.argmin(abs(machine.emit[:, 0] - 0.3)))
    assert machine.start[coin] == pytest.approx(0.25, abs=0.1)
    moved = found.chosen.emit * (1 + 0.01 * np.arange(2))
    moved /= moved.sum(axis=1, keepdims=True)
    assert is_stationary(found.chosen.reweighted(moved))
    both = found.chosen.stationary(np.array([found.chosen.emit, moved]))
    np.testing.assert_allclose(both, [machine.start, found.chosen.reweighted(moved).start], atol=1e-12)
    assert abs(both[0] - both[1]).max() > 1e-4


def test_where_resamples_miss_states_no_interval_is_made_up() -> None:
    """Two histories of each of 40 states that follow one another: a resample has all 40 once in 300 times."""
    n = 40
    cycle = HMM([np.outer(np.eye(n)[x], np.eye(n)[(x + 1) % n]) for x in range(n)])
    words = np.repeat((np.arange(n)[:, None] + np.arange(3)) % n, 2, axis=0)
    found = machine_from_futures(predicted_futures(cycle, words, horizon=1), rng=rng())
    assert found.machine.n_state == n
    assert found.statistical_complexity is None
    assert found.excess_entropy is None
    for key in ("statistical_complexity", "excess_entropy"):
        assert "hold every transition of the machine, too few for an interval" in found.diagnostics["how"][key]
    assert found.diagnostics["machine_statistics"]["statistical_complexity"] == pytest.approx(np.log2(n))


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    process = zoo.nemo()
    held = 0
    for seed in range(60):
        words = process.sample(60, 20, rng=rng(100 + seed))
        found = entropy_interval(predicted_futures(process, words, horizon=1), None, rng(seed))
        held += found.low <= 0.75 <= found.high
    assert held >= 50  # 95 % of 60 is 57; fewer than 51 have probability 1e-3


# --------------------------------------------------------------------------------------------------------- isomorphism


def test_isomorphism_finds_relabelled_states_and_symbols_and_measures_probabilities() -> None:
    truth = epsilon_machine(zoo.rrxor())
    order = rng().permutation(truth.n_state)
    place = np.argsort(order)
    successor = np.where(truth.successor[order] >= 0, place[truth.successor[order]], -1)
    emit = truth.emit[order].copy()
    emit[place[0]] = [0.48, 0.52]
    moved = EpsilonMachine(successor[:, ::-1], emit[:, ::-1], alphabet=truth.alphabet[::-1])
    match = isomorphism(moved, truth)
    assert match is not None
    assert list(match.states) == order.tolist()
    assert match.largest_difference == pytest.approx(0.02)


def test_machines_that_differ_are_not_isomorphic() -> None:
    even, golden = epsilon_machine(zoo.even()), epsilon_machine(zoo.golden_mean())
    assert isomorphism(even, golden) is None
    assert isomorphism(even, epsilon_machine(zoo.nemo())) is None
    assert isomorphism(even, EpsilonMachine(even.successor, even.emit, alphabet=["a", "b"])) is None
    with pytest.raises(ValueError, match="all reach one another"):
        isomorphism(EpsilonMachine([[0, 1], [-1, 1]], [[0.5, 0.5], [0, 1]]), even)
