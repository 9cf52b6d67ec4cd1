"""Statistics of processes, exact or with certified bounds, in bits."""

from compmech.measures.block import block_entropies
from compmech.measures.convergence import Band, EntropyConvergence, entropy_convergence
from compmech.measures.estimates import Estimate, Estimates, estimate
from compmech.measures.gauge import PresentationInformation, presentation_information
from compmech.measures.interval import Bounds
from compmech.measures.power import Line, PowerSpectrum, autocorrelation, power_spectrum
from compmech.measures.quantum import QuantumMemory, quantum_complexities, quantum_memory
from compmech.measures.renyi import renyi_block_entropies, renyi_complexity, renyi_entropy_rate
from compmech.measures.spectral import Mode, Spectrum, spectrum
from compmech.measures.statistics import Statistics, entropy_rate, excess_entropy, statistical_complexity, statistics

__all__ = [
    "Band",
    "Bounds",
    "EntropyConvergence",
    "Estimate",
    "Estimates",
    "Line",
    "Mode",
    "PowerSpectrum",
    "PresentationInformation",
    "QuantumMemory",
    "Spectrum",
    "Statistics",
    "autocorrelation",
    "block_entropies",
    "entropy_convergence",
    "entropy_rate",
    "estimate",
    "excess_entropy",
    "power_spectrum",
    "presentation_information",
    "quantum_complexities",
    "quantum_memory",
    "renyi_block_entropies",
    "renyi_complexity",
    "renyi_entropy_rate",
    "spectrum",
    "statistical_complexity",
    "statistics",
]
