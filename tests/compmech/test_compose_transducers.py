"""Transducers: outputs summed over inputs and paths, cascades, minimality, starts, and the usual ones."""

import pickle
from itertools import product as tuples

import numpy as np
import pytest
from composing import TOL, clock, named_words, probability
from hypothesis import given
from hypothesis import strategies as st
from machines import period
from strategies import ergodic_hmms, few, started_hmms, stationary_hmms

from compmech import GHMM, HMM, entropy_rate, epsilon_machine, equivalent, filter_beliefs, zoo
from compmech.compose import (
    PresentationTooLarge,
    Transducer,
    binary_symmetric_channel,
    cascade,
    coarse_grained,
    delay_transducer,
    epsilon_transducer,
    feedback_transducer,
    feedforward_transducer,
    joint_process,
    memoryless_transducer,
    mixture,
    noisy,
    settled,
    switching_channel,
    symmetric_channel,
    transduced,
    transduced_maps,
)

_XOR = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]]], dtype=float)


seeds = st.integers(0, 10_000)


def _random_transducer(seed: int, n_input: int) -> Transducer:
    """Some transducer from inputs 0 .. n_input - 1 to a and b, with zeros, from some start."""
    rng = np.random.default_rng(seed)
    n_state = int(rng.integers(1, 4))
    weight = rng.integers(0, 4, (2, n_input, n_state, n_state)).astype(float)
    weight[rng.integers(2), :, :, rng.integers(n_state)] += 1
    start = rng.dirichlet(np.ones(n_state))
    return Transducer(weight / weight.sum(axis=(0, 3))[:, :, None], start=start, outputs="ab")


def _given_input(channel: Transducer, sent: tuple, received: tuple) -> float:
    """P(received | sent), summed over every path of the transducer's states."""
    total = 0.0
    for path in tuples(range(channel.n_state), repeat=len(sent) + 1):
        weight = channel.start[path[0]]
        for t, (x, y) in enumerate(zip(sent, received, strict=True)):
            place = channel.outputs.index(y), channel.inputs.index(x), path[t], path[t + 1]
            weight = weight * channel.T[place]
        total += weight
    return float(total)


@few
@given(started_hmms(3, 3), seeds)
def test_the_output_sums_over_inputs(process: HMM, seed: int) -> None:
    channel = _random_transducer(seed, process.n_symbol)
    out, both = transduced(process, channel), joint_process(process, channel)
    sent_words = named_words(process.alphabet, 2)
    for received in named_words("ab", 2):
        parts = [probability(process, sent) * _given_input(channel, sent, received) for sent in sent_words]
        assert probability(out, received) == pytest.approx(sum(parts), abs=TOL)
        for sent, part in zip(sent_words, parts, strict=True):
            assert probability(both, tuple(zip(sent, received, strict=True))) == pytest.approx(part, abs=TOL)


@few
@given(seeds, seeds)
def test_cascades_sum_over_what_is_in_between(one: int, other: int) -> None:
    first = _random_transducer(one, 2)
    rng = np.random.default_rng(other)
    second = Transducer(
        rng.dirichlet(np.ones(6), size=(2, 2)).reshape(2, 2, 3, 2).transpose(2, 0, 1, 3),
        start=rng.dirichlet([1, 1]),
        inputs="ba",
        outputs="xyz",
    )
    both = cascade(first, second)
    for sent in named_words(first.inputs, 2):
        for received in named_words("xyz", 2):
            expected = sum(
                _given_input(first, sent, middle) * _given_input(second, middle, received)
                for middle in named_words("ab", 2)
            )
            assert _given_input(both, sent, received) == pytest.approx(expected, abs=TOL)


@few
@given(ergodic_hmms(3, 2))
def test_a_cascade_acts_like_one_transducer_after_the_other(process: HMM) -> None:
    process = HMM(process.T, start=process.start, alphabet="01"[: process.n_symbol])
    first = feedforward_transducer(0.9 * _XOR + 0.05, "01", outputs="01", start=[0.5, 0.5])
    second = delay_transducer("01", 1, start=[0.25, 0.75])
    assert equivalent(transduced(process, cascade(first, second)), transduced(transduced(process, first), second))


@few
@given(stationary_hmms())
def test_a_stationary_process_does_not_show_a_delay(process: HMM) -> None:
    for delay in (0, 1, 2):
        assert equivalent(transduced(process, delay_transducer(process.alphabet, delay)), process)


def test_a_delay_with_a_start_begins_with_it() -> None:
    late = transduced(zoo.even(), delay_transducer("01", 2, start=[0, 0, 1, 0]))
    for word in named_words("01", 4):
        expected = probability(zoo.even(), word[2:]) if word[:2] == ("1", "0") else 0.0
        assert probability(late, word) == pytest.approx(expected, abs=TOL)
    assert delay_transducer("01", 2).states == (("0", "0"), ("0", "1"), ("1", "0"), ("1", "1"))
    assert epsilon_transducer(delay_transducer("abc", 2)).n_state == 9


