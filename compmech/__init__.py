"""Computational mechanics: processes, their mixed states, epsilon-machines and statistics."""

from compmech.errors import ImpossibleWord, NegativeProbability, NoFiniteEpsilonMachine, NotErgodic, NotStationary
from compmech.filtering import filter_beliefs
from compmech.hmm import GHMM, HMM
from compmech.mixed_state import MixedStatePresentation, mixed_states
from compmech.process import Process
from compmech.stationary import stationary

__all__ = [
    "GHMM",
    "HMM",
    "ImpossibleWord",
    "MixedStatePresentation",
    "NegativeProbability",
    "NoFiniteEpsilonMachine",
    "NotErgodic",
    "NotStationary",
    "Process",
    "filter_beliefs",
    "mixed_states",
    "stationary",
]
