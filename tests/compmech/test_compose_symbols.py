"""Channels, names, clocks, joining in time and redundant presentations, each against its definition in words."""

from itertools import product as tuples

import numpy as np
import pytest
from composing import TOL, clock, fewer, named_words, probability
from hypothesis import given
from hypothesis import strategies as st
from machines import period
from strategies import any_hmms, ergodic_hmms, few, stationary_hmms, unifilar_hmms

from compmech import (
    GHMM,
    HMM,
    Bounds,
    NotStationary,
    entropy_rate,
    epsilon_machine,
    equivalent,
    filter_beliefs,
    minimal,
    statistics,
    zoo,
)
from compmech.compose import (
    PresentationTooLarge,
    binary_symmetric_channel,
    blocked,
    coarse_grained,
    concatenated,
    copy_map,
    erased,
    erasure_channel,
    interrupted,
    noisy,
    product,
    random_shares,
    redundant,
    relabelled,
    settled,
    stage_map,
    subsampled,
    symmetric_channel,
    z_channel,
)
from compmech.spans import observable_basis


def _upper(rate: float | Bounds) -> float:
    return rate.upper if isinstance(rate, Bounds) else rate


def _lower(rate: float | Bounds) -> float:
    return rate.lower if isinstance(rate, Bounds) else rate


# Channels.


@few
@given(any_hmms(), st.integers(1, 3), st.integers(0, 1000))
def test_a_channel_sums_over_what_went_in(process: HMM, n_output: int, seed: int) -> None:
    channel = np.random.default_rng(seed).dirichlet(np.ones(n_output), size=process.n_symbol)
    outputs = "abc"[:n_output]
    heard = noisy(process, channel, outputs=outputs)
    for word in named_words(outputs, 2):
        expected = sum(
            probability(process, sent)
            * np.prod([channel[process.alphabet.index(x), outputs.index(y)] for x, y in zip(sent, word, strict=True)])
            for sent in named_words(process.alphabet, 2)
        )
        assert probability(heard, word) == pytest.approx(expected, abs=TOL)
    np.testing.assert_array_equal(heard.start, process.start)


@few
@given(any_hmms())
def test_the_identity_channel_changes_nothing(process: HMM) -> None:
    heard = noisy(process, np.eye(process.n_symbol))
    np.testing.assert_allclose(heard.T, process.T, atol=1e-15)
    assert heard.alphabet == process.alphabet
    assert heard.states == process.states


def test_channels_take_every_kind_of_process() -> None:
    for process in (clock(), epsilon_machine(zoo.even()), zoo.even()):
        heard = noisy(process, binary_symmetric_channel(0.5))
        assert isinstance(heard, GHMM if isinstance(process, GHMM) else HMM)
        assert equivalent(heard, HMM([[[0.5]], [[0.5]]], alphabet="01"))
    assert noisy(zoo.even(), z_channel(0.1)).name == "noisy(even)"


def test_usual_channels() -> None:
    np.testing.assert_allclose(
        symmetric_channel(3, 0.2), [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], atol=1e-15
    )
    np.testing.assert_allclose(symmetric_channel(2, 0.2), binary_symmetric_channel(0.2), atol=1e-15)
    np.testing.assert_array_equal(z_channel(0.25), [[1, 0], [0.25, 0.75]])
    np.testing.assert_array_equal(erasure_channel(2, 0.25), [[0.75, 0, 0.25], [0, 0.75, 0.25]])


def test_noise_period_two_through_a_z_channel_is_the_noisy_period() -> None:
    assert equivalent(noisy(relabelled(period(2), str), z_channel(0.3)), _stationary(zoo.noisy_period(noise=0.3, k=2)))


def _stationary(process: HMM) -> HMM:
    return HMM(process.T, alphabet=process.alphabet)


def test_erasures_leave_gaps() -> None:
    gaps = erased(zoo.even(), 0.25)
    assert gaps.alphabet == ("0", "1", "?")
    assert probability(gaps, "1?0") == pytest.approx(
        0.75**2 * 0.25 * (probability(zoo.even(), "100") + probability(zoo.even(), "110")), abs=TOL
    )


