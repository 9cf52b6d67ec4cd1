"""What inference gives, whatever the method: a machine, its statistics with intervals, and why it is this one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compmech.epsilon_machine import EpsilonMachine
from compmech.hmm import GHMM, HMM
from compmech.inference.interval import Interval
from compmech.io import machine_text
from compmech.plain import plain

__all__ = ["InferredMachine"]


@dataclass(frozen=True, eq=False)
class InferredMachine:
    """A machine found from data or from a predictor. Statistics are in bits; None: not found, `diagnostics` says why.

    Attributes:
        method: how the machine was found.
        machine: an epsilon-machine, or another process where there is no finite one.
        n_causal_states: recurrent ones.
        entropy_rate, statistical_complexity, excess_entropy: with 95 % intervals.
        held_out_bits_per_symbol: what the machine needs for what was held out.
        p_structure: p-value of "the past says nothing of the future", from surrogates.
        diagnostics: how it was chosen, and what speaks against it.
    """

    method: str
    machine: EpsilonMachine | GHMM | HMM
    n_causal_states: Interval | None
    entropy_rate: Interval | None
    statistical_complexity: Interval | None
    excess_entropy: Interval | None
    held_out_bits_per_symbol: float
    p_structure: float | None
    diagnostics: Mapping[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """JSON types; `machine` is in the format of `compmech.load`."""
        return {
            "method": self.method,
            "n_causal_states": plain(self.n_causal_states),
            "entropy_rate": plain(self.entropy_rate),
            "statistical_complexity": plain(self.statistical_complexity),
            "excess_entropy": plain(self.excess_entropy),
            "held_out_bits_per_symbol": plain(self.held_out_bits_per_symbol),
            "machine": json.loads(machine_text(self.machine)),
            "p_structure": plain(self.p_structure),
            "diagnostics": plain(dict(self.diagnostics)),
        }
