"""Computational mechanics: processes, their mixed states, epsilon-machines and statistics.

Families with many names of their own are packages: `zoo` (built-in processes), `compose` (processes made of processes),
`rational` (exact arithmetic), `corpus` (texts as processes), `blackwell` (uncountably many mixed states: sampled
measure, exponents, dimensions), `draw` (pictures and texts of diagrams), `inference` (machines from series and
predictions), `data` (real series inside installed packages), `symbolise` (symbols from real values), `interop` (other
libraries' objects).
"""

from compmech import blackwell, compose, corpus, data, draw, inference, interop, rational, symbolise, zoo
from compmech.bidirectional import BidirectionalMachine, bidirectional
from compmech.causal_states import epsilon_machine
from compmech.closure import ClosureProof, closure_proof
from compmech.compose import mixture, noisy, product
from compmech.corpus import Corpus
from compmech.distinguishing import DistinguishingWord, distinguishing_word
from compmech.divergence import (
    SampledDivergence,
    WordDivergences,
    renyi_divergence,
    sampled_divergence,
    word_divergences,
)
from compmech.divergence_rate import RelativeEntropyRate, forbidden_word, relative_entropy_rate
from compmech.epsilon_machine import EpsilonMachine
from compmech.errors import (
    BudgetExceeded,
    ChangedData,
    ImpossibleWord,
    LostPrecision,
    MachineFileError,
    MissingPackage,
    NegativeProbability,
    NoFiniteEpsilonMachine,
    NotClosed,
    NotErgodic,
    NotMinimal,
    NotStationary,
    UnknownName,
    UnmatchedWord,
)
from compmech.filtering import filter_beliefs
from compmech.hmm import GHMM, HMM
from compmech.inference import infer, series
from compmech.io import load, save
from compmech.measures import (
    Band,
    Bounds,
    EntropyConvergence,
    Estimate,
    Estimates,
    Line,
    Mode,
    PowerSpectrum,
    PresentationInformation,
    QuantumMemory,
    Spectrum,
    Statistics,
    autocorrelation,
    block_entropies,
    entropy_convergence,
    entropy_rate,
    estimate,
    excess_entropy,
    power_spectrum,
    presentation_information,
    quantum_complexities,
    quantum_memory,
    renyi_block_entropies,
    renyi_complexity,
    renyi_entropy_rate,
    spectrum,
    statistical_complexity,
    statistics,
)
from compmech.minimal import equivalent, minimal, trim
from compmech.mixed_state import MixedStatePresentation, mixed_states
from compmech.process import Process
from compmech.reverse import reverse
from compmech.spans import future_map, horizon_ranks, word_map
from compmech.stationarity import is_stationary
from compmech.stationary import stationary
from compmech.synchronizing import Synchronizing, reset_threshold, synchronizing_word
from compmech.topologies import Topology, canonical_topology, topological_machines

__all__ = [
    "Band",
    "BidirectionalMachine",
    "Bounds",
    "BudgetExceeded",
    "ChangedData",
    "ClosureProof",
    "Corpus",
    "DistinguishingWord",
    "EntropyConvergence",
    "EpsilonMachine",
    "Estimate",
    "Estimates",
    "GHMM",
    "HMM",
    "ImpossibleWord",
    "Line",
    "LostPrecision",
    "MachineFileError",
    "MissingPackage",
    "MixedStatePresentation",
    "Mode",
    "NegativeProbability",
    "NoFiniteEpsilonMachine",
    "NotClosed",
    "NotErgodic",
    "NotMinimal",
    "NotStationary",
    "PowerSpectrum",
    "PresentationInformation",
    "Process",
    "QuantumMemory",
    "RelativeEntropyRate",
    "SampledDivergence",
    "Spectrum",
    "Statistics",
    "Synchronizing",
    "Topology",
    "UnknownName",
    "UnmatchedWord",
    "WordDivergences",
    "autocorrelation",
    "bidirectional",
    "blackwell",
    "block_entropies",
    "canonical_topology",
    "closure_proof",
    "compose",
    "corpus",
    "data",
    "distinguishing_word",
    "draw",
    "entropy_convergence",
    "entropy_rate",
    "epsilon_machine",
    "equivalent",
    "estimate",
    "excess_entropy",
    "filter_beliefs",
    "forbidden_word",
    "future_map",
    "horizon_ranks",
    "infer",
    "inference",
    "interop",
    "is_stationary",
    "load",
    "minimal",
    "mixed_states",
    "mixture",
    "noisy",
    "power_spectrum",
    "presentation_information",
    "product",
    "quantum_complexities",
    "quantum_memory",
    "rational",
    "relative_entropy_rate",
    "renyi_block_entropies",
    "renyi_complexity",
    "renyi_divergence",
    "renyi_entropy_rate",
    "reset_threshold",
    "reverse",
    "sampled_divergence",
    "save",
    "series",
    "spectrum",
    "stationary",
    "statistical_complexity",
    "statistics",
    "symbolise",
    "synchronizing_word",
    "topological_machines",
    "trim",
    "word_divergences",
    "word_map",
    "zoo",
]