def test_wrong_channels_are_named() -> None:
    process = zoo.even()
    with pytest.raises(ValueError, match=r"a row for each of the 2 symbols; got shape \(3, 3\)"):
        noisy(process, np.eye(3))
    with pytest.raises(ValueError, match=r"Did you mean symmetric_channel\(2, 0\.1\)\?"):
        noisy(process, 0.1)
    with pytest.raises(ValueError, match=r"channel\[0, 1\] is -0\.5"):
        noisy(process, [[1.5, -0.5], [0, 1]])
    with pytest.raises(ValueError, match=r"row 0 sums to 0\.5; give channel\.T\?"):
        noisy(process, [[0.5, 0.0], [0.5, 1.0]])
    with pytest.raises(ValueError, match=r"row 1 sums to 0\.75; a row is one symbol"):
        noisy(process, [[0.5, 0.5], [0.25, 0.5]])
    with pytest.raises(ValueError, match="outputs must name the 2"):
        noisy(process, np.eye(2), outputs="abc")
    with pytest.raises(ValueError, match=r"error must be a probability, 0 to 1; got 1\.5"):
        binary_symmetric_channel(1.5)
    with pytest.raises(ValueError, match="loss must be a probability"):
        erased(process, -0.1)
    with pytest.raises(ValueError, match="mark must be none of the symbols"):
        erased(process, 0.1, mark="1")
    with pytest.raises(ValueError, match="at least 2"):
        symmetric_channel(1, 0.1)
    with pytest.raises(PresentationTooLarge, match="3 symbols and 2 states"):
        erased(process, 0.1, max_entries=11)


# Names.


@few
@given(any_hmms())
def test_coarse_graining_sums_over_what_a_name_hides(process: HMM) -> None:
    seen = coarse_grained(process, lambda symbol: symbol != 0)
    for word in named_words([False, True], 3):
        hidden = [sent for sent in named_words(process.alphabet, 3) if tuple(x != 0 for x in sent) == word]
        assert probability(seen, word) == pytest.approx(sum(probability(process, sent) for sent in hidden), abs=TOL)


@fewer
@given(unifilar_hmms(3, 3))
def test_coarse_graining_never_raises_the_entropy_rate(process: HMM) -> None:
    # The rate of what is seen is bounded where its causal states are not finitely many; rounding is 1e-12.
    seen = coarse_grained(process, lambda symbol: min(symbol, 1))
    assert _lower(entropy_rate(seen)) <= _upper(entropy_rate(process)) + 1e-9


def test_relabelling_renames() -> None:
    heard = relabelled(zoo.even(), {"0": "rest", "1": "beat"})
    assert heard.alphabet == ("rest", "beat")
    assert heard.name == "relabelled(even)"
    assert equivalent(relabelled(heard, {"rest": "0", "beat": "1"}), zoo.even())
    assert relabelled(clock(), int).alphabet == (0, 1)
    assert coarse_grained(clock(), lambda symbol: "same").predict([[0]])[0, :, 0] == pytest.approx([1, 1])


def test_wrong_names_are_named() -> None:
    with pytest.raises(ValueError, match=r"'0' and '1' both become 'x'.*use coarse_grained"):
        relabelled(zoo.even(), lambda symbol: "x")
    with pytest.raises(ValueError, match=r"\['1'\] missing"):
        coarse_grained(zoo.even(), {"0": "a"})
    with pytest.raises(ValueError, match=r"names has \[1\], no symbols.*'1' is not 1"):
        coarse_grained(zoo.even(), {"0": "a", "1": "b", 1: "c"})
    with pytest.raises(ValueError, match=r"names must be hashable.*'0'"):
        coarse_grained(zoo.even(), lambda symbol: [symbol])  # type: ignore[arg-type,return-value]


# Clocks.


@few
@given(any_hmms(), st.integers(1, 3), st.integers(0, 2))
def test_subsampling_marginalises(process: HMM, every: int, first: int) -> None:
    seen = subsampled(process, every, first=first)
    for word in named_words(process.alphabet, 2):
        expected = sum(
            probability(process, (*before, word[0], *between, word[1]))
            for before in named_words(process.alphabet, first)
            for between in named_words(process.alphabet, every - 1)
        )
        assert probability(seen, word) == pytest.approx(expected, abs=TOL)


