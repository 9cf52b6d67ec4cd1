"""Each process does what its name and its parameters say: told without looking at its matrices.

A wrong definition is the commonest silent error, so words are read for the rule that they should follow, processes that
should be one are compared, and parameters are compared with the probabilities that they are said to be.
"""

import re
from itertools import groupby

import numpy as np
import pytest

from compmech import GHMM, HMM, equivalent, zoo
from compmech.zoo.chaos import SLOPE
from compmech.zoo.ranges import Range

LENGTH = 3000


def said_probabilities(name: str):
    """Parameters whose meaning begins "P(symbol | state)", and those two, of a process that has both."""
    entry = zoo.entry(name)
    process = entry.build()
    for parameter in entry.parameters:
        said = re.match(r"P\((\S+) \| (\S+)\)", parameter.range.meaning)
        if said and isinstance(parameter.range, Range) and said[2] in process.states and said[1] in process.alphabet:
            yield parameter.name, said[1], said[2]


@pytest.mark.parametrize("name", zoo.names())
def test_parameters_are_the_probabilities_that_they_are_said_to_be(name: str) -> None:
    entry = zoo.entry(name)
    for key, symbol, state in said_probabilities(name):
        # epsilon = 0: a meaning may hold but for a leak
        extra = {"epsilon": 0.0} if any(parameter.name == "epsilon" for parameter in entry.parameters) else {}
        default = next(parameter.default for parameter in entry.parameters if parameter.name == key)
        for value in (default, 0.9 * default):
            process = entry.build(**{key: value}, **extra)
            emitted = process.emission[process.states.index(state), process.alphabet.index(symbol)]
            assert emitted == pytest.approx(value, abs=1e-12)


def test_most_parameters_are_said_to_be_such_probabilities() -> None:
    """Without this the test above could be empty."""
    assert sum(len(list(said_probabilities(name))) for name in zoo.names()) >= 70


@pytest.mark.parametrize("name", zoo.names())
def test_p_is_the_probability_of_a_one_from_a_wherever_there_are_both(name: str) -> None:
    entry = zoo.entry(name)
    process = entry.build()
    if name == "nonunifilar_golden_mean" or "A" not in process.states or "1" not in process.alphabet:
        return  # the first has an A that is no causal state, and says so: its p is P(1 | last symbol 0)
    emitted = process.emission[process.states.index("A"), process.alphabet.index("1")]
    for parameter in entry.parameters:
        if parameter.name == "p" and 0 < emitted < 1:
            assert emitted == pytest.approx(parameter.default)
            assert parameter.range.meaning.startswith("P(1 | A)")


def turned(process: HMM) -> HMM:
    """Symbols 0 and 1 exchanged."""
    return HMM(process.T[::-1], alphabet="01")


