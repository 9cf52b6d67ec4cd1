"""Exact arithmetic: processes given in rational numbers, analysed without rounding."""

from compmech.rational.equivalence import Distinguished, rational_difference, rational_dimension
from compmech.rational.machine import RationalMachine, rational_epsilon_machine
from compmech.rational.mixed_state import RationalMixedStates, rational_mixed_states
from compmech.rational.presentation import RationalHMM, rational

__all__ = [
    "Distinguished",
    "RationalHMM",
    "RationalMachine",
    "RationalMixedStates",
    "rational",
    "rational_difference",
    "rational_dimension",
    "rational_epsilon_machine",
    "rational_mixed_states",
]
