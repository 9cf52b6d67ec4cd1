"""Product, coupled factors and mixture: word probabilities by their definitions, and the maps back to the parts."""

import numpy as np
import pytest
from composing import TOL, clock, fewer, named_words, probability
from hypothesis import given
from machines import mess3, period
from oracles import all_words
from strategies import any_hmms, ergodic_hmms, few, started_hmms, stationary_hmms, unifilar_hmms

from compmech import (
    GHMM,
    HMM,
    NotErgodic,
    entropy_rate,
    epsilon_machine,
    equivalent,
    excess_entropy,
    filter_beliefs,
    statistics,
    zoo,
)
from compmech.compose import (
    Factor,
    PresentationTooLarge,
    by_state,
    by_symbol,
    component_belief_maps,
    component_map,
    coupled,
    factor_maps,
    mixture,
    product,
)


@few
@given(any_hmms(), any_hmms())
def test_words_of_a_product_are_products(a: HMM, b: HMM) -> None:
    both = product(a, b)
    for word in named_words(both.alphabet, 2):
        left, right = zip(*word, strict=True)
        assert probability(both, word) == pytest.approx(probability(a, left) * probability(b, right), abs=TOL)


def test_product_of_any_number_and_kind() -> None:
    parts = (epsilon_machine(zoo.even()), clock(), zoo.z1r())
    three = product(*parts)
    assert isinstance(three, GHMM)
    assert three.name == "product(even, clock, z1r)"
    for word in named_words(three.alphabet, 2):
        expected = np.prod(
            [
                probability(p if isinstance(p, GHMM) else _hmm(p), w)
                for p, w in zip(parts, zip(*word, strict=True), strict=True)
            ]
        )
        assert probability(three, word) == pytest.approx(expected, abs=TOL)
    alone = product(zoo.even())
    assert alone.alphabet == (("0",), ("1",))
    assert alone.states == (("A",), ("B",))
    assert product(zoo.even(), HMM([[[1.0]]])).name is None


def _hmm(process) -> HMM:
    return process if isinstance(process, HMM) else process.to_hmm()


@fewer
@given(unifilar_hmms(3, 2), unifilar_hmms(3, 2))
def test_rates_and_excess_entropies_add_under_product(a: HMM, b: HMM) -> None:
    both, left, right = (statistics(process) for process in (product(a, b), a, b))
    # Exact for unifilar processes, each from logarithms of numbers right to 1e-15.
    assert both.entropy_rate == pytest.approx(left.entropy_rate + right.entropy_rate, abs=1e-10)
    exact = [s.excess_entropy for s in (both, left, right) if isinstance(s.excess_entropy, float)]
    if len(exact) == 3:
        assert exact[0] == pytest.approx(exact[1] + exact[2], abs=1e-9)


def test_product_keeps_stationary_starts_where_the_chain_of_pairs_is_not_ergodic() -> None:
    both = product(period(2), period(2))
    np.testing.assert_allclose(both.start @ both.A, both.start, atol=TOL)
    assert statistics(both).entropy_rate == 0
    assert statistics(both).excess_entropy == pytest.approx(2)


@few
@given(started_hmms(3, 2), started_hmms(3, 2))
def test_factor_maps_lead_to_the_factors_beliefs(a: HMM, b: HMM) -> None:
    both = product(a, b)
    maps = factor_maps(a, b)
    words = both.sample(4, 3, rng=np.random.default_rng(1))
    beliefs = filter_beliefs(both, words)
    pair = np.stack(np.unravel_index(words, (a.n_symbol, b.n_symbol)))
    for factor, its_words, its_map in zip((a, b), pair, maps, strict=True):
        np.testing.assert_allclose(beliefs @ its_map, filter_beliefs(factor, its_words), atol=1e-12)


def test_factor_maps_of_generalised_factors() -> None:
    parts = (clock(), zoo.even(), clock(2.0))
    both = product(*parts)
    words = both.sample(3, 4, rng=np.random.default_rng(0))
    beliefs = filter_beliefs(both, words)
    for factor, its_words, its_map in zip(parts, np.unravel_index(words, (2, 2, 2)), factor_maps(*parts), strict=True):
        # Signed beliefs lose a few digits along four symbols.
        np.testing.assert_allclose(beliefs @ its_map, filter_beliefs(factor, its_words), atol=1e-10)