a2 = SLOPE**2
SAME = [
    (zoo.fair_coin(), zoo.biased_coin(p=0.5)),
    (zoo.iid([0.7, 0.3]), zoo.biased_coin(p=0.3)),
    (zoo.die(2), HMM([[[0.5]], [[0.5]]], alphabet="12")),
    (zoo.perturbed_coin(0.3), zoo.binary_markov_chain(p=0.3, q=0.7)),
    (zoo.lohr_chain(0.2), zoo.perturbed_coin(0.2)),
    (zoo.lohr_chain(0.45), zoo.perturbed_coin(0.45)),
    (zoo.abc(0.3, 0.3), zoo.biased_coin(0.3)),
    (zoo.golden_mean_ghmm(0.3), zoo.golden_mean(0.3)),
    (zoo.odd_ghmm(), zoo.odd()),
    (zoo.nonunifilar_golden_mean(0.3, free=0.5), zoo.golden_mean(0.3)),
    (zoo.nonunifilar_golden_mean(), zoo.golden_mean()),
    (zoo.restricted_golden_mean(k=1, p=0.7), turned(zoo.golden_mean(0.3))),
    (zoo.stretched_golden_mean(k=1, p=0.7), turned(zoo.golden_mean(0.3))),
    (zoo.rk_golden_mean(R=1, k=3, p=0.4), zoo.restricted_golden_mean(k=3, p=0.4)),
    (zoo.rk_golden_mean(R=3, k=1, p=0.4), zoo.stretched_golden_mean(k=3, p=0.4)),
    (zoo.redundant_even(0.3), zoo.even(0.3)),
    (zoo.multiples(2, 0.3), zoo.even(0.3)),
    (zoo.multiples(1, 0.3), zoo.biased_coin(0.3)),
    (zoo.redundant_nemo(0.3, 0.6), zoo.nemo(0.3, 0.6)),
    (zoo.parity_check(2, 0.5), zoo.rrxor()),
    (zoo.parity_check(2, 0.3), zoo.rrxor(0.3, 0.3)),
    (zoo.almost_fair_coin(1), zoo.golden_mean()),
    (zoo.balanced_almost_fair_coin(1), zoo.period(2)),
    (zoo.period(4), zoo.periodic_word("0001")),
    (zoo.periodic_word(1010), zoo.periodic_word("10")),
    (zoo.noisy_period(0, 3), zoo.period(3)),
    (zoo.band_merging(0.3), turned(zoo.noisy_period(0.3))),
    (zoo.renewal([1.0], tail=0.3), zoo.biased_coin(0.7)),
    (zoo.renewal([0.3, 0.7], tail=0.0), turned(zoo.golden_mean(0.7))),
    (zoo.uniform_renewal(3), zoo.renewal([1 / 3, 1 / 3, 1 / 3, 0.0])),
    (zoo.power_law_renewal(0.0, 5), zoo.uniform_renewal(5)),
    (zoo.random_phase_slip(0.3), zoo.noisy_random_phase_slip(0.3, noise=0)),
    (zoo.girvan_c(0.5, 0.6, 0.6), zoo.girvan_b(0.5, 0.6)),
    (zoo.girvan_d(0.5, 0.6, 0.7, 0.5), zoo.girvan_c(0.5, 0.6, 0.7)),
    (zoo.mess(3, 0.15, 0.6), zoo.mess3(0.15, 0.6)),
    (zoo.sierpinski(1 / 3, 1 / 6), zoo.iid([1 / 3, 1 / 3, 1 / 3])),
    (zoo.leaky_rrxor(epsilon=0), zoo.rrxor()),
    (zoo.leaky_rrxor(epsilon=1), zoo.fair_coin()),
    (zoo.quantum_rrxor(phi=1.0, theta=0.0), zoo.perturbed_coin(float(np.sin(0.5) ** 2))),
    (zoo.quantum_rrxor(phi=1.0, theta=np.pi / 2), zoo.fair_coin()),
    (zoo.quantum_rrxor(epsilon=1.0), zoo.fair_coin()),
    (zoo.golden_mean_parry(), zoo.golden_mean((3 - 5**0.5) / 2)),
    (zoo.misiurewicz((a2 - 2) / 2, (4 + 2 * SLOPE - a2) / 6, (2 + SLOPE - a2) / 2), zoo.tent_map()),
    (zoo.binary_chain_generator(0.3, 0.6), zoo.binary_markov_chain(0.3, 0.6)),
    (zoo.binary_chain_generator(0.6, 0.9), zoo.binary_markov_chain(0.6, 0.9)),
    (zoo.binary_chain_generator(0.8, 0.3), zoo.binary_markov_chain(0.8, 0.3)),
    (zoo.binary_chain_generator(0.3, 0.3), zoo.biased_coin(0.3)),
    (zoo.binary_chain_family(0.3, 0.6, 0.8, 0.1), zoo.binary_markov_chain(0.3, 0.6)),
    (zoo.binary_chain_family(0.8, 0.3, 1.0, 0.3), zoo.binary_markov_chain(0.8, 0.3)),
    (zoo.markov_skeleton(2, 3), zoo.iid([1 / 3, 1 / 3, 1 / 3])),
    (zoo.logic_machine("RRX", 0.3), zoo.rrxor(0.3, 0.3)),
    (zoo.logic_machine("RRXRO", 0.3), zoo.rrxro(0.3, 0.3, 0.3)),
    (zoo.logic_machine("01R", 0.3), zoo.z1r(0.3)),
    (zoo.logic_machine("0RR", 0.3), zoo.zrr(0.3, 0.3)),
    (zoo.logic_machine("0R", 0.3), zoo.noisy_period(0.7)),
    (zoo.logic_machine("Rn1C", 0.3, 0.4), zoo.rnc(0.3, 0.4)),
    (zoo.logic_machine("Rn1N", 0.3, 0.4), zoo.rn1n(0.3, 0.4)),
    (zoo.logic_machine("1n0N", noise=0.4), zoo.logic_machine("10")),
    (zoo.beads_on_necklace("0", "1", [0.3]), zoo.biased_coin(0.7)),
    (zoo.beads_on_necklace("1", "1", [0.3]), zoo.period(1)),
    (zoo.beads_on_necklace("01", ["1", ""], [0.3, 1]), zoo.restricted_golden_mean(1, 0.7)),
    (zoo.tetris_history(1, 1), HMM(np.full((7, 1, 1), 1 / 7), alphabet="IJLOSTZ")),
    (zoo.tetris_bag(2), HMM(zoo.logic_machine("RN").T, alphabet="IJ")),
    (zoo.two_names(w=[1, 0]), HMM(np.insert(zoo.mr_name().T, 3, 0, axis=0), alphabet=zoo.two_names().alphabet)),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda process: process.name or "written out")
