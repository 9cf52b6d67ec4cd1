"""From what went into a channel and what came out to a transducer: its memory, and what it says of the output.

The causal states of a channel are classes of joint pasts of input and output after which every input has the same
outputs, now and later. As for series (`inferred`), candidates are made from the first part in time, what they cost on
the rest decides (bits an output symbol, given the inputs), and states have to earn their place. Candidates are those of
causal-state splitting over histories of pairs, where the next output given the next input is compared, and channels in
which every output may follow: without memory, or with the last input, the last output, or both as the state.

Reference:
    Barnett and Crutchfield, Journal of Statistical Physics 161, 404 (2015), arXiv 1412.2690, for the causal states of
    channels.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
from jaxtyping import Float

from compmech.compose import Transducer
from compmech.errors import NotMinimal
from compmech.inference.candidates import Candidate
from compmech.inference.channel_model import ChannelModel, output_bits, paired
from compmech.inference.counts import MOST_WORDS, count_words
from compmech.inference.cssr import SIGNIFICANCE, split_states
from compmech.inference.held_out import blocks_of, preferred, sizes
from compmech.inference.inferred import FIT, LEAST
from compmech.inference.interval import Interval
from compmech.inference.proposals import LONGEST, MOST_CHAINED
from compmech.inference.series import Series
from compmech.inference.state_order import by_probability
from compmech.inference.structure import PastInformation, StructureTest, structure_test
from compmech.inference.surrogates import output_shuffles
from compmech.plain import plain

__all__ = ["InferredTransducer", "infer_transducer"]

_PER_HISTORY = 20  # symbols for each history that occurs; a channel without noise leaves most histories out


@dataclass(frozen=True, eq=False)
class InferredTransducer:
    """A channel found from data. Statistics are in bits.

    Attributes:
        method: how it was found.
        transducer: unifilar, its states from the most probable on.
        weight: how likely each state is on the input of the data.
        n_channel_states: causal states of the channel.
        channel_complexity: H[S] on the input of the data: what the channel remembers. `channel_complexity` of a
            process and the transducer is that on another input.
        output_entropy_rate: H[Y | X, S], the output's entropy rate given the input, with a 95 % interval, too.
        held_out_bits_per_symbol: of outputs that were held out, given the inputs.
        memoryless_bits_per_symbol: of the same outputs by a channel without memory.
        p_memory: p-value of "the past says nothing of the output beyond the input", from shuffled outputs.
        unread: states and the inputs that they never read in the data. The transducer has an answer there, that of all
            states together, and does not move; nothing is known of it.
        diagnostics: how it was chosen.
    """

    method: str
    transducer: Transducer
    weight: Float[np.ndarray, " causal"]
    n_channel_states: Interval
    channel_complexity: Interval
    output_entropy_rate: Interval
    held_out_bits_per_symbol: float
    memoryless_bits_per_symbol: float
    p_memory: float
    unread: tuple[tuple[Hashable, Hashable], ...]
    diagnostics: Mapping[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """JSON types; transitions by name, those of unread inputs left out."""
        return {
            "method": self.method,
            "n_channel_states": plain(self.n_channel_states),
            "channel_complexity": plain(self.channel_complexity),
            "output_entropy_rate": plain(self.output_entropy_rate),
            "held_out_bits_per_symbol": plain(self.held_out_bits_per_symbol),
            "memoryless_bits_per_symbol": plain(self.memoryless_bits_per_symbol),
            "p_memory": plain(self.p_memory),
            "transducer": {
                "inputs": [str(name) for name in self.transducer.inputs],
                "outputs": [str(name) for name in self.transducer.outputs],
                "states": [str(name) for name in self.transducer.states],
                "weight": plain(self.weight),
                "transitions": list(self._transitions()),
            },
            "unread": [{"state": str(state), "input": str(name)} for state, name in self.unread],
            "diagnostics": plain(dict(self.diagnostics)),
        }

    def _transitions(self) -> Iterator[dict[str, Any]]:
        made, unread = self.transducer, set(self.unread)
        for i, x, y, j in np.argwhere(made.T.transpose(2, 1, 0, 3) > 0):
            if (made.states[i], made.inputs[x]) not in unread:
                yield {
                    "state": str(made.states[i]),
                    "input": str(made.inputs[x]),
                    "output": str(made.outputs[y]),
                    "probability": float(made.T[y, x, i, j]),
                    "next": str(made.states[j]),
                }


def infer_transducer(inputs: Series, outputs: Series, *, rng: np.random.Generator) -> InferredTransducer:
    """The channel between two series, with what it was chosen from.

    An output may depend on inputs up to its own time, and on outputs before it.

    Args:
        inputs, outputs: of the same times; times at which either is missing are gaps.
        rng: of surrogates, and of draws from the posterior.
    Raises:
        ValueError: if the two are not of one length, or there are fewer than 100 times at which both are there, or an
            input of the alphabet never occurs, or no candidate allows the outputs that are held out.
    """
    data, n_input = paired(inputs, outputs), inputs.n_symbol
    _check(data, inputs)
    fit, rest = data.split(FIT)
    blocks = blocks_of(rest)
    found: dict[Hashable, Candidate[ChannelModel]] = {}
    for method, setting, model in _proposed(fit, n_input):
        if model.key not in found:
            found[model.key] = Candidate(method, setting, model, output_bits(model, blocks), sizes(blocks))
    candidates = sorted(found.values(), key=lambda one: (one.held_out_bits, one.model.n_free))
    assert isfinite(candidates[0].held_out_bits)  # there are channels that forbid no output
    test_rng, draw_rng = rng.spawn(2)
    past = PastInformation.that_fills(data, n_input=n_input)
    test = structure_test(data, rng=test_rng, surrogates=output_shuffles(n_input), statistic=past)
    chosen = preferred(candidates)
    return _result(data, inputs.alphabet, outputs.alphabet, chosen, candidates, test, draw_rng)


def _check(data: Series, inputs: Series) -> None:
    if data.n_observed < LEAST:
        raise ValueError(
            f"there are {data.n_observed} times at which both input and output are there: nothing can be told from "
            f"fewer than {LEAST}"
        )
    read = data.frequencies.reshape(inputs.n_symbol, -1).sum(axis=1)
    for x in np.flatnonzero(read == 0)[:1]:
        raise ValueError(
            f"the input {inputs.alphabet[x]!r} never occurs with an output, so nothing is known of what follows it: "
            "leave it out of the alphabet"
        )


def _proposed(fit: Series, n_input: int) -> Iterator[tuple[str, dict[str, Any], ChannelModel]]:
    """Topologies by splitting, and those with the last symbols as states."""
    for history in range(LONGEST + 1):
        if fit.n_symbol ** (history + 1) > MOST_WORDS >> 6:
            break
        counts = count_words(fit, history + 1)
        if history and np.count_nonzero(counts.by_history.any(axis=1)) * _PER_HISTORY > fit.n_observed:
            break
        for significance in (SIGNIFICANCE, 1e-5):
            setting = {"history": history, "significance": significance}
            try:
                split = split_states(counts, significance=significance, n_input=n_input)
                model = ChannelModel.of(fit, split.successor, n_input)
            except (ValueError, NotMinimal):  # nothing recurs at this length, or pairs that occur are forbidden
                continue
            yield "cssr", {**setting, "synchronised": split.synchronised}, model
    for remembers, after in _last_symbols(fit.n_symbol, n_input).items():
        n_state = int(after.max()) + 1
        if n_state <= max(1, min(MOST_CHAINED, fit.n_observed // fit.n_symbol)):
            try:
                model = ChannelModel.of(fit, np.tile(after, (n_state, 1)), n_input)
            except NotMinimal:  # two of its states are alike, as in a channel that remembers less
                continue
            yield "markov", {"remembers": remembers}, model


def _last_symbols(n_pair: int, n_input: int) -> dict[str, np.ndarray]:
    """What the state after each pair is."""
    pair, n_output = np.arange(n_pair), n_pair // n_input
    return {"nothing": 0 * pair, "last input": pair // n_output, "last output": pair % n_output, "last pair": pair}


def _result(
    data: Series,
    inputs: tuple[Hashable, ...],
    outputs: tuple[Hashable, ...],
    chosen: Candidate[ChannelModel],
    candidates: Sequence[Candidate[ChannelModel]],
    test: StructureTest,
    rng: np.random.Generator,
) -> InferredTransducer:
    model, only = chosen.model, ""
    try:
        model = model.refitted(data)
    except ValueError:  # the part that is held out has a word that no start allows, though each block of it is allowed
        only = ", from the part that made the candidates alone"
    complexity, rate = model.estimates(rng=rng)
    without = next(one for one in candidates if one.model.n_state == 1)
    how = "a 95 % interval from draws of the posterior of the probabilities, given the transitions, on an input that "
    how += "depends on the past by way of the channel's state" + only
    return InferredTransducer(
        method=chosen.method,
        transducer=model.transducer(inputs, outputs),
        weight=model.weight[by_probability(model.weight)[0]],
        n_channel_states=Interval(model.n_state, model.n_state, model.n_state),
        channel_complexity=complexity,
        output_entropy_rate=rate,
        held_out_bits_per_symbol=chosen.held_out_bits,
        memoryless_bits_per_symbol=without.held_out_bits,
        p_memory=test.p,
        unread=tuple(model.unread(inputs)),
        diagnostics={
            "times": data.n_observed,
            "pieces": len(data.pieces),
            "setting": dict(chosen.setting),
            "memory": test,
            "candidates": [one.to_dict() for one in candidates],
            "how": {"channel_complexity": how, "output_entropy_rate": how},
        },
    )
