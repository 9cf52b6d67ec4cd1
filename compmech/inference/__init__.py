"""From a predictor's futures to machines: causal states by merging, the minimal process by spectral learning.

NumPy alone: what is taken is a process or an array of predicted futures, whoever predicted them.
"""

from compmech.inference.canonical import HankelRank, hankel_rank, rank_growth
from compmech.inference.choosing import Ladder, merging_ladder
from compmech.inference.from_futures import machine_from_futures
from compmech.inference.futures import Futures, predicted_futures
from compmech.inference.interval import Interval
from compmech.inference.isomorphism import Isomorphism, isomorphism
from compmech.inference.result import InferredMachine
from compmech.inference.spectral import SpectralFit, spectral_fit

__all__ = [
    "Futures",
    "HankelRank",
    "InferredMachine",
    "Interval",
    "Isomorphism",
    "Ladder",
    "SpectralFit",
    "hankel_rank",
    "isomorphism",
    "machine_from_futures",
    "merging_ladder",
    "predicted_futures",
    "rank_growth",
    "spectral_fit",
]