def test_memoryless_transducers_are_channels() -> None:
    for process in (zoo.even(), clock(), epsilon_machine(zoo.even())):
        through = transduced(process, memoryless_transducer(binary_symmetric_channel(0.2), "01"))
        assert equivalent(through, noisy(process, binary_symmetric_channel(0.2)))
    begun = HMM(zoo.even().T, start=[1, 0], alphabet="01")  # not stationary: with a single state there is no doubt
    assert equivalent(transduced(begun, memoryless_transducer(np.eye(2), "01")), begun)


def test_feedforward_and_feedback() -> None:
    change = feedforward_transducer(_XOR, "01", outputs="01")
    process = zoo.golden_mean()
    out = transduced(process, change)
    np.testing.assert_allclose(out.start @ out.A, out.start, atol=TOL)
    for word in named_words("01", 3):
        expected = sum(
            probability(process, sent)
            for sent in named_words("01", 4)
            if all(int(word[t]) == int(sent[t]) ^ int(sent[t + 1]) for t in range(3))
        )
        assert probability(out, word) == pytest.approx(expected, abs=TOL)
    total = feedback_transducer(_XOR, "01", outputs="01", start=[1, 0])
    summed = transduced(process, total)
    for sent in named_words("01", 3):
        received = tuple(str(sum(map(int, sent[: t + 1])) % 2) for t in range(3))
        assert probability(summed, received) == pytest.approx(probability(process, sent), abs=TOL)
    # The running parity undoes the change, but for the symbol it began with.
    again = cascade(feedforward_transducer(_XOR, "01", outputs="01", start=[1, 0]), total)
    assert equivalent(transduced(process, again), process)
    assert entropy_rate(out) == pytest.approx(entropy_rate(process), abs=1e-9)


def test_a_channel_that_switches() -> None:
    channel = switching_channel(
        [symmetric_channel(2, 0.0), symmetric_channel(2, 0.5)], [[0.9, 0.1], [0.2, 0.8]], "01", states=["good", "bad"]
    )
    assert channel.outputs == ("0", "1")
    assert channel.states == ("good", "bad")
    alternating = zoo.noisy_period(noise=0.0, k=2)
    out = transduced(alternating, channel)
    of_process, of_channel = transduced_maps(alternating, channel)
    np.testing.assert_allclose(out.start @ of_channel, [2 / 3, 1 / 3], atol=TOL)
    np.testing.assert_allclose(out.start @ of_process, [0.5, 0.5], atol=TOL)
    # 00 is impossible in the input: one of the two symbols at least was read in the bad state.
    after = filter_beliefs(out, [[0, 0]])[0, -1] @ of_channel
    assert after[1] > 0.6


def test_maps_are_marginals() -> None:
    kernel = np.random.default_rng(0).dirichlet([1, 1], size=(2, 2))
    channel = feedback_transducer(kernel, "01", outputs="01", start=[0.5, 0.5])
    for process in (zoo.even(), clock()):
        both = joint_process(process, channel)
        words = both.sample(3, 4, rng=np.random.default_rng(1))
        of_process, of_channel = transduced_maps(process, channel)
        beliefs = filter_beliefs(both, words)
        inputs, outputs = np.unravel_index(words, (2, 2))
        # What came in is seen, so the belief over the process's states is what its own filter says.
        np.testing.assert_allclose(beliefs @ of_process, filter_beliefs(process, inputs), atol=1e-9)
        np.testing.assert_allclose((beliefs @ of_channel)[:, 1:], np.eye(2)[outputs], atol=1e-9)
    channel = feedback_transducer(kernel, "01", outputs="01")
    assert equivalent(coarse_grained(joint_process(zoo.even(), channel), lambda pair: pair[0]), zoo.even())
    assert equivalent(
        coarse_grained(joint_process(zoo.even(), channel), lambda pair: pair[1]), transduced(zoo.even(), channel)
    )


def test_epsilon_transducers_are_minimal_and_the_same_channel() -> None:
    wasteful = _wasteful()
    least = epsilon_transducer(wasteful)
    assert least.n_state == 2
    assert least.is_unifilar
    for sent in named_words("01", 3):
        for received in named_words("01", 3):
            assert _given_input(least, sent, received) == pytest.approx(_given_input(wasteful, sent, received), abs=TOL)
    assert epsilon_transducer(delay_transducer("01")).start is None
    assert pickle.loads(pickle.dumps(least)).states == least.states


def _wasteful() -> Transducer:
    """A delay by one that also remembers the input before, for nothing."""
    two = delay_transducer("01", 2)
    T = np.zeros_like(two.T)
    for before, last in tuples(range(2), repeat=2):
        for x in range(2):
            T[last, x, 2 * before + last, 2 * last + x] = 1
    return Transducer(T, start=[0.1, 0.2, 0.3, 0.4], inputs="01", outputs="01")


