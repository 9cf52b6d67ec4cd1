"""Channels from paired series: their memory and probabilities come back, no memory is said to be none."""

from functools import partial
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_series import exact
from strategies import python_random_untouched

from compmech import EpsilonMachine, zoo
from compmech.compose import (
    Transducer,
    binary_symmetric_channel,
    channel_complexity,
    delay_transducer,
    feedback_transducer,
    feedforward_transducer,
    joint_process,
    memoryless_transducer,
)
from compmech.hmm import HMM
from compmech.inference import (
    HistoryStates,
    InferredTransducer,
    Series,
    WordCounts,
    channel_model,
    channels,
    count_words,
    infer_transducer,
    isomorphism,
    paired,
    series,
    split_states,
    structure_test,
)
from compmech.inference.channel_model import ChannelModel, output_bits
from compmech.inference.held_out import Blocks
from compmech.inference.structure import past_information
from compmech.inference.surrogates import shuffled_outputs

KERNEL = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.2, 0.8], [0.5, 0.5]]])


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals are looked at in one test alone."""
    monkeypatch.setattr(channel_model, "RESAMPLES", 20)
    monkeypatch.setattr(channels, "structure_test", partial(structure_test, n_surrogate=39))


def odd_not() -> Transducer:
    """Outputs are inputs, or their opposites after an odd number of ones (Barnett and Crutchfield's odd NOT)."""
    T = np.zeros((2, 2, 2, 2))
    for odd, x in product(range(2), repeat=2):
        T[x ^ odd, x, odd, odd ^ x] = 1
    return Transducer(T, inputs="01", outputs="01", name="odd not")


def even_channel() -> Transducer:
    """A run of ones that came in is known by its parity: on a zero the output is 1 for sure after an odd run."""
    T = np.zeros((2, 2, 2, 2))
    T[0, 0, 0, 0], T[1, 0, 0, 0] = 0.3, 0.7
    T[1, 1, 0, 1] = T[1, 0, 1, 0] = T[0, 1, 1, 0] = 1
    return Transducer(T, inputs="01", outputs="01", name="even")


CHANNELS = {
    "noisy": memoryless_transducer(binary_symmetric_channel(0.1), "01"),
    "delay": delay_transducer("01"),
    "delay by two": delay_transducer("01", 2),
    "odd not": odd_not(),
    "even": even_channel(),
    "feedback": feedback_transducer(KERNEL, inputs="01", outputs="01"),
    "feedforward": feedforward_transducer(KERNEL, inputs="01", outputs="01"),
}


def coin(p: float = 0.4) -> HMM:
    return HMM(zoo.biased_coin(p=p).T, alphabet="01")


def through(channel: Transducer, process: HMM, n: int, seed: int = 1) -> tuple[Series, Series]:
    pairs = joint_process(process, channel).sample(1, n, rng=np.random.default_rng(seed))[0]
    n_output = len(channel.outputs)
    return Series(pairs // n_output, process.alphabet), Series(pairs % n_output, channel.outputs)


def found(inputs: Series, outputs: Series, seed: int = 0) -> InferredTransducer:
    return infer_transducer(inputs, outputs, rng=np.random.default_rng(seed))


def as_machine(channel: Transducer, process: HMM) -> EpsilonMachine:
    """A channel on an input without memory, read as a process of pairs: states and transitions are the channel's."""
    joint = joint_process(process, channel)
    successor = np.where(joint.emission > 0, joint.T.argmax(axis=2).T, -1)
    return EpsilonMachine(successor, joint.emission)


# ---------------------------------------------------------------------------------------------------- what comes back


@pytest.mark.parametrize("name", CHANNELS)
def test_channels_come_back(name):
    channel = CHANNELS[name]
    result = found(*through(channel, coin(), 5_000))
    match = isomorphism(as_machine(result.transducer, coin()), as_machine(channel, coin()))
    assert match is not None, f"{result.transducer!r}"
    assert match.largest_difference < 0.03
    assert result.n_channel_states.value == channel.n_state
    assert result.channel_complexity.value == pytest.approx(channel_complexity(coin(), channel), abs=0.02)
    assert (result.p_memory <= 0.05) is (channel.n_state > 1)
    assert not result.unread
    gained = result.memoryless_bits_per_symbol - result.held_out_bits_per_symbol
    assert gained == 0 if channel.n_state == 1 else gained > 0.05


def exact_pairs(process: HMM, channel: Transducer, length: int) -> WordCounts:
    """Counts of words of pairs as they would be in 1e9 windows."""
    return exact(joint_process(process, channel), length)


def emission_of(split: HistoryStates, n_input: int) -> np.ndarray:
    joint = split.emit.reshape(split.n_state, n_input, -1)
    return joint / joint.sum(axis=2, keepdims=True)


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.sampled_from([feedback_transducer, feedforward_transducer]))
def test_random_channels_are_split_into_their_states_from_exact_counts(seed, kind):
    """Whatever the input, even one with memory, and by outputs given inputs alone."""
    with python_random_untouched():
        rng = np.random.default_rng(seed)
        kernel = rng.dirichlet([1, 1], size=(2, 2))
        if abs(kernel[0] - kernel[1]).max() < 0.05:  # nearly without memory
            kernel[0], kernel[1] = [[0.9, 0.1], [0.4, 0.6]], [[0.2, 0.8], [0.5, 0.5]]
        channel = kind(kernel, inputs="01")
        chain = rng.uniform(0.1, 0.9, 2)
        T = np.zeros((2, 2, 2))
        T[0, :, 0], T[1, :, 1] = chain, 1 - chain
        split = split_states(exact_pairs(HMM(T, alphabet="01"), channel, 4), n_input=2)
        assert split.n_state == 2
        found_rows, true_rows = emission_of(split, 2), channel.emission
        order = [0, 1] if abs(found_rows - true_rows).max() < abs(found_rows[::-1] - true_rows).max() else [1, 0]
        assert np.allclose(found_rows[order], true_rows, atol=1e-3)


def test_the_input_may_have_memory_that_is_no_memory_of_the_channel():
    """Seen as one process of pairs there are two causal states, seen as a channel one."""
    channel = memoryless_transducer(binary_symmetric_channel(0.2), "01")
    counts = exact_pairs(zoo.golden_mean(), channel, 4)
    assert split_states(counts, n_input=2).n_state == 1
    assert split_states(counts).n_state == 2
    assert found(*through(channel, zoo.golden_mean(), 3_000)).transducer.n_state == 1


def test_inputs_that_a_state_never_read_are_named():
    """The golden mean never has two ones, so that nothing is known of a delay that holds one and reads another."""
    result = found(*through(delay_transducer("01"), zoo.golden_mean(), 2_000))
    assert result.transducer.n_state == 2
    assert result.unread == (("B", "1"),)
    assert result.transducer.emission[1, 0].tolist() == [0, 1]
    assert result.transducer.T[:, 1, 1, 0].tolist() == [0, 0]  # it does not move
    ways = result.to_dict()["transducer"]["transitions"]
    assert ("B", "1") not in {(way["state"], way["input"]) for way in ways}
    assert {(w["state"], w["input"], w["output"], w["next"]) for w in ways} >= {("A", "1", "0", "B")}


def test_what_was_found_can_be_applied_to_another_process():
    from compmech.compose import transduced

    result = found(*through(CHANNELS["feedback"], coin(), 5_000))
    again = transduced(zoo.golden_mean(), result.transducer)
    truth = transduced(zoo.golden_mean(), CHANNELS["feedback"])
    words = np.array(list(product(range(2), repeat=4)))
    assert np.allclose(np.exp(again.log_prob(words)), np.exp(truth.log_prob(words)), atol=0.02)


def test_intervals_hold_the_truth(monkeypatch):
    """H[S] and H[Y | X, S] of a feedback channel: nominally 95 %; P(fewer than 9 of 12 | 0.95) = 0.0022."""
    monkeypatch.setattr(channel_model, "RESAMPLES", 60)
    channel, inside = CHANNELS["feedback"], []
    weight = channels_weight(channel)
    rate = sum(weight[i] * p * entropy_of(channel.emission[i, x]) for i in range(2) for x, p in enumerate((0.6, 0.4)))
    successor = np.array([[0, 1, 0, 1], [0, 1, 0, 1]])
    for seed in range(12):
        model = ChannelModel.of(paired(*through(channel, coin(), 500, seed)), successor, 2)
        memory, output = model.estimates(rng=np.random.default_rng(seed))
        inside.append(output.low <= rate <= output.high)
        assert memory.low <= memory.value <= memory.high
    assert sum(inside) >= 9


def channels_weight(channel: Transducer) -> np.ndarray:
    moves = 0.6 * channel.T[:, 0].sum(axis=0) + 0.4 * channel.T[:, 1].sum(axis=0)
    return np.linalg.matrix_power(moves, 200)[0]


def entropy_of(p: np.ndarray) -> float:
    return float(-(p * np.log2(p)).sum())


def test_no_memory_is_said_at_the_stated_rate():
    """p-values are uniform under no memory: more than 3 of 8 at most 0.1 would come about with probability 0.005."""
    results = [found(*through(CHANNELS["noisy"], zoo.golden_mean(), 400, seed), seed) for seed in range(8)]
    assert sum(result.p_memory <= 0.1 for result in results) <= 3
    assert sum(result.transducer.n_state == 1 for result in results) >= 6


def test_the_same_generator_gives_the_same_numbers():
    data = through(CHANNELS["feedback"], coin(), 800)
    assert found(*data, seed=3).to_dict() == found(*data, seed=3).to_dict()
    assert found(*data, seed=3).to_dict() != found(*data, seed=4).to_dict()


def test_a_word_of_the_held_out_part_that_was_forbidden_costs_bits():
    """An output that comes late: splitting forbids it, channels in which every output may follow do not."""
    inputs = series("01" * 300)
    outputs = series("aabb" * 110 + "aabc" * 40)
    result = found(inputs, outputs)
    assert np.isfinite(result.held_out_bits_per_symbol)
    assert result.method == "markov"


# ------------------------------------------------------------------------------------------------------------- pieces


def test_pairs_have_a_gap_where_either_series_has_one():
    data = paired(series(["a", None, "b", "a"]), series(["x", "y", None, "z"]))
    assert data.codes.tolist() == [0, -1, -1, 2]
    assert data.alphabet == (("a", "x"), ("a", "y"), ("a", "z"), ("b", "x"), ("b", "y"), ("b", "z"))
    with pytest.raises(ValueError, match="of the same times; there are 2 and 3"):
        paired(series("ab"), series("abc"))


def test_gaps_are_no_obstacle():
    inputs, outputs = through(CHANNELS["feedback"], coin(), 4_000)
    broken = inputs.codes.copy()
    broken[::97] = -1
    result = found(Series(broken, inputs.alphabet), outputs)
    assert result.transducer.n_state == 2
    assert result.diagnostics["times"] == 4_000 - len(broken[::97])


def test_bits_of_outputs_are_those_of_every_path():
    """P(outputs | inputs), summed over the start, against products along the one path that each start leaves."""
    model = ChannelModel.of(
        paired(*through(CHANNELS["feedback"], coin(), 300)), np.array([[0, 1, 0, 1], [0, 1, 0, 1]]), 2
    )
    words = np.array([[0, 3, 2, 1, 0], [2, 2, 1, 3, 0]])

    def probability(word):
        total = 0.0
        for state, chance in enumerate(model.weight):
            for pair in word:
                x, y = divmod(int(pair), 2)
                chance *= model.T[y, x, state].sum()
                state = y
            total += chance
        return total

    bits = output_bits(model, [Blocks(words, 2)])
    known = [np.log2(probability(word[:2]) / probability(word)) for word in words]
    assert np.allclose(bits, known, atol=1e-12)
    forbidding = ChannelModel.of(paired(series("0011" * 30), series("0110" * 30)), np.array([[0, 1, 1, 0]] * 2), 2)
    assert np.isfinite(output_bits(forbidding, [Blocks(words, 2)])).all()


def test_a_forbidden_output_costs_infinitely_many_bits():
    model = ChannelModel.of(paired(series("01" * 60), series("01" * 60)), np.array([[0, -1, -1, 0]]), 2)
    assert output_bits(model, [Blocks(np.array([[0, 3, 0], [0, 1, 3]]), 1)]).tolist() == [0, np.inf]


def test_memory_is_told_given_the_input():
    """What an input that repeats itself says of the output is no memory of the channel."""
    inputs = series("0011" * 50)
    copied = paired(inputs, inputs)
    assert past_information(count_words(copied, 3), n_input=2) == pytest.approx(0, abs=1e-12)
    assert past_information(count_words(copied, 3)) == pytest.approx(1, abs=0.01)
    late = paired(inputs, Series(np.roll(inputs.codes, 1), inputs.alphabet))
    assert past_information(count_words(late, 2), n_input=2) == pytest.approx(1, abs=0.01)
    mixed = shuffled_outputs(late, n_input=2, rng=np.random.default_rng(0))
    assert (mixed.codes // 2 == late.codes // 2).all()
    assert np.bincount(mixed.codes).tolist() == np.bincount(late.codes).tolist()


def test_what_cannot_be_inferred_is_said():
    with pytest.raises(ValueError, match="there are 50 times at which both input and output are there"):
        found(series("01" * 25), series("01" * 25))
    with pytest.raises(ValueError, match="the input 'c' never occurs with an output"):
        found(series("ab" * 100, alphabet="abc"), series("ab" * 100))


# ---------------------------------------------------------------------------------------------------------- complexity


def test_the_complexity_of_a_channel_is_the_entropy_of_its_states():
    assert channel_complexity(coin(0.5), delay_transducer("01", 3)) == pytest.approx(3)
    assert channel_complexity(coin(), memoryless_transducer(binary_symmetric_channel(0.1), "01")) == 0
    assert channel_complexity(zoo.golden_mean(), delay_transducer("01")) == pytest.approx(np.log2(3) - 2 / 3)
    begun = delay_transducer("01", start=[1, 0])
    assert channel_complexity(coin(0.5), begun) == pytest.approx(1)
    assert channel_complexity(zoo.moon(), one_state(zoo.moon())) == 0
    with pytest.raises(ValueError, match="never forgets in which state it was"):
        channel_complexity(HMM(np.ones((1, 1, 1)), alphabet="0"), odd_not())
    with pytest.raises(ValueError, match="must be an input of the transducer"):
        channel_complexity(HMM(zoo.fair_coin().T, alphabet="ab"), odd_not())


def one_state(process) -> Transducer:
    n = len(process.alphabet)
    return memoryless_transducer(np.full((n, 2), 0.5), process.alphabet, outputs="01")