def test_rows_printed_with_nine_digits_can_be_multiplied() -> None:
    rough = HMM([[[0.5]], [[0.5 + 9e-10]]])
    np.testing.assert_allclose(product(rough, rough, rough).A, 1, atol=1e-15)


def test_products_that_are_too_large_say_what_they_need() -> None:
    with pytest.raises(
        PresentationTooLarge, match=r"product would have 27 symbols and 27 states.*max_entries=19683 if"
    ) as caught:
        product(mess3(), mess3(), mess3(), max_entries=19682)
    assert caught.value.n_entries == 27**3
    assert product(mess3(), mess3(), mess3(), max_entries=27**3).n_state == 27
    with pytest.raises(ValueError, match="product needs at least one process"):
        product()
    with pytest.raises((ValueError, TypeError), match=r"str|Presentable"):
        product("even")  # type: ignore[arg-type]
    with pytest.raises(PresentationTooLarge, match=r"2 causal states.* as matrices would have 2 symbols and 2 states"):
        product(epsilon_machine(zoo.even()), max_entries=7)
    with pytest.raises(ValueError, match="max_entries must be"):
        product(zoo.even(), max_entries=-1)


# Coupled factors.


def _followers() -> tuple[HMM, Factor, Factor]:
    """A leader, one whose variant the leader's symbol chooses, and one chosen by the second's state and symbol."""
    leader = zoo.even(0.3)
    second = Factor(
        {"calm": zoo.golden_mean(0.1), "wild": zoo.golden_mean(0.9)},
        emits_by=by_symbol(0, {"0": "calm", "1": "wild"}),
    )
    third = Factor(
        {"low": zoo.sns(0.2, 0.3), "high": zoo.sns(0.7, 0.6)},
        emits_by=lambda symbols, states: "high" if states[1] == "B" else "low",
        moves_by=lambda symbols, states: "high" if symbols == ("1", "0", "0") and states[2] == "A" else "low",
    )
    return leader, second, third


def _coupled_by_hand(
    factors: tuple[HMM, Factor, Factor], word: tuple[tuple[str, ...], ...], start: np.ndarray
) -> float:
    """P(word), summed over every path of joint states, as the definition says."""
    leader, second, third = factors
    names = [(a, b, c) for a in "AB" for b in "AB" for c in "AB"]

    def step(state: tuple[str, ...], symbols: tuple[str, ...], after: tuple[str, ...]) -> float:
        i, j = ["AB".index(s) for s in state], ["AB".index(s) for s in after]
        x = [int(s) for s in symbols]
        one = leader.T[x[0], i[0], j[0]]
        two = second.variants["calm" if symbols[0] == "0" else "wild"].T[x[1], i[1], j[1]]
        emits = third.variants["high" if state[1] == "B" else "low"].T[x[2], i[2]].sum()
        if emits == 0:
            return 0.0
        row = third.variants["high" if symbols == ("1", "0", "0") and state[2] == "A" else "low"].T[x[2], i[2]]
        return float(one * two * emits * row[j[2]] / row.sum())

    total = dict(zip(names, start, strict=True))
    for symbols in word:
        total = {after: sum(total[state] * step(state, symbols, after) for state in names) for after in names}
    return sum(total.values())


def test_coupled_factors_by_their_definition() -> None:
    factors = _followers()
    start = np.random.default_rng(3).dirichlet(np.ones(8))
    process = coupled(*factors, start=start)
    assert process.states[1] == ("A", "A", "B")
    for length in (1, 2):
        for word in named_words(process.alphabet, length):
            assert probability(process, word) == pytest.approx(_coupled_by_hand(factors, word, start), abs=TOL)
    settled = coupled(*factors)
    np.testing.assert_allclose(settled.start @ settled.A, settled.start, atol=TOL)
    leader_belief = settled.start @ factor_maps(*factors)[0]
    np.testing.assert_allclose(leader_belief, zoo.even(0.3).start, atol=TOL)


@few
@given(ergodic_hmms(3, 2), ergodic_hmms(2, 2))
def test_factors_that_nothing_steers_are_a_product(a: HMM, b: HMM) -> None:
    expected = product(a, b)
    np.testing.assert_allclose(coupled(a, Factor({0: b}), start=expected.start).T, expected.T, atol=TOL)