@few
@given(stationary_hmms(), st.integers(2, 3))
def test_subsampled_stationary_processes_are_stationary(process: HMM, every: int) -> None:
    seen = subsampled(process, every)
    np.testing.assert_allclose(seen.start @ seen.A, seen.start, atol=1e-12)


def test_subsampling_a_period_freezes_its_phase() -> None:
    frozen = subsampled(period(2), 2)
    assert statistics(frozen).excess_entropy == pytest.approx(1)
    assert equivalent(subsampled(clock(), 1), clock())
    assert isinstance(subsampled(clock(), 2), GHMM)


@few
@given(any_hmms(), st.integers(1, 2))
def test_blocks_are_words(process: HMM, length: int) -> None:
    blocks = blocked(process, length)
    for word in named_words(named_words(process.alphabet, length), 2):
        flat = tuple(symbol for block in word for symbol in block)
        assert probability(blocks, word) == pytest.approx(probability(process, flat), abs=TOL)
    np.testing.assert_array_equal(blocks.start, process.start)


def test_blocks_of_golden_mean_and_their_rate() -> None:
    assert entropy_rate(blocked(zoo.golden_mean(), 3)) == pytest.approx(2, abs=1e-12)
    assert len(blocked(zoo.golden_mean(), 6).alphabet) == 21  # Fibonacci
    assert equivalent(coarse_grained(blocked(clock(), 2), lambda pair: pair[0]), subsampled(clock(), 2))


def test_wrong_clocks_are_named() -> None:
    with pytest.raises(ValueError, match="every must be at least 1; got 0"):
        subsampled(zoo.even(), 0)
    with pytest.raises(ValueError, match="first must be >= 0; got -1"):
        subsampled(zoo.even(), 2, first=-1)
    with pytest.raises(ValueError, match="length must be at least 1"):
        blocked(zoo.even(), 0)
    with pytest.raises(PresentationTooLarge, match=r"blocks of 5 symbols, .* would have 26 symbols and 2 states"):
        blocked(zoo.golden_mean(), 5, max_entries=20)


# One after the other.


def _joined_by_hand(a: HMM, b: HMM, chances: list[float], word: tuple) -> float:
    total = 0.0
    for n, chance in enumerate(chances):
        total += chance * probability(a, word[:n]) * probability(b, word[n:])
    return total


@few
@given(any_hmms(), any_hmms(), st.sampled_from([[1.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.0, 0.25], [0.5, 0.0, 0.5, 0.0]]))
def test_concatenation_by_its_definition(a: HMM, b: HMM, chances: list[float]) -> None:
    switch = concatenated(a, b, chances)
    for word in named_words(dict.fromkeys([*a.alphabet, *b.alphabet]), 3):
        assert probability(switch, word) == pytest.approx(_joined_by_hand(a, b, chances, word), abs=TOL)
    fixed = concatenated(a, b, 2)
    assert probability(fixed, (0, 0, 0)) == pytest.approx(_joined_by_hand(a, b, [0, 0, 1], (0, 0, 0)), abs=TOL)


def test_durations_may_end_before_the_word_does_or_after() -> None:
    late = concatenated(zoo.even(), zoo.golden_mean(), 5)
    assert probability(late, "111") == pytest.approx(probability(zoo.even(), "111"), abs=TOL)
    assert concatenated(zoo.even(), clock(), 0).n_state == 3
    assert equivalent(concatenated(zoo.even(), clock(), 0), clock())


def test_interruption_is_a_geometric_duration() -> None:
    stop = 0.3
    chances = [0.0, *(stop * (1 - stop) ** n for n in range(4)), (1 - stop) ** 4]
    for parts in ((zoo.even(), zoo.z1r()), (clock(), zoo.even()), (epsilon_machine(zoo.even()), clock(2.0))):
        short, whole = interrupted(*parts, stop), concatenated(*parts, chances)
        for word in named_words("01", 4):
            assert probability(short, word) == pytest.approx(probability(whole, word), abs=TOL)
    assert interrupted(zoo.even(), zoo.z1r(), stop).states[:3] == (("even", "A"), ("even", "B"), ("z1r", "Z"))