def test_processes_that_are_one(one, other) -> None:
    assert equivalent(one, other)


def test_processes_that_differ_are_told_apart() -> None:
    """What the comparisons above are worth."""
    assert not equivalent(zoo.golden_mean_ghmm(0.3), zoo.golden_mean(0.31))
    assert not equivalent(zoo.lohr_chain(0.2), zoo.perturbed_coin(0.21))
    assert not equivalent(zoo.quantum_rrxor(phi=1.0, theta=0.1), zoo.perturbed_coin(float(np.sin(0.5) ** 2)))


def text(process) -> str:
    word = process.sample(1, LENGTH, rng=np.random.default_rng(2507))[0]
    return "".join(str(process.alphabet[x]) for x in word)


def run_lengths(process, symbol: str) -> list[int]:
    """Lengths of the runs of a symbol in a long sample, but the first and last of all."""
    runs = [(x, len(list(run))) for x, run in groupby(text(process))][1:-1]
    found = [length for x, length in runs if x == symbol]
    assert len(found) > 30
    return found


@pytest.mark.parametrize(
    ("process", "symbol", "rule"),
    [
        (zoo.golden_mean(), "1", lambda n: n == 1),
        (zoo.golden_mean_parry(), "1", lambda n: n == 1),
        (zoo.restricted_golden_mean(k=4), "0", lambda n: n == 1),
        (zoo.restricted_golden_mean(k=4), "1", lambda n: n >= 4),
        (zoo.stretched_golden_mean(k=4), "0", lambda n: n == 4),
        (zoo.rk_golden_mean(R=5, k=3), "0", lambda n: n == 5),
        (zoo.rk_golden_mean(R=5, k=3), "1", lambda n: n >= 3),
        (zoo.even(), "1", lambda n: n % 2 == 0),
        (zoo.odd(), "1", lambda n: n % 2 == 1),
        (zoo.odd_ghmm(), "1", lambda n: n % 2 == 1),
        (zoo.multiples(5), "1", lambda n: n % 5 == 0),
        (zoo.even_odd(), "0", lambda n: n % 2 == 0),
        (zoo.even_odd(), "1", lambda n: n % 2 == 1),
        (zoo.three_even(), "1", lambda n: n % 2 == 0),
        (zoo.three_even(), "2", lambda n: n % 2 == 0),
        (zoo.three_even_odd(), "1", lambda n: n % 2 == 0),
        (zoo.three_even_odd(), "2", lambda n: n % 2 == 1),
        (zoo.almost_fair_coin(4), "1", lambda n: n <= 4),
        (zoo.balanced_almost_fair_coin(4), "0", lambda n: n <= 4),
        (zoo.balanced_almost_fair_coin(4), "1", lambda n: n <= 4),
        (zoo.uniform_renewal(4), "0", lambda n: n <= 3),
        (zoo.renewal([0, 0, 0.5, 0.5]), "0", lambda n: n in (2, 3)),
        (zoo.lollipop(M=4), "1", lambda n: n in (3, 4)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_runs_are_as_long_as_they_may_be(process, symbol, rule) -> None:
    lengths = run_lengths(process, symbol)
    assert all(rule(n) for n in lengths), sorted(set(lengths))


@pytest.mark.parametrize(
    ("process", "pattern"),
    [
        (zoo.z1r(), r"(01.)+"),
        (zoo.zrr(), r"(0..)+"),
        (zoo.band_merging(), r"(1.)+"),
        (zoo.noisy_period(0.3, 4), r"(000.)+"),
        (zoo.periodic_word("0110"), r"(0110)+"),
        (zoo.cyclic_branching(5, 2, 3), r"(000..)+"),
        (zoo.three_hundred(), r"(100|00..)+"),
        (zoo.random_phase_slip(), r"(0|10100)+"),
        (zoo.noisy_random_phase_slip(), r"(0|101.0)+"),
        (zoo.phase_slip_backtrack(), r"(01|11*001)+"),
        (zoo.rnc(), r"(00|11|10)+"),
        (zoo.rn1n(), r"(01|10|11)+"),
        (zoo.nemo(), r"(1|00.)+"),
        (zoo.rip(), r"(11|0.1)+"),
        (zoo.butterfly(), r"([23]([45]*0[67]*1))+"),
        (zoo.before_after(), r"(0*10*2)+"),
        (zoo.irreversible_two_state(), r"(0*11*2)+"),
        (zoo.teddy_bear(), r"(0|111|22200)+"),
        (zoo.shuriken(3), r"((0|11)(0|11)(2|11))+"),
        (zoo.lollipop(), r"(0000|1112|0111?1[01]?2|01102)+"),
        (zoo.flower(), r"([123][45])+"),
        (zoo.logic_machine(), r"(000|010|100|111)+"),
        (zoo.beads_on_necklace(), r"((ab)*0(ab)*1(ab)*2)+"),
        (zoo.beads_on_necklace("01", ["xyz", ""], [0.5, 1]), r"((xyz)*01)+"),
        (zoo.wheeler_infinite_order(), r"(0|11(101)*(0|100))+"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_words_follow_their_pattern_from_the_first_state(process, pattern) -> None:
    """From A or, where there is none, from the first state. The last word may be cut off within its 40 symbols."""
    first = process.states.index("A") if "A" in process.states else 0
    started = HMM(process.T, start=np.eye(process.n_state)[first], alphabet=process.alphabet)
    for word in started.sample(20, 60, rng=np.random.default_rng(2507)):
        letters = "".join(started.alphabet[x] for x in word)
        assert any(re.fullmatch(pattern, letters[:end]) for end in range(60, 20, -1)), letters


def test_parentheses_match() -> None:
    for process, deepest in ((zoo.matching_parentheses(), 3), (zoo.text_with_parentheses(n=4), 4)):
        step = np.array([{"(": 1, ")": -1, "!": 0}[x] for x in text(process)])
        depth = step.cumsum()
        assert depth.max() - depth.min() == deepest
    assert all("!" not in part or part == "!" for part in re.findall(r"\([()]*\)|!", text(zoo.text_with_parentheses())))


def test_logic_is_what_the_name_says() -> None:
    word = HMM(zoo.rrxro().T, start=np.eye(9)[0]).sample(1, 1000, rng=np.random.default_rng(2507))[0].reshape(-1, 5)
    a, b, xor, c, either = word.T
    assert (xor == a ^ b).all()
    assert (either == xor | c).all()
    assert len(np.unique(word[:, [0, 1, 3]], axis=0)) == 8  # the three bits are free
    n = 4
    blocks = (
        HMM(zoo.parity_check(n).T, start=np.eye(2 * n + 1)[0])
        .sample(1, 1000, rng=np.random.default_rng(2507))[0]
        .reshape(-1, n + 1)
    )
    assert (blocks.sum(axis=1) % 2 == 0).all()
    assert len(np.unique(blocks, axis=0)) == 2**n


def test_days_follow_their_names() -> None:
    process = zoo.days_of_week()
    week = list(process.states)
    at = {symbol: x for x, symbol in enumerate(process.alphabet)}
    for i, day in enumerate(week):
        assert process.T[at["Tmrw"], i, (i + 1) % 7] == process.T[at["Yest"], i, i - 1] == pytest.approx(1 / 15)
        assert process.T[at[day], :, i].sum() == pytest.approx(
            process.T[at[day]].sum()
        )  # a day's name leads to that day alone
    assert process.emission[0, at["Tu"]] == pytest.approx(5 * process.emission[0, at["M"]])
    assert process.T[at["Wknd"], 0, :5].sum() == process.T[at["Wkdy"], 0, 5:].sum() == 0


def test_ising_has_the_magnetisation_of_its_closed_form() -> None:
    """<s> = sinh(B/T) / sqrt(sinh(B/T)^2 + exp(-4 J/T)), and <s s'> at B = 0 is tanh(J/T)."""
    for J, B, T in ((1.0, 0.3, 1.0), (-0.7, 0.2, 0.9), (0.5, -1.1, 2.0), (16.0, 1e-9, 0.5), (3, 2, 0.02)):
        up = zoo.ising(J, B, T).start[0]
        h = np.sinh(B / T)
        assert 2 * up - 1 == pytest.approx(h / np.sqrt(h**2 + np.exp(-4 * J / T)), rel=1e-9)
    same = zoo.ising(J=0.8, B=0.0, T=1.3)
    assert 2 * same.emission[0, 0] - 1 == pytest.approx(np.tanh(0.8 / 1.3), rel=1e-12)
    with pytest.raises(ValueError, match=r"ising: at T = 0\.001 some spin never turns"):
        zoo.ising(T=0.001)


def test_ehrenfest_is_binomial() -> None:
    assert zoo.ehrenfest(N=4).start == pytest.approx(np.array([1, 4, 6, 4, 1]) / 16)


def tent_chain(cuts: list[float]) -> HMM:
    """The tent map itself on the intervals between the orbits of its cuts.

    Each interval goes evenly over its image, weighted with the invariant density, and gives the number of its cell.
    """

    def step(x: float) -> float:
        return SLOPE * min(x, 1 - x)

    points = {0.0: 0.0, 1.0: 1.0}  # by what is left of them without rounding
    for x in [0.5, *cuts]:
        for _ in range(8):  # the orbits are finite: 8 steps are more than enough
            points[round(x, 10)] = x
            x = step(x)
    ends = sorted(points.values())
    n = len(ends) - 1
    width = np.diff(ends)
    middle = (np.array(ends[1:]) + np.array(ends[:-1])) / 2
    over = np.zeros((n, n))
    for i in range(n):
        low, high = sorted((step(ends[i] + 1e-9), step(ends[i + 1] - 1e-9)))
        over[i] = (middle > low) & (middle < high)
    # lengths l_i of intervals under the flat measure go on as l_j / l_i / slope; the invariant density makes it a chain
    values, vectors = np.linalg.eig((over * width / width[:, None] / SLOPE).T)
    mass = abs(vectors[:, np.argmin(abs(values - 1))].real)
    visited = mass > 1e-9 * mass.max()
    move = over * width / width[:, None] / SLOPE
    cell = np.searchsorted(sorted(cuts), middle)
    T = np.zeros((len(cuts) + 1, n, n))
    T[cell, np.arange(n)] = move
    T = T[:, visited][:, :, visited]
    return HMM(T, start=mass[visited] / mass[visited].sum())


def test_the_slope_is_the_root_that_it_is_said_to_be() -> None:
    assert abs(SLOPE**3 - 2 * SLOPE - 2) < 1e-14


@pytest.mark.parametrize(
    ("process", "cuts"),
    [
        (zoo.tent_map(), [0.5]),
        (zoo.tent_map_left(), [0.5 / SLOPE, 0.5]),
        (zoo.tent_map_right(), [0.5, 1 - 0.5 / SLOPE]),
        (zoo.tent_map_both(), [0.5 / SLOPE, 0.5, 1 - 0.5 / SLOPE]),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_tent_maps_are_the_map(process, cuts) -> None:
    chain = tent_chain(cuts)
    assert equivalent(process, HMM(chain.T, start=chain.start, alphabet=process.alphabet))


def test_tetris_bags_hold_every_piece_once() -> None:
    process = zoo.tetris_bag(7)
    started = HMM(process.T, start=np.eye(process.n_state)[0], alphabet=process.alphabet)
    assert (np.sort(started.sample(200, 14, rng=np.random.default_rng(2507)).reshape(-1, 7)) == np.arange(7)).all()


def test_tetris_throws_again_what_it_should_not_be() -> None:
    """P(a piece of the window) = rho ** (rolls - 1) / 7: only the last throw can give it."""
    process = zoo.tetris_history(2, 4)
    two = process.states.index("IJ")
    assert process.emission[two, process.alphabet.index("I")] == pytest.approx((2 / 7) ** 3 / 7)
    same = process.states.index("II")
    assert process.emission[same, process.alphabet.index("I")] == pytest.approx((1 / 7) ** 3 / 7)
    nes = zoo.tetris_nes()
    assert np.diag(nes.A) == pytest.approx(np.full(7, 1 / 4 / 7))
    boy = zoo.tetris_gameboy()
    share = dict(zip(boy.alphabet, boy.start @ boy.emission, strict=True))
    assert min(share, key=share.get) == "L"
    zero = boy.states.index("LL")  # 000 | 000 | x = 000 for L alone
    assert boy.emission[zero, boy.alphabet.index("L")] == pytest.approx((1 / 7) ** 2 / 7)


@pytest.mark.parametrize("name", ["random_unifilar", "random_hmm", "random_markov_chain", "random_probabilities"])
def test_random_machines_are_drawn_by_their_seed(name: str) -> None:
    build = zoo.get(name)
    assert np.array_equal(build(seed=3).T, build(seed=3).T)
    assert not np.array_equal(build(seed=3).T, build(seed=4).T)


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_random_machines_have_the_size_that_was_asked_for(degree: int, seed: int) -> None:
    machine = zoo.random_unifilar(n=7, symbols=3, connectivity=degree, seed=seed)
    assert machine.T.shape == (3, 7, 7)
    assert machine.is_unifilar
    assert ((machine.T > 0).sum(axis=(0, 2)) == degree).all()
    assert machine.start.min() > 0
    hmm = zoo.random_hmm(n=4, symbols=3, connectivity=4 * degree, seed=seed)
    assert ((hmm.T > 0).sum(axis=(0, 2)) == 4 * degree).all()
    assert hmm.start.min() > 0
    chain = zoo.random_markov_chain(order=degree, symbols=3, seed=seed)
    assert chain.n_state == 3**degree


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (zoo.mixed_coins, {"p": [0.2, 0.3], "w": [1.0]}, "mixed_coins: p and w must have one entry for each coin"),
        (zoo.renewal, {"law": [0.5, 0.4]}, r"renewal: law must be in lists of at least 1 probabilities that sum to 1"),
        (zoo.flower, {"forward": [0.5, 0.5]}, "flower: back must have one row for each petal of forward; got 3 for 2"),
        (zoo.matching_parentheses, {"open_probs": [0.5]}, "matching_parentheses: open_probs must begin with 1"),
        (zoo.nonunifilar_golden_mean, {"p": 0.6, "free": 0.5}, r"free must be in \[p, 1\]; got 0.5 with p = 0.6"),
        (zoo.mr_name, {"p": 0.9, "q": 0.2}, "mr_name: p . q must be at most 1"),
        (zoo.two_names, {"w": [0.2, 0.3, 0.5]}, "two_names: w must have one entry for each of the two names; got 3"),
        (zoo.lohr_chain, {"p": 0.0}, r"lohr_chain: p must be in \(0, 0.5\] .*the first symbol would stay for ever"),
        (zoo.perturbed_coin, {"p": 0.0}, r"perturbed_coin: p must be in \(0, 1\]"),
        (zoo.redundant_even, {"p": 0.0}, r"redundant_even: p must be in \(0, 1\]"),
        (zoo.redundant_nemo, {"p": 1.0}, r"redundant_nemo: p must be in \[0, 1\)"),
        (zoo.teddy_bear, {"p": 0.9, "q": 0.2}, "teddy_bear: p . q must be at most 1"),
        (zoo.three_even, {"p": 0.9, "q": 0.2}, "three_even: p . q must be at most 1"),
        (zoo.cyclic_branching, {"n": 3, "m": 3}, "cyclic_branching: m must be less than n"),
        (
            zoo.binary_chain_family,
            {"a": 0.6},
            r"p and q must lie between b and a.*p = 0.4, q = 0.7 and .b, a. = .0.2, 0.6",
        ),
        (
            zoo.binary_chain_family,
            {"p": 0.5, "q": 0.5, "a": 0.5, "b": 0.5},
            "binary_chain_family: a must be more than b",
        ),
        (zoo.markov_skeleton, {"order": 8, "symbols": 9}, "markov_skeleton: symbols .. order must be at most"),
        (zoo.beads_on_necklace, {"p": [0.5]}, "beads_on_necklace: beads and p must have one entry for each symbol"),
        (
            zoo.beads_on_necklace,
            {"beads": ["a", "", "b"]},
            "beads_on_necklace: p must be 1 at place 1, which has no bead",
        ),
        (zoo.beads_on_necklace, {"beads": [1, 2, 3]}, "beads_on_necklace: beads must be words; got 1 at place 0"),
        (zoo.logic_machine, {"logic": "RRZ"}, "logic_machine: logic must be of letters R01CNXAO.*got 'RRZ'"),
        (zoo.logic_machine, {"logic": "RX"}, "logic_machine: X at place 1 of 'RX' needs 2 before it"),
        (zoo.logic_machine, {"logic": "Rn1R"}, "logic_machine: n1 must stand before C or N; got n1R"),
        (
            zoo.random_probabilities,
            {"edges_of": "moon"},
            "random_probabilities: edges_of must name a hidden Markov model",
        ),
        (zoo.random_probabilities, {"edges_of": "evn"}, "unknown process 'evn'"),
        (zoo.mess, {"n": 5, "x": 0.3}, "mess: x must be at most 1 / .n - 1. = 0.25; got 0.3"),
        (zoo.cantor, {"a": 0.8, "b": 0.3}, "cantor: a . 1 b must be at most 1"),
        (zoo.moon, {"log_alpha": float(np.log(1.5)), "beta": 0.5}, "moon: alpha . beta must not be 2"),
        (
            zoo.random_unifilar,
            {"connectivity": 3},
            "random_unifilar: connectivity must be at most the number of symbols",
        ),
        (zoo.random_hmm, {"connectivity": 7}, "random_hmm: connectivity must be at most n . symbols = 6"),
        (zoo.random_markov_chain, {"order": 8, "symbols": 9}, "random_markov_chain: symbols .. order must be at most"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(build, arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        build(**arguments)


# --- generalised processes

OPTIMAL = {
    "mess3": (0.8577, 0.8134, 0.7981, 0.7947, 0.7938, 0.7935, 0.7935, 0.7935),
    "rrxor": (0.6931, 0.6365, 0.6285, 0.5987, 0.5776, 0.5615, 0.5398, 0.5269),
    "frdn": (0.6764, 0.6759, 0.6586, 0.6486, 0.6475, 0.6456, 0.6454, 0.6450),
    "moon": (0.7121, 0.7068, 0.7024, 0.7009, 0.7000, 0.6995, 0.6993, 0.6992),
    "bloch_walk": (1.38487, 1.38360, 1.38245, 1.38140, 1.38045, 1.37957, 1.37877, 1.37803),
}


@pytest.mark.parametrize("name", OPTIMAL)
def test_optimal_losses_are_the_published_ones(name: str) -> None:
    """Nats at positions 1 to 8, as printed in arXiv 2507.07432, to a unit of the last digit."""
    process = zoo.get(name)()
    vectors, losses = process.start[None], []
    for _ in range(9):
        after = process.branch(vectors)
        joint = after @ process.evaluate
        given = (vectors @ process.evaluate)[:, None]
        possible = joint > 1e-14
        losses.append(-(joint * np.log(np.where(possible, joint / given, 1))).sum())
        vectors = after[possible]
    digits = 5 if name == "bloch_walk" else 4
    assert np.abs(np.array(losses[1:]) - OPTIMAL[name]).max() < 1.1 * 10**-digits


@pytest.mark.parametrize("name", ["bloch_walk", "quantum_rrxor", "frdn", "moon", "probability_clock", "odd_ghmm"])
def test_generalised_processes_are_stationary_and_their_words_have_probabilities(name: str) -> None:
    process = zoo.get(name)()
    assert isinstance(process, GHMM)
    assert np.abs(process.start @ process.A - process.start).max() < 1e-12
    assert np.abs(process.A @ process.evaluate - process.evaluate).max() < 1e-12
    vectors = process.start[None]
    for _ in range(10 if process.n_symbol < 4 else 7):
        vectors = process.branch(vectors).reshape(-1, process.n_state)
        probability = vectors @ process.evaluate
        assert probability.min() > -1e-15  # forbidden words, of signed terms
        assert probability.sum() == pytest.approx(1, abs=1e-12)


def test_the_probability_clock_keeps_its_time() -> None:
    process = zoo.probability_clock(turn=0.8, shrink=0.4, swing=0.3)
    reset = process.start @ process.T[1]
    vector = reset / (reset @ process.evaluate)
    for n in range(12):
        assert vector @ process.evaluate == pytest.approx(0.4**n * (1 + 0.3 * np.cos(0.8 * n)) / 1.3, rel=1e-12)
        vector = vector @ process.T[0]


def test_quantum_measurements_leave_states_in_the_ball() -> None:
    for process in (zoo.bloch_walk(), zoo.quantum_rrxor(), zoo.quantum_rrxor(phi=2.3, theta=2.9)):
        vectors = process.start[None]
        for _ in range(6):
            vectors = process.branch(vectors).reshape(-1, process.n_state)
            vectors = vectors / vectors[:, :1]
            assert (vectors[:, 1:] ** 2).sum(axis=1).max() <= 1 + 1e-12


# --- fractals


def test_the_default_sierpinski_machine_maps_the_simplex_to_its_corners() -> None:
    process = zoo.sierpinski()
    for symbol in range(3):
        corners = process.T[symbol] / process.T[symbol].sum(axis=1, keepdims=True)
        expected = (np.eye(3) + np.eye(3)[symbol]) / 2
        np.testing.assert_allclose(corners, expected, atol=1e-15)


def test_the_cantor_machine_leaves_a_gap() -> None:
    zero, one = zoo.cantor().T
    assert (zero[1] / zero[1].sum())[0] > (one[0] / one[0].sum())[0] + 0.3
