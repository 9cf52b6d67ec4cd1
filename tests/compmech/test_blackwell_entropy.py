"""The entropy rate: sampled over the Blackwell measure, and bounded by the recent words that matter."""

import machines
import numpy as np
import oracles
import pytest
import truths
from belief_systems import CANTOR
from hypothesis import given, settings
from strategies import ergodic_hmms

from compmech import GHMM, HMM, NegativeProbability, block_entropies, statistics, zoo
from compmech.blackwell import BeliefSystem, belief_system, blackwell, mean_entropy, sample_orbits
from compmech.blackwell.entropy import word_entropies
from compmech.measures.contexts import contexts
from compmech.measures.hull import corners, least_coordinates
from compmech.measures.recent_words import rate_bounds

# Published, or certified with ten times the words; the bounds of the default budget must be inside.
KNOWN = [
    (zoo.mess3(x=0.05, a=0.85), 1.14471725, 1.14471731),
    (zoo.mess3(x=0.15, a=0.6), 1.5709336179, 1.5709336194),
    (CANTOR, 0.99602475645, 0.99602475655),
]


@pytest.mark.parametrize(("process", "low", "high"), KNOWN)
def test_known_rates(process: HMM, low: float, high: float) -> None:
    found = rate_bounds(process.T, process.start)
    assert low < found.lower <= found.upper < high


def test_statistics_attain_them() -> None:
    for process, low, high in KNOWN[:2]:
        found = statistics(process).entropy_rate
        assert low < found.lower <= found.upper < high


def test_leaky_rrxor() -> None:
    """0.92548(2), by another method: bounds of three times the words, and the mean over the Blackwell measure."""
    process = zoo.leaky_rrxor()
    found = rate_bounds(process.T, process.start)
    assert 0.92539 < found.lower < 0.92548 < found.upper < 0.92557
    mean = mean_entropy(sample_orbits(process, 400, 500, rng=np.random.default_rng(0)))
    assert abs(mean.value - 0.92548) < 4 * mean.standard_error + 2e-5
    assert mean.standard_error < 1e-4


@pytest.mark.parametrize(
    ("process", "rate"),
    [
        (zoo.golden_mean(0.5), 2 / 3),
        (zoo.even(0.5), 2 / 3),
        (zoo.rrxor(), 2 / 3),
        (zoo.sns(), truths.sns()["entropy_rate"]),
        (machines.period(3), 0.0),
        (HMM([[[0.3]], [[0.7]]]), truths.H(0.3, 0.7)),
    ],
)
def test_closed_forms(process: HMM, rate: float) -> None:
    found = rate_bounds(process.T, process.start)
    assert found.lower <= rate <= found.upper < found.lower + 1e-4  # of RRXOR it takes many words to find the phase
    mean = mean_entropy(sample_orbits(process, 200, 200, rng=np.random.default_rng(1)))
    assert abs(mean.value - rate) < 4 * mean.standard_error + 1e-12


@settings(max_examples=20)
@given(ergodic_hmms(most_states=3, most_symbols=2))
def test_bounds_hold_and_narrow(process: HMM) -> None:
    """Any number of words bounds one number, never more loosely than fewer do; the full tree agrees."""
    few, many = (rate_bounds(process.T, process.start, max_words=n) for n in (50, 3000))
    assert few.lower <= many.lower + 1e-11
    assert many.upper <= few.upper + 1e-11
    tree = contexts(process.T, process.start, max_numbers=3000).entropy_rate
    assert many.lower <= tree.upper
    assert tree.lower <= many.upper
    h_4 = float(np.diff(block_entropies(process, 4))[-1])
    assert many.lower <= h_4 + 1e-11


def test_one_word_gives_the_state_known_and_nothing_known() -> None:
    """max_words=0: only the empty word, h between H[X | corners] and H[X]."""
    process = zoo.mess3()
    found = rate_bounds(process.T, process.start, max_words=0)
    hull = corners(least_coordinates(process.T))
    at_corners = [truths.H(*(row @ process.emission)) for row in hull]
    assert found.lower == pytest.approx(np.mean(at_corners), abs=1e-11)
    assert found.upper == pytest.approx(np.log2(3), abs=1e-11)


def test_forbidden_symbols_and_words() -> None:
    """A symbol that never occurs, and beliefs that hardly move."""
    T = np.concatenate([zoo.golden_mean(0.5).T, np.zeros((1, 2, 2))])
    found = rate_bounds(T, zoo.golden_mean(0.5).start)
    assert found.lower <= 2 / 3 <= found.upper < found.lower + 1e-9
    still = HMM([0.3 * np.full((2, 2), 0.5), 0.7 * np.full((2, 2), 0.5)])
    found = rate_bounds(still.T, still.start)
    assert found.upper - found.lower < 1e-9


def test_beliefs_that_come_together_at_a_point() -> None:
    """Symbols are independent while the state goes round: the simplex of all beliefs shrinks to a point."""
    turn = np.array([[1, 2, 1], [1, 1, 2], [2, 1, 1]]) / 7
    process = HMM([turn, np.full((3, 3), 1 / 7)])
    found = rate_bounds(process.T, process.start)
    h = truths.H(3 / 7, 4 / 7)
    assert found.lower <= h <= found.upper < found.lower + 1e-11


