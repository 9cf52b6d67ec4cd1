"""A channel with memory as a candidate: which pairs (input, output) each state allows, and where they lead.

Symbols are pairs input * n_output + output. What is found is P(output | input, state); how likely inputs are is the
affair of what sends them, and costs nothing.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from jaxtyping import Bool, Float, Int

from compmech.compose import Transducer
from compmech.inference.bootstrap import RESAMPLES
from compmech.inference.determinising import given_input
from compmech.inference.held_out import Blocks
from compmech.inference.interval import Interval, percentile_interval
from compmech.inference.series import GAP, Series
from compmech.inference.state_order import by_probability
from compmech.inference.topology_model import TopologyModel, topology_model
from compmech.measures.interval import entropy
from compmech.stationary import stationary
from compmech.units import bits

__all__ = ["ChannelModel", "output_bits", "paired"]


def paired(inputs: Series, outputs: Series) -> Series:
    """What went into a channel and what came out at the same times, as one series of pairs; a gap where either has one.

    Raises:
        ValueError: if the two are not of one length.
    """
    if len(inputs.codes) != len(outputs.codes):
        raise ValueError(
            f"inputs and outputs must be of the same times; there are {len(inputs.codes)} and {len(outputs.codes)}"
        )
    gap = (inputs.codes == GAP) | (outputs.codes == GAP)
    codes = np.where(gap, GAP, inputs.codes.astype(np.int64) * outputs.n_symbol + outputs.codes)
    return Series(codes, tuple((x, y) for x in inputs.alphabet for y in outputs.alphabet))


@dataclass(frozen=True, eq=False)
class ChannelModel:
    """One topology of a channel, with the posterior of its probabilities.

    Attributes:
        pairs: the topology over pairs (input, output), as if one process made both.
        n_input: inputs.
    """

    pairs: TopologyModel
    n_input: int

    is_finite = True

    @classmethod
    def of(cls, data: Series, successor: Int[np.ndarray, "causal pair"], n_input: int) -> "ChannelModel":
        """A topology with its probabilities from a series of pairs.

        Raises:
            ValueError: if it forbids pairs that occur, or two of its states are alike.
        """
        model = cls(topology_model(data, successor), n_input)
        model.weight  # noqa: B018
        return model

    def refitted(self, data: Series) -> "ChannelModel":
        """The same transitions with their probabilities from other pairs. Raises ValueError if it forbids some."""
        return ChannelModel(self.pairs.refitted(data), self.n_input)

    @property
    def n_state(self) -> int:
        """States of the channel."""
        return self.pairs.n_state

    @property
    def n_free(self) -> int:
        """Probabilities of outputs that are free."""
        return int(self._allowed.sum() - self._read.sum())

    @property
    def key(self) -> Hashable:
        """The topology."""
        return self.pairs.key

    @cached_property
    def weight(self) -> Float[np.ndarray, " causal"]:
        """How likely each state is on the input that was read."""
        return stationary(self.pairs.process)

    @cached_property
    def _allowed(self) -> Bool[np.ndarray, "causal input output"]:
        return (self.pairs.successor >= 0).reshape(self.n_state, self.n_input, -1)

    @property
    def _read(self) -> Bool[np.ndarray, "causal input"]:
        """Whether each state has read each input."""
        return np.asarray(self._allowed.any(axis=2))

    @cached_property
    def T(self) -> Float[np.ndarray, "output input state state"]:
        """P(output, next state | input, state), with the posterior mean of the probabilities of outputs.

        An input that a state never read has the outputs that it has in all states together, and leaves the state.
        """
        counts = self.pairs.posterior.alpha + self.pairs.posterior.counts[0]
        counts = np.where(self.pairs.successor >= 0, counts, 0.0)
        emit = given_input(counts, self.n_input)
        pooled = given_input(counts.sum(axis=0, keepdims=True), self.n_input)
        read = np.repeat(self._read, self._allowed.shape[2], axis=1)
        state, n = np.arange(self.n_state)[:, None], self.n_state
        after = np.where(self.pairs.successor >= 0, self.pairs.successor, state)
        T = np.zeros((emit.shape[1], n, n))
        np.add.at(T, (np.arange(emit.shape[1]), state, after), np.where(read, emit, pooled))
        return T.reshape(self.n_input, -1, n, n).swapaxes(0, 1)

    def transducer(self, inputs: Sequence[Hashable], outputs: Sequence[Hashable]) -> Transducer:
        """The channel by names, its states in the order of their probability."""
        order, _, names = by_probability(self.weight)
        T = self.T[:, :, order][:, :, :, order]
        return Transducer(T, inputs=inputs, outputs=outputs, states=names)

    def unread(self, inputs: Sequence[Hashable]) -> list[tuple[Hashable, Hashable]]:
        """States and the inputs that they never read, by name."""
        order, _, names = by_probability(self.weight)
        states: Sequence[Hashable] = range(self.n_state) if names is None else names
        return [(states[i], inputs[x]) for i, x in np.argwhere(~self._read[order]).tolist()]

    def estimates(self, *, rng: np.random.Generator) -> tuple[Interval, Interval]:
        """Channel complexity H[S], and entropy of the output H[Y | X, S] in bits, on an input that depends on the past
        by way of the state as the data's does; with intervals from draws of the posterior."""
        value = self._statistics(self.pairs.process.emit, self.weight)
        rows = self.pairs.posterior.log_posterior
        drawn = []
        for row in rng.choice(len(rows), size=RESAMPLES, p=np.exp(rows)):
            machine = self.pairs.posterior.machine(int(row), rng=rng)
            drawn.append(self._statistics(machine.emit, stationary(machine)))
        complexity, rate = (percentile_interval(*both) for both in zip(value, np.array(drawn).T, strict=True))
        return complexity, rate

    def _statistics(
        self, joint: Float[np.ndarray, "causal pair"], weight: Float[np.ndarray, " causal"]
    ) -> tuple[float, float]:
        own = entropy(given_input(joint, self.n_input).reshape(self.n_state, self.n_input, -1))
        chance = joint.reshape(self.n_state, self.n_input, -1).sum(axis=2)
        return float(entropy(weight)), float(weight @ (chance * own).sum(axis=1))


def output_bits(model: ChannelModel, groups: Sequence[Blocks]) -> Float[np.ndarray, " block"]:
    """Bits of the outputs of each block of pairs, given the inputs up to the same time; inf where one is forbidden.

    The state before a block is as likely as it is in the long run on the input that was read.
    """
    n = model.n_state
    moves = model.T.swapaxes(0, 1).reshape(-1, n, n)
    found = []
    for group in groups:
        belief = np.tile(model.weight, (len(group.words), 1))
        nats = np.zeros(len(group.words))
        for t, pair in enumerate(group.words.T):
            moved = np.einsum("bi,bij->bj", belief, moves[pair])
            chance = moved.sum(axis=1)
            possible = chance > 0
            belief[possible] = moved[possible] / chance[possible, None]
            if t >= group.warm:
                nats[possible] -= np.log(chance[possible])
            nats[~possible] = inf
        found.append(bits(1.0) * nats)
    return np.concatenate(found)
