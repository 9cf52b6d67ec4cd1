"""Statistics of processes, exact or with certified bounds, in bits."""

from compmech.measures.block import block_entropies
from compmech.measures.interval import Bounds
from compmech.measures.statistics import Statistics, entropy_rate, excess_entropy, statistics

__all__ = ["Bounds", "Statistics", "block_entropies", "entropy_rate", "excess_entropy", "statistics"]
