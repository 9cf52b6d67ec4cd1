"""The zoo: matrices as published, parameters checked by name and range, golden statistics that the code confirms."""

import inspect
import json
import re

import numpy as np
import pytest

from compmech import GHMM, HMM, NotErgodic, UnknownName, zoo
from compmech.zoo.catalogue import listed
from compmech.zoo.ranges import Range

# What users look for, under the names of papers and of other tools.
NAMED_ELSEWHERE = re.findall(
    r"\S+",
    """
fair_coin biased_coin coin bernoulli die dice loaded_die iid perturbed_coin mixed_coins nonergodic_two_coins
period period_k periodic_word noisy_period_2 noisy-period z1r zero_one_random 01R zrr zero_random_random band_merging
golden_mean no_consecutive_ones golden-mean restricted_gm stretched_gm rk_gm R-k-golden-mean nonunifilar_golden_mean
even even_ones odd even_odd three_even three_even_odd multiples redundant_even
nemo rip random_insertion rnc rn1c
butterfly flower lollipop teddy_bear shuriken abc alternating_biased_coins random_phase_slip
noisy_random_phase_slip NRPS
phase_slip_backtrack psb misiurewicz tent_map tent_map_left tent_map_right tent_map_both ising ising_1d ehrenfest girvan
girvan_fig6b girvan_fig6c girvan_fig6d renewal renewal_finite uniform_renewal power_law_renewal sns
simple_nonunifilar_source rrxor random_random_xor rrxro leaky_rrxor parity_check mess3 mess cantor sierpinski
matching_parens dyck days_of_week mr_name two_names random_unifilar random_hmm random_markov_chain bloch_walk
tom_quantum frdn fanizza frdn_fanizza moon moon_post_quantum post_quantum quantum_rrxor golden_mean_ghmm odd_ghmm
probability_clock irreversible_two_state four_state_almost_iid logic_machine beads_on_necklace markov_skeleton
binary_chain_family binary_chain_generator random_probabilities wheeler_infinite_order
tetris_nes tetris_bag tetris_history tetris_gameboy BeadsOnNecklace LogicMachine TetrisBag MarkovSkeleton
""",
)


def test_names_are_those_of_the_functions() -> None:
    assert len(zoo.names()) >= 75
    assert list(zoo.names()) == sorted(zoo.names())
    assert all(name in zoo.__all__ and zoo.get(name) is getattr(zoo, name) for name in zoo.names())


@pytest.mark.parametrize("name", NAMED_ELSEWHERE)
def test_known_names_are_understood(name: str) -> None:
    assert zoo.entry(name).name in zoo.names()


@pytest.mark.parametrize("name", zoo.names())
def test_entries_are_complete(name: str) -> None:
    entry = zoo.entry(name)
    signature = inspect.signature(entry.build).parameters
    assert [parameter.name for parameter in entry.parameters] == list(signature)
    assert all(parameter.default == signature[parameter.name].default for parameter in entry.parameters)
    assert all(parameter.default in parameter.range and parameter.range.meaning for parameter in entry.parameters)
    assert all(f"{parameter.name}:" in entry.build.__doc__ for parameter in entry.parameters)
    assert entry.description.endswith(".")
    assert entry.source
    assert entry.golden
    process = entry.build()
    assert isinstance(process, HMM | GHMM)
    assert process.name == name
    # symbols are strings, digits in their order where they are digits
    assert all(isinstance(symbol, str) for symbol in process.alphabet)
    digits = [symbol for symbol in process.alphabet if symbol.isdigit()]
    assert digits == sorted(digits, key=int)
    assert json.loads(json.dumps(entry.to_dict(), allow_nan=False))["name"] == name


@pytest.mark.parametrize(
    "spelling", ["GoldenMean", "golden_mean", "Golden-Mean", "GOLDEN MEAN", " no_consecutive_ones "]
)
def test_spellings(spelling: str) -> None:
    assert zoo.get(spelling) is zoo.golden_mean


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("golden_men", "golden_mean"), ("RRXORR", "rrxor"), ("mess33", "mess3"), ("nosy-period", "noisy_period")],
)
def test_a_typo_gets_the_nearest_name(typo: str, meant: str) -> None:
    with pytest.raises(UnknownName, match=f"unknown process .* did you mean '{meant}'"):
        zoo.get(typo)


def test_a_name_like_none_gets_the_list() -> None:
    with pytest.raises(UnknownName, match=r"Known: abc, almost_fair_coin") as caught:
        zoo.entry("qqqqqqqq")
    assert caught.value.known == zoo.names()


