"""What inference chooses among: models of a series, whoever proposed them, and what they cost on unseen symbols.

A model is a process with what else has to be known of it to choose: how many states it has, how many of its
probabilities are free, how it is found again from more data, and how far its statistics may be off. A topology whose
probabilities have a posterior is one (`topology_model`), a process found as a whole another.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from compmech.epsilon_machine import EpsilonMachine
from compmech.hmm import GHMM, HMM
from compmech.inference.interval import Interval
from compmech.inference.series import Series

__all__ = ["Candidate", "Estimates", "Model", "NothingToPropose", "Sized"]


class NothingToPropose(ValueError):
    """A method has no model for such a series, or none that allows what follows, and why."""


@dataclass(frozen=True)
class Estimates:
    """Statistics in bits with their 95 % intervals, None where there is none, and how each came."""

    n_causal_states: Interval | None
    entropy_rate: Interval | None
    statistical_complexity: Interval | None
    excess_entropy: Interval | None
    how: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Sized(Protocol):
    """What has to be known of a model to choose among several.

    Attributes:
        is_finite: whether it is a finite epsilon-machine, the claim that states were found and not coordinates.
        n_state: causal states; of another process its hidden states, or its dimension.
        n_free: numbers that the data had to fix; of several presentations of a process the least.
        key: equal for two models that are one candidate.
    """

    @property
    def is_finite(self) -> bool: ...
    @property
    def n_state(self) -> int: ...
    @property
    def n_free(self) -> int: ...
    @property
    def key(self) -> Hashable: ...


@runtime_checkable
class Model(Sized, Protocol):
    """A process found from a series.

    Attributes:
        process: over the symbols 0, 1, ...
    """

    @property
    def process(self) -> EpsilonMachine | HMM | GHMM: ...

    def refitted(self, data: Series) -> "Model":
        """The same kind of model with its numbers from other data.

        Raises:
            ValueError: if it forbids some of them.
        """
        ...

    def named(self, alphabet: tuple[Hashable, ...]) -> EpsilonMachine | HMM | GHMM:
        """The process over an alphabet."""
        ...

    def estimates(self, data: Series, *, rng: np.random.Generator) -> Estimates:
        """Its statistics, and how far they may be off if its numbers came from these data."""
        ...


Judged = TypeVar("Judged", bound=Sized, covariant=True)


@dataclass(frozen=True, eq=False)
class Candidate(Generic[Judged]):
    """A model from the first part of a series, and what it costs on the rest.

    Attributes:
        method: what proposed it, with its setting.
        block_bits: of each block of held-out symbols, bits; inf where a symbol is forbidden.
        block_size: symbols of each.
    """

    method: str
    setting: Mapping[str, Any]
    model: Judged
    block_bits: Float[np.ndarray, " block"]
    block_size: Int[np.ndarray, " block"]

    @property
    def held_out_bits(self) -> float:
        """Bits a symbol."""
        return float(self.block_bits.sum() / self.block_size.sum())

    def to_dict(self) -> dict[str, Any]:
        """What `diagnostics` says of it."""
        return {
            "method": self.method,
            **self.setting,
            "is_finite": self.model.is_finite,
            "n_state": self.model.n_state,
            "n_free": self.model.n_free,
            "held_out_bits_per_symbol": self.held_out_bits,
        }
