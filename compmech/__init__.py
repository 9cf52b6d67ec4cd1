"""Computational mechanics: processes, their mixed states, epsilon-machines and statistics."""

from compmech import zoo
from compmech.causal_states import epsilon_machine
from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import (
    ImpossibleWord,
    LostPrecision,
    MachineFileError,
    NegativeProbability,
    NoFiniteEpsilonMachine,
    NotErgodic,
    NotMinimal,
    NotStationary,
    UnknownName,
)
from compmech.filtering import filter_beliefs
from compmech.hmm import GHMM, HMM
from compmech.io import load, save
from compmech.measures import Bounds, Statistics, block_entropies, entropy_rate, excess_entropy, statistics
from compmech.minimal import equivalent, minimal
from compmech.mixed_state import MixedStatePresentation, mixed_states
from compmech.process import Process
from compmech.spans import future_map, horizon_ranks, word_map
from compmech.stationary import stationary

__all__ = [
    "Bounds",
    "EpsilonMachine",
    "GHMM",
    "HMM",
    "ImpossibleWord",
    "LostPrecision",
    "MachineFileError",
    "MixedStatePresentation",
    "NegativeProbability",
    "NoFiniteEpsilonMachine",
    "NotErgodic",
    "NotMinimal",
    "NotStationary",
    "Process",
    "Statistics",
    "UnknownName",
    "block_entropies",
    "entropy_rate",
    "epsilon_machine",
    "equivalent",
    "excess_entropy",
    "filter_beliefs",
    "future_map",
    "horizon_ranks",
    "load",
    "minimal",
    "mixed_states",
    "save",
    "stationary",
    "statistics",
    "word_map",
    "zoo",
]