def test_a_wrong_parameter_name_is_named() -> None:
    with pytest.raises(UnknownName, match=r"unknown parameter of rrxor 'p'.*Known: p1, p2"):
        zoo.rrxor(p=0.5)


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (zoo.golden_mean, {"p": 1.2}, r"golden_mean: p must be in \[0, 1\] \(P\(1 \| A\)\); got 1.2"),
        (zoo.golden_mean, {"p": float("nan")}, r"golden_mean: p must be in \[0, 1\]"),
        (zoo.even, {"p": "0.5"}, "even: p must be in"),
        (zoo.mess3, {"x": 0.0}, r"mess3: x must be in \(0, 0.5\]"),
        (zoo.sns, {"p": 0}, r"sns: p must be in \(0, 1\]"),
        (zoo.leaky_rrxor, {"epsilon": -1e-9}, r"leaky_rrxor: epsilon must be in \[0, 1\]"),
        (zoo.noisy_period, {"k": 2.5}, r"noisy_period: k must be in whole numbers \[1, 64\]"),
        (zoo.noisy_period, {"noise": True}, "noisy_period: noise must be in"),
    ],
)
def test_values_out_of_range_name_the_parameter_and_its_range(build, arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        build(**arguments)


@pytest.mark.parametrize("name", zoo.names())
def test_ends_of_the_ranges_build_or_say_why_not(name: str) -> None:
    """At the ends some states are never visited; only a chain that falls apart is refused, by the HMM itself."""
    entry = zoo.entry(name)
    for parameter in entry.parameters:
        if not isinstance(parameter.range, Range):
            continue
        limits = parameter.range
        for value, is_open in ((limits.low, limits.open_low), (limits.high, limits.open_high)):
            if is_open:
                value = 0.999 * value + 0.001 * parameter.default
            value = int(value) if limits.whole else value
            try:
                process = entry.build(**{parameter.name: value})
            except NotErgodic:
                continue
            except ValueError as error:  # two parameters that do not go together
                assert str(error).startswith(f"{name}: ")  # noqa: PT017
                continue
            assert np.allclose(process.start @ process.A, process.start)


def test_numpy_numbers_are_in_range() -> None:
    assert np.float32(0.5) in Range("probability")
    assert np.int64(3) in Range("count", high=9, whole=True)
    assert np.float64(2.5) not in Range("count", high=9, whole=True)


@pytest.mark.parametrize("process", [zoo.golden_mean(p=0.2), zoo.even(p=0.2), zoo.rip(p=0.2), zoo.nemo(p=0.2)])
def test_p_is_the_probability_of_a_one_from_the_first_state(process: HMM) -> None:
    assert process.emission[0].tolist() == [0.8, 0.2]


def test_rrxor_is_two_bits_and_their_parity() -> None:
    rng = np.random.default_rng(0)
    process = zoo.rrxor(p1=0.3, p2=0.6)
    T = process.T
    started = HMM(T, start=[1, 0, 0, 0, 0])
    words = started.sample(2000, 6, rng=rng)
    assert (words[:, 2::3] == words[:, 0::3] ^ words[:, 1::3]).all()
    assert words[:, 0].mean() == pytest.approx(0.3, abs=5 * 0.5 / 2000**0.5)  # five standard errors
    assert words[:, 1].mean() == pytest.approx(0.6, abs=5 * 0.5 / 2000**0.5)


def test_leaky_rrxor_without_leak_is_rrxor() -> None:
    np.testing.assert_array_equal(zoo.leaky_rrxor(0.3, 0.6, epsilon=0).T, zoo.rrxor(0.3, 0.6).T)


def test_mess3_is_the_published_matrix() -> None:
    """T^(A) = [[ay, bx, bx], [ax, by, bx], [ax, bx, by]], B and C by symmetry: arXiv 2405.15943."""
    x, a = 0.15, 0.6
    b, y = (1 - a) / 2, 1 - 2 * x
    first = [[a * y, b * x, b * x], [a * x, b * y, b * x], [a * x, b * x, b * y]]
    process = zoo.mess3(x=x, a=a)
    np.testing.assert_allclose(process.T[0], first, rtol=1e-15)
    turn = [1, 2, 0]
    np.testing.assert_allclose(process.T[0], process.T[1][np.ix_(turn, turn)], rtol=1e-15)
    np.testing.assert_allclose(process.T[0], process.T[2][np.ix_(turn, turn)][np.ix_(turn, turn)], rtol=1e-15)


def test_noisy_period_repeats_its_word() -> None:
    word = zoo.noisy_period(noise=0, k=5).sample(3, 11, rng=np.random.default_rng(1))
    assert (word[:, 5:] == word[:, :-5]).all()
    assert (word[:, :5].sum(axis=1) == 1).all()


def test_the_catalogue_refuses_a_process_whose_parameters_have_no_range() -> None:
    with pytest.raises(AssertionError, match="give a range per parameter"):

        @listed("A process.", source="none", golden={})
        def unranged(p: float = 0.5) -> HMM:
            return zoo.golden_mean(p)

    assert "unranged" not in zoo.names()