def test_starts_that_cannot_be_told_are_asked_for() -> None:
    parity = feedback_transducer(_XOR, "01", outputs="01")
    with pytest.raises(ValueError, match=r"never forgets.*differs by up to 0\.667"):
        transduced(zoo.even(), Transducer(_keep(), inputs="01", outputs="01"))
    begun = HMM(zoo.even().T, start=[1, 0], alphabet="01")
    with pytest.raises(ValueError, match=r"not start stationary.*settled\(process\)"):
        transduced(begun, parity)
    assert transduced(settled(HMM(zoo.golden_mean().T, start=[1, 0], alphabet="01")), parity).n_state == 4
    with pytest.raises(ValueError, match="never forgets"):  # 1s come in pairs, so the parity between blocks is kept
        transduced(zoo.even(), parity)
    with pytest.raises(ValueError, match="never forgets"):
        transduced(clock(), Transducer(_keep(), inputs="01", outputs="01"))
    both = mixture(zoo.even(), zoo.z1r())  # not ergodic itself, which is no obstacle
    out = transduced(both, delay_transducer("01"))
    assert equivalent(out, both)


def _keep() -> np.ndarray:
    """Two states that are never left and add themselves to the input."""
    T = np.zeros((2, 2, 2, 2))
    for state, x in tuples(range(2), repeat=2):
        T[state ^ x, x, state, state] = 1
    return T


def test_generalised_processes_pass_through() -> None:
    out = transduced(clock(), feedforward_transducer(_XOR, "01", outputs="01"))
    assert isinstance(out, GHMM)
    for word in named_words("01", 2):
        expected = sum(
            probability(clock(), sent)
            for sent in named_words("01", 3)
            if all(int(word[t]) == int(sent[t]) ^ int(sent[t + 1]) for t in range(2))
        )
        assert probability(out, word) == pytest.approx(expected, abs=1e-10)


def test_wrong_transducers_are_named() -> None:
    good = delay_transducer("01")
    with pytest.raises(ValueError, match=r"axes \(output, input, state, next_state\).*got shape \(2, 2, 2\)"):
        Transducer(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match=r"T\[0, 0, 0, 0\] is -1"):
        Transducer(-np.ones((1, 1, 1, 1)))
    with pytest.raises(ValueError, match=r"input 0, state 0 sums to 0\.5; T was read with axes"):
        Transducer(np.full((1, 1, 1, 1), 0.5))
    with pytest.raises(ValueError, match=r"outputs and inputs exchanged: give np\.swapaxes"):
        Transducer(np.array([[0.5, 0.5], [0.9, 0.1]])[:, :, None, None])
    with pytest.raises(ValueError, match="start must sum to 1"):
        Transducer(good.T, start=[1, 1])
    with pytest.raises(ValueError, match="inputs must name the 2"):
        Transducer(good.T, inputs="abc")
    with pytest.raises(ValueError, match=r"every symbol of the process must be an input of the transducer; \[0, 1\]"):
        transduced(period(2), good)
    with pytest.raises(ValueError, match="every output of the first transducer must be an input of the second"):
        cascade(good, delay_transducer("ab"))
    with pytest.raises(ValueError, match="both transducers must have a start, or neither"):
        cascade(good, delay_transducer("01", start=[1, 0]))
    with pytest.raises(PresentationTooLarge, match="cascade of transducers would have 4 symbols and 4 states"):
        cascade(good, good, max_entries=63)
    with pytest.raises(PresentationTooLarge, match="delay by 20 of 2 symbols"):
        delay_transducer("01", 20)
    with pytest.raises(PresentationTooLarge, match="transduced process would have 2 symbols and 4 states"):
        transduced(zoo.even(), good, max_entries=31)
    with pytest.raises(PresentationTooLarge, match="joint process would have 4 symbols and 4 states"):
        joint_process(zoo.even(), good, max_entries=63)
    with pytest.raises(ValueError, match=r"only unifilar transducers.*input 0 and output 0 leave state 0"):
        epsilon_transducer(Transducer(np.full((1, 1, 2, 2), 0.5)))
    with pytest.raises(ValueError, match="kernel must have axes"):
        feedforward_transducer(np.eye(2))
    with pytest.raises(ValueError, match="as many previous inputs as inputs"):
        feedforward_transducer(np.full((3, 2, 2), 0.5))
    with pytest.raises(ValueError, match="as many previous outputs as outputs"):
        feedback_transducer(np.full((3, 2, 2), 0.5))
    with pytest.raises(ValueError, match=r"kernel\[0, 0, 1\] is -0\.5"):
        feedback_transducer([[[1.5, -0.5]]])
    with pytest.raises(ValueError, match=r"\[0, 0\] sums to 0\.5"):
        feedback_transducer([[[0.5]]])
    with pytest.raises(ValueError, match="switch must have a row for each of the 1 channels"):
        switching_channel([np.eye(2)], np.eye(2))