def test_stages_by_their_posterior() -> None:
    a, b, chances = zoo.even(), zoo.z1r(), [0.25, 0.25, 0.5]
    switch = concatenated(a, b, chances)
    words = np.array([[1, 1], [1, 0], [0, 1]])
    beliefs = filter_beliefs(switch, words)
    for word, row in zip(words, beliefs @ stage_map(switch, b), strict=True):
        name = tuple("01"[x] for x in word)
        whole = _joined_by_hand(a, b, chances, name)
        early = 0.0  # after two symbols the first process has ended, whatever its duration
        assert row[2] == pytest.approx([early, 1], abs=TOL)
        one = _joined_by_hand(a, b, chances, name[:1])
        assert row[1, 0] == pytest.approx(0.5 * probability(a, name[:1]) / one, abs=TOL)
        assert whole > 0
    np.testing.assert_allclose(beliefs[:, 0] @ stage_map(switch, b), [[0.75, 0.25]] * 3, atol=TOL)


def test_a_joined_process_is_not_stationary_and_says_so() -> None:
    switch = concatenated(zoo.even(), zoo.z1r(), 3)
    with pytest.raises(NotStationary):
        statistics(switch)
    np.testing.assert_allclose(filter_beliefs(switch, switch.sample(2, 9, rng=np.random.default_rng(0))).sum(axis=2), 1)
    assert equivalent(settled(switch), zoo.z1r())
    assert statistics(settled(interrupted(clock(), zoo.even(), 0.5))).entropy_rate == pytest.approx(2 / 3, abs=1e-9)


def test_wrong_durations_are_named() -> None:
    pair = zoo.even(), zoo.z1r()
    with pytest.raises(ValueError, match="duration must be >= 0; got -1"):
        concatenated(*pair, -1)
    with pytest.raises(ValueError, match="duration must be a whole number"):
        concatenated(*pair, 2.5)
    with pytest.raises(ValueError, match=r"probabilities of 0, 1, 2, ... symbols; got shape \(0,\)"):
        concatenated(*pair, [])
    with pytest.raises(ValueError, match=r"duration must sum to 1; it sums to 0\.5"):
        concatenated(*pair, [0.5])
    with pytest.raises(ValueError, match="stop must be a probability above 0"):
        interrupted(*pair, 0.0)
    with pytest.raises(PresentationTooLarge, match="concatenated process would have 2 symbols and 203 states"):
        concatenated(*pair, 100, max_entries=1000)
    with pytest.raises(ValueError, match="not made by concatenated or interrupted"):
        stage_map(zoo.even(), zoo.z1r())


# Where a process settles.


@few
@given(any_hmms())
def test_processes_settle_into_their_long_run_average(process: HMM) -> None:
    found = settled(process)
    np.testing.assert_allclose(found.start @ found.A, found.start, atol=1e-12)
    # Averages over n steps differ from their limit by a constant over n; Richardson's step takes that away but for
    # terms that decay exponentially, and periods up to 4 divide n.
    mean = np.zeros(process.n_state)
    power, means = process.start, {}
    for n in range(1, 2401):
        mean, power = mean + power, power @ process.A
        if n in (1200, 2400):
            means[n] = mean / n
    np.testing.assert_allclose(2 * means[2400] - means[1200], found.start, atol=1e-9)


def test_generalised_processes_settle() -> None:
    begun = GHMM(clock().T, [2 / 3, 2 / 3, 0], clock().evaluate, alphabet="01")
    assert equivalent(settled(begun), clock())
    both = product(clock(), HMM(period(2).T, start=[1, 0]))
    assert equivalent(settled(both), product(clock(), period(2)))
    jordan = GHMM([[[1, 1, 0], [0, 1, 0], [0, 0, 1]]], [0, 0, 1], [0, 0, 1])
    np.testing.assert_array_equal(settled(jordan).start, [0, 0, 1])
    with pytest.raises(ValueError, match="does not settle"):
        settled(GHMM(jordan.T, [1, 0, 1], [0, 0, 1]))


# Redundant presentations.


