"""A finite epsilon-machine as a candidate: a topology whose probabilities have a posterior."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int

from compmech.epsilon_machine import EpsilonMachine
from compmech.inference.bootstrap import COSTLY, RESAMPLES, statistics_intervals
from compmech.inference.candidates import Estimates
from compmech.inference.interval import Interval
from compmech.inference.series import Series
from compmech.inference.state_order import by_probability
from compmech.inference.topology_evidence import Library, Posterior, structural_posterior
from compmech.stationary import stationary

__all__ = ["TopologyModel", "topology_model"]

_HOW = "a 95 % interval from draws of the posterior of the probabilities, given the transitions"
_HOW_E = f"{_HOW}: Student's t and the spread of {COSTLY} draws"


@dataclass(frozen=True, eq=False)
class TopologyModel:
    """One topology: which symbols each state emits and where they lead.

    Attributes:
        posterior: of its start and its probabilities.
    """

    posterior: Posterior

    is_finite = True

    @cached_property
    def process(self) -> EpsilonMachine:
        """The machine with the posterior mean of its probabilities.

        Raises:
            NotMinimal: if two of its states are alike.
        """
        return self.posterior.machine(0)

    @property
    def successor(self) -> Int[np.ndarray, "causal symbol"]:
        """Next state by state and symbol."""
        table: Int[np.ndarray, "causal symbol"] = self.posterior.library.successor[0]
        return table

    @property
    def n_state(self) -> int:
        """Causal states."""
        return len(self.successor)

    @property
    def n_free(self) -> int:
        """Probabilities that are free."""
        return int((self.successor >= 0).sum() - self.n_state)

    @property
    def key(self) -> Hashable:
        """The topology."""
        return self.successor.tobytes()

    def refitted(self, data: Series) -> "TopologyModel":
        """The same transitions, with the posterior from other data."""
        return TopologyModel(structural_posterior(data, self.posterior.library))

    def named(self, alphabet: tuple[Hashable, ...]) -> EpsilonMachine:
        """The machine with its states in the order of their probability, called A, B, ..., or by number if they are
        many."""
        machine = self.process
        order, place, names = by_probability(stationary(machine))
        successor = np.where(machine.successor >= 0, place[machine.successor], -1)[order]
        return EpsilonMachine(successor, machine.emit[order], alphabet=alphabet, states=names)

    def estimates(self, data: Series, *, rng: np.random.Generator) -> Estimates:
        """h, C and E of the machine and of draws from the posterior: the error of the probabilities alone."""
        found = statistics_intervals(data, self.posterior, resamples=RESAMPLES, costly=COSTLY, rng=rng)
        return Estimates(
            Interval(self.n_state, self.n_state, self.n_state),
            found.entropy_rate,
            found.statistical_complexity,
            found.excess_entropy,
            {"entropy_rate": _HOW, "statistical_complexity": _HOW, "excess_entropy": _HOW_E},
        )


def topology_model(data: Series, successor: Int[np.ndarray, "causal symbol"]) -> TopologyModel:
    """A topology with the posterior of its probabilities.

    Raises:
        ValueError: if it forbids symbols that occur.
    """
    library = Library(np.asarray(successor)[None].astype(np.int16), np.array([len(successor)]))
    return TopologyModel(structural_posterior(data, library))
