"""Processes with infinitely many mixed states: the beliefs as an iterated function system, sampled and measured."""

from compmech.blackwell.ambiguity import Ambiguity, ambiguity_rate
from compmech.blackwell.attractor import WordBeliefs, word_beliefs
from compmech.blackwell.dimension import lyapunov_dimension
from compmech.blackwell.entropy import mean_entropy
from compmech.blackwell.estimate import Estimate
from compmech.blackwell.lyapunov import Exponents, determinant_sum, lyapunov_exponents
from compmech.blackwell.orbits import Orbits, sample_orbits
from compmech.blackwell.report import Blackwell, blackwell
from compmech.blackwell.scaling import (
    ScalingFit,
    box_counting_dimension,
    correlation_dimension,
    correlation_dimension_of,
    information_dimension,
)
from compmech.blackwell.separation import separation
from compmech.blackwell.system import BeliefSystem, belief_system

__all__ = [
    "Ambiguity",
    "BeliefSystem",
    "Blackwell",
    "Estimate",
    "Exponents",
    "Orbits",
    "ScalingFit",
    "WordBeliefs",
    "ambiguity_rate",
    "belief_system",
    "blackwell",
    "box_counting_dimension",
    "correlation_dimension",
    "correlation_dimension_of",
    "determinant_sum",
    "information_dimension",
    "lyapunov_dimension",
    "lyapunov_exponents",
    "mean_entropy",
    "sample_orbits",
    "separation",
    "word_beliefs",
]