def test_influence_in_both_directions() -> None:
    variants = {"keep": HMM([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], start=[1, 0]), "swap": zoo.even(1 / 2)}
    variants["swap"] = HMM([[[0, 1], [0, 0]], [[0, 0], [1, 0]]], start=[1, 0])
    left = Factor(variants, emits_by=by_state(1, {0: "keep", 1: "swap"}))
    right = Factor(variants, emits_by=by_state(0, {0: "swap", 1: "keep"}))
    pair = coupled(left, right, start=[1, 0, 0, 0])
    # (0,0) -> left keeps, right swaps -> (0,1) -> both swap -> (1,0) -> both keep for ever.
    assert probability(pair, [(0, 0), (0, 1), (1, 0), (1, 0)]) == 1


def test_a_generalised_factor_follows_symbols() -> None:
    turning = {"0": clock(1.0), "1": _same_basis(2.0)}
    process = coupled(zoo.golden_mean(), Factor(turning, emits_by=by_symbol(0, {"0": "0", "1": "1"})))
    assert isinstance(process, GHMM)
    np.testing.assert_allclose(process.start @ process.A, process.start, atol=1e-9)
    leader = zoo.golden_mean()
    for word in named_words(process.alphabet, 2):
        (x, u), (y, v) = word
        expected = 0.0
        for state in range(2):  # the leader's paths, one for each word and state
            path = leader.T[int(x), state] @ leader.T[int(y)].sum(axis=1)
            part = process.start.reshape(2, 3)[state]
            clocks = part @ turning[x].T[int(u)] @ turning[y].T[int(v)] @ turning[x].evaluate
            expected += path * clocks
        assert probability(process, word) == pytest.approx(expected, abs=1e-12)
    held = coupled(zoo.golden_mean(), clock(), start=np.kron(zoo.golden_mean().start, clock().start))
    assert equivalent(held, product(zoo.golden_mean(), clock()))


def _same_basis(angle: float) -> GHMM:
    """A clock of another pace, closed by the same vector."""
    return clock(angle)


def test_wrong_couplings_are_named() -> None:
    pair = {"a": zoo.even(), "b": zoo.golden_mean()}
    with pytest.raises(ValueError, match="coupled needs at least one factor"):
        coupled()
    with pytest.raises(ValueError, match="at least one process"):
        Factor({})
    with pytest.raises(ValueError, match=r"same states; variant 'b' has \('Z', 'O', 'R'\)"):
        Factor({"a": zoo.even(), "b": zoo.z1r()})
    with pytest.raises(ValueError, match="same alphabet; variant 'b'"):
        Factor({"a": zoo.even(), "b": HMM(zoo.even().T, states="AB")})
    with pytest.raises(ValueError, match="closed by the same vector"):
        Factor({"a": clock(), "b": GHMM(np.zeros((2, 3, 3)) + np.eye(3) / 2, [1, 0, 0], [1, 1, 1], alphabet="01")})
    with pytest.raises(ValueError, match="leave moves_by out"):
        Factor({"a": clock()}, moves_by=lambda symbols, states: "a")
    with pytest.raises(ValueError, match="factor 1 has no variant 'c', chosen for symbols"):
        coupled(zoo.even(), Factor(pair, emits_by=lambda symbols, states: "c"))
    with pytest.raises(ValueError, match="symbol of factor 1 is not known yet when 0 factors"):
        coupled(Factor(pair, emits_by=by_symbol(1, {"0": "a", "1": "b"})), zoo.even())
    with pytest.raises(ValueError, match="no variant is given for '1', symbol of factor 0"):
        coupled(zoo.even(), Factor(pair, emits_by=by_symbol(0, {"0": "a"})))
    with pytest.raises(ValueError, match="state of factor 0 cannot choose: it is a GHMM"):
        coupled(clock(), Factor(pair, emits_by=by_state(0, {"A": "a"})))
    with pytest.raises(ValueError, match="factor 1 is to move by a variant that never emits '0' in state 'B'"):
        coupled(zoo.even(), Factor({"b": zoo.golden_mean(), "a": zoo.even()}, moves_by=lambda symbols, states: "a"))
    with pytest.raises(NotErgodic):
        coupled(period(2), period(2))
    with pytest.raises(PresentationTooLarge, match="coupled process would have 4 symbols and 4 states"):
        coupled(zoo.even(), zoo.even(), max_entries=10)
    with pytest.raises(ValueError, match="start must have one entry for each of the 4 states"):
        coupled(zoo.even(), zoo.even(), start=[1.0])
    with pytest.raises(ValueError, match="start must have one entry for each of the 6 states"):
        coupled(zoo.even(), clock(), start=[1.0])