@settings(max_examples=20)
@given(ergodic_hmms(most_states=3))
def test_the_hull_holds_all_beliefs(process: HMM) -> None:
    orbits = sample_orbits(BeliefSystem(process), 20, 30, rng=np.random.default_rng(0), burn_in=200)
    assert (orbits.beliefs >= least_coordinates(process.T) - 1e-9).all()


def test_the_hull_of_mess3() -> None:
    np.testing.assert_allclose(least_coordinates(zoo.mess3(x=0.15, a=0.6).T), 1 / 11, atol=1e-9)


def test_tables_of_words_have_the_rates_of_blocks() -> None:
    for process in (zoo.mess3(), zoo.rrxor(), machines.sns()):
        H = np.diff(block_entropies(process, 6))
        table, length, rate = word_entropies(BeliefSystem(process), 5, 0.0)
        assert (len(table), length) == (process.n_symbol**5, 5)
        assert rate == pytest.approx(H[5], abs=1e-12)
    clock = belief_system(machines.probability_clock())
    assert word_entropies(clock, 4, 0.0)[2] == pytest.approx(np.diff(block_entropies(clock.process, 5))[4], abs=1e-9)


def test_words_that_rounding_makes_negative_are_impossible() -> None:
    """Moon forbids 00: what rounding leaves of it makes longer words' probabilities come out as -1e-36."""
    system = belief_system(zoo.moon())
    H = np.diff(block_entropies(system.process, 7))
    table, length, rate = word_entropies(system, 6, 0.0)
    assert len(table) == system.n_symbol**6 == system.n_symbol**length
    assert rate == pytest.approx(H[6], abs=1e-9)  # 1e-12 of the terms of the start, for each of some hundred words
    found = blackwell(zoo.moon(), rng=np.random.default_rng(0), n_symbols=20_000)
    assert found.mean_entropy.value - 4 * found.mean_entropy.standard_error < statistics(zoo.moon()).entropy_rate.upper


def test_truly_negative_words_are_named() -> None:
    """P(1) = -0.1 is far from rounding, and so is P(011) where only longer words show it."""
    T = np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])
    process = GHMM(T, np.array([1.1, -0.1]), np.ones(2), check_words=0)
    with pytest.raises(NegativeProbability) as caught:
        word_entropies(BeliefSystem(process), 3, 0.0)
    assert caught.value.word == (1,)
    assert caught.value.value == pytest.approx(-0.1)

    # 0 from state 0 leads to state 1, and 11 from there has probability 0.5 * -0.6
    T = np.array([[[0, 1, 0], [0.5, 0, 0], [1.6, 0, 0]], [[0, 0, 0], [0, 0, 0.5], [-0.6, 0, 0]]])
    process = GHMM(T, np.array([1.0, 0, 0]), np.ones(3), check_words=0)
    with pytest.raises(NegativeProbability) as caught:
        word_entropies(BeliefSystem(process), 3, 0.0)
    assert caught.value.word == (0, 1, 1)
    assert caught.value.value == pytest.approx(-0.3)


def test_improbable_words_stand_for_their_suffixes() -> None:
    process = zoo.mess3()
    table, length, _ = word_entropies(BeliefSystem(process), 2, 0.1)
    assert length == 2
    for code, word in enumerate(oracles.all_words(3, 2)):
        used = word if oracles.word_probability(process, word) >= 0.1 else word[1:]
        assert table[code] == pytest.approx(truths.H(*oracles.prediction(process, used)), abs=1e-12)
    used = [oracles.word_probability(process, word) >= 0.1 for word in oracles.all_words(3, 2)]
    assert 0 < sum(used) < 9


def test_rare_events_are_in_the_error() -> None:
    """Long runs of 0s decide what is left to sampling, and are few among 4000 symbols: most errors hold."""
    process = machines.probability_clock()
    best = block_entropies(process, 18)
    h = best[18] - best[17]  # 0^17 has probability 1e-9
    runs = [mean_entropy(sample_orbits(process, 40, 100, rng=np.random.default_rng(seed))) for seed in range(20)]
    assert sum(abs(run.value - h) < 2 * run.standard_error for run in runs) >= 15
    assert max(run.standard_error for run in runs) < 2e-3


def test_standard_errors_are_what_they_say() -> None:
    """30 runs: the deviations from the certified rate have the size of their errors."""
    process = zoo.mess3(x=0.15, a=0.6)
    h = 1.570933619028  # by extrapolation from the entropies of a symbol given 10 to 13 before it
    scores = []
    for seed in range(30):
        mean = mean_entropy(sample_orbits(process, 50, 60, rng=np.random.default_rng(seed)))
        scores.append((mean.value - h) / mean.standard_error)
    assert abs(np.mean(scores)) < 0.73  # 4 standard errors of 30 such
    assert 0.48 < np.std(scores) < 1.52  # the same


def test_words_make_the_error_small() -> None:
    """Without them, means of H[X | belief] over 40,000 symbols err by 2e-5; with them by less than 1e-8."""
    mean = mean_entropy(sample_orbits(CANTOR, 200, 200, rng=np.random.default_rng(2)))
    assert mean.standard_error < 1e-8
    assert mean.value == pytest.approx(0.9960247564694, abs=4e-8)