@few
@given(any_hmms(), st.lists(st.integers(1, 3), min_size=4, max_size=5), st.integers(0, 1000))
def test_redundant_presentations_are_equivalent(process: HMM, counts: list[int], seed: int) -> None:
    copies = [*counts, 2, 2][: process.n_state]
    shares = random_shares(process, copies, rng=np.random.default_rng(seed))
    split = redundant(process, copies, shares)
    assert split.n_state == sum(copies)
    assert equivalent(split, process)
    words = process.sample(3, 4, rng=np.random.default_rng(seed))
    expected = filter_beliefs(process, words)
    np.testing.assert_allclose(filter_beliefs(split, words) @ copy_map(process, copies), expected, atol=1e-10)


@few
@given(ergodic_hmms(), st.integers(0, 1000))
def test_redundant_stationary_processes_are_stationary(process: HMM, seed: int) -> None:
    split = redundant(process, 2, random_shares(process, 2, rng=np.random.default_rng(seed)))
    np.testing.assert_allclose(split.start @ split.A, split.start, atol=1e-12)
    assert minimal(split).n_state == minimal(process).n_state


def test_hidden_coordinates_move_without_being_seen() -> None:
    process = zoo.mess3()
    split = redundant(process, 2, random_shares(process, 2, rng=np.random.default_rng(0)))
    words = split.sample(200, 6, rng=np.random.default_rng(1))
    last = filter_beliefs(split, words)[:, -1]
    hidden = last[:, ::2] / last.reshape(-1, 3, 2).sum(axis=2)  # share of the first copy of each state
    assert hidden.std(axis=0).min() > 0.005
    assert len(observable_basis(split)) == 3
    np.testing.assert_allclose(split.predict(words), process.predict(words), atol=1e-12)
    fixed = redundant(process, 2, np.tile([0.3, 0.7], 3))
    share = filter_beliefs(fixed, words)[:, -1].reshape(-1, 3, 2)
    np.testing.assert_allclose(share[:, :, 0] / share.sum(axis=2), 0.3, atol=1e-12)


def test_generalised_and_reducible_processes_are_split_too() -> None:
    split = redundant(clock(), [2, 1, 3], random_shares(clock(), [2, 1, 3], rng=np.random.default_rng(0)))
    assert isinstance(split, GHMM)
    assert equivalent(split, clock())
    np.testing.assert_allclose(split.start @ split.A, split.start, atol=1e-9)
    np.testing.assert_allclose(split.start @ copy_map(clock(), [2, 1, 3]), clock().start, atol=1e-9)
    twice = redundant(epsilon_machine(zoo.even()), 2, [0.5] * 4)
    assert twice.states[:2] == (("A", 0), ("A", 1))
    assert twice.name == "redundant(even)"


def test_wrong_shares_are_named() -> None:
    with pytest.raises(ValueError, match="copies must be one number, or one for each of the 2 states; got 3"):
        redundant(zoo.even(), [1, 2, 3], 1.0)
    with pytest.raises(ValueError, match="at least 1 for every state; state 1 gets 0"):
        redundant(zoo.even(), [1, 0], 1.0)
    with pytest.raises(
        ValueError, match=r"broadcast to \(symbol, split_state, split_state\) = \(2, 4, 4\); got shape \(3,\)"
    ):
        redundant(zoo.even(), 2, [0.5, 0.5, 1])
    with pytest.raises(ValueError, match="shares must be nonnegative; that of split state 1"):
        redundant(zoo.even(), 2, [1.5, -0.5, 0.5, 0.5])
    with pytest.raises(ValueError, match=r"those of state 'B' \(split states \[2, 3\]\) sum to 0\.75"):
        redundant(zoo.even(), 2, [0.5, 0.5, 0.25, 0.5])
    with pytest.raises(PresentationTooLarge, match="redundant presentation would have 2 symbols and 20 states"):
        redundant(zoo.even(), 10, 0.1, max_entries=100)


def test_compositions_nest() -> None:
    inner = product(zoo.golden_mean(), zoo.even())
    outer = subsampled(coarse_grained(inner, lambda pair: pair[0] != pair[1]), 2)
    for word in tuples([False, True], repeat=2):
        expected = sum(
            probability(zoo.golden_mean(), left) * probability(zoo.even(), right)
            for left in named_words("01", 3)
            for right in named_words("01", 3)
            if (left[0] != right[0], left[2] != right[2]) == word
        )
        assert probability(outer, word) == pytest.approx(expected, abs=TOL)