# Mixtures.


@few
@given(any_hmms(), any_hmms())
def test_words_of_a_mixture_are_weighted_means(a: HMM, b: HMM) -> None:
    both = mixture(a, b, weights=[0.25, 0.75])
    for word in named_words(both.alphabet, 3):
        expected = 0.25 * probability(a, word) + 0.75 * probability(b, word)
        assert probability(both, word) == pytest.approx(expected, abs=TOL)


@fewer
@given(unifilar_hmms(3, 2), unifilar_hmms(3, 2))
def test_the_rate_of_a_mixture_is_the_weighted_mean(a: HMM, b: HMM) -> None:
    rates = np.array([entropy_rate(a), entropy_rate(b)])
    assert entropy_rate(mixture(a, b, weights=[0.25, 0.75])) == pytest.approx([0.25, 0.75] @ rates, abs=1e-10)


def test_mixtures_are_found_out_in_context() -> None:
    parts = (zoo.even(), clock(), epsilon_machine(zoo.z1r()))
    weights = np.array([0.5, 0.2, 0.3])
    process = mixture(*parts, weights=weights)
    assert process.states[0] == ("even", "A")
    words = all_words(2, 4)
    words = words[process.log_prob(words) > -np.inf]
    beliefs = filter_beliefs(process, words)[:, -1]
    likelihood = np.exp([part.log_prob(words) for part in parts]).T * weights
    posterior = likelihood / likelihood.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(beliefs @ component_map(*parts), posterior, atol=1e-10)
    for c, own in enumerate(component_belief_maps(*parts)):
        possible = posterior[:, c] > 1e-6
        expected = filter_beliefs(parts[c], words[possible])[:, -1]
        np.testing.assert_allclose((beliefs[possible] @ own) / posterior[possible, c, None], expected, atol=1e-9)


def test_mixtures_match_symbols_by_name_and_keep_starts() -> None:
    fixed = HMM([[[1.0]]], alphabet=["never"])
    both = mixture(zoo.even(), fixed, zoo.even())
    assert both.alphabet == ("0", "1", "never")
    assert both.states == ((0, "A"), (0, "B"), (1, 0), (2, "A"), (2, "B"))
    np.testing.assert_allclose(both.start @ both.A, both.start, atol=TOL)
    assert excess_entropy(mixture(fixed, HMM([[[1.0]]]))) == pytest.approx(1)
    assert equivalent(mixture(zoo.even(), zoo.even()), zoo.even())


def test_wrong_mixtures_are_named() -> None:
    with pytest.raises(ValueError, match="mixture needs at least one process"):
        mixture()
    with pytest.raises(ValueError, match="weights must have one entry for each of the 2 components"):
        mixture(zoo.even(), zoo.even(), weights=[1.0])
    with pytest.raises(ValueError, match=r"weights must sum to 1; it sums to 0\.9"):
        mixture(zoo.even(), zoo.even(), weights=[0.5, 0.4])
    with pytest.raises(ValueError, match=r"weights must be nonnegative; weights\[0\]"):
        mixture(zoo.even(), zoo.even(), weights=[-0.5, 1.5])
    with pytest.raises(PresentationTooLarge, match="the mixture would have 2 symbols and 4 states"):
        mixture(zoo.even(), zoo.even(), max_entries=31)


@few
@given(stationary_hmms())
def test_compositions_leave_their_parts_alone(a: HMM) -> None:
    before = a.T.copy(), a.start.copy()
    product(a, a)
    mixture(a, a)
    np.testing.assert_array_equal(a.T, before[0])
    np.testing.assert_array_equal(a.start, before[1])
