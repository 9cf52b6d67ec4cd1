"""Probing: which histories there are, what a predictor holds at each, and what tells a finding from an artefact."""

from probes.candidates import Candidate, candidate
from probes.classes import BeliefClasses, belief_classes
from probes.comparison import CellsFailed, ComparisonSpec, Subject, compare
from probes.controls import (
    Control,
    Gaussian,
    GeometricShuffle,
    LastSymbols,
    NextLogProbabilities,
    NextProbabilities,
    PermutedClasses,
    Position,
    RandomFeatures,
    Shuffled,
    features,
    null_target,
)
from probes.crossfit import crossfit
from probes.description_length import DescriptionLength, online_code
from probes.distributions import LogisticProbe, SimplexProbe
from probes.extraction import Extraction, extract
from probes.history import Histories, Weighting, histories, kl_by_position, mean_kl
from probes.identifiable import Identifiability, identifiability, unidentifiable_target
from probes.intervention import CausalShare, EditEffect, causal_effects, causal_share
from probes.kernel import KernelProbe
from probes.linear import PENALTIES, RidgeProbe
from probes.moment_fits import FittedProbe, MomentProbe, StreamingFit
from probes.other_beliefs import (
    coarse_target,
    constrained_target,
    foreign_target,
    last_symbols_target,
    log_odds_target,
    markov_approximation,
    position_target,
    state_target,
)
from probes.parts import (
    component_belief_targets,
    component_target,
    factor_targets,
    next_world_time_target,
    world_state_target,
    world_time_target,
)
from probes.permutation import PermutationTest, permutation_p, permutation_test
from probes.positions import PositionScores, Synchronisation, score_by_position, synchronisation_curve
from probes.probe import Fitted, Probe, ProbeData, TooFewRows
from probes.reduced_rank import ReducedRankProbe
from probes.results import Comparison, Row
from probes.scoring import Difference, Score, difference, no_score, score, score_in_sample
from probes.splits import Split, by_class, by_history
from probes.suffix_grams import SuffixGrams, suffix_grams
from probes.targets import (
    FutureBasis,
    Target,
    belief_target,
    beyond_target,
    beyond_targets,
    future_basis,
    next_target,
    standard_targets,
    with_distributions,
)

__all__ = [
    # histories
    "Histories",
    "Weighting",
    "histories",
    "kl_by_position",
    "mean_kl",
    # targets
    "FutureBasis",
    "Target",
    "belief_target",
    "beyond_target",
    "beyond_targets",
    "coarse_target",
    "component_belief_targets",
    "component_target",
    "constrained_target",
    "factor_targets",
    "foreign_target",
    "future_basis",
    "last_symbols_target",
    "log_odds_target",
    "markov_approximation",
    "next_target",
    "next_world_time_target",
    "position_target",
    "standard_targets",
    "state_target",
    "unidentifiable_target",
    "with_distributions",
    "world_state_target",
    "world_time_target",
    # what can be known at all
    "Identifiability",
    "identifiability",
    # what is held out
    "BeliefClasses",
    "Split",
    "belief_classes",
    "by_class",
    "by_history",
    # probes and their scores
    "PENALTIES",
    "DescriptionLength",
    "Difference",
    "Fitted",
    "FittedProbe",
    "KernelProbe",
    "LogisticProbe",
    "MomentProbe",
    "PositionScores",
    "Probe",
    "ProbeData",
    "ReducedRankProbe",
    "RidgeProbe",
    "Score",
    "SimplexProbe",
    "StreamingFit",
    "Synchronisation",
    "TooFewRows",
    "crossfit",
    "difference",
    "no_score",
    "online_code",
    "score_by_position",
    "synchronisation_curve",
    "score",
    "score_in_sample",
    # controls
    "Control",
    "Gaussian",
    "GeometricShuffle",
    "LastSymbols",
    "NextLogProbabilities",
    "NextProbabilities",
    "PermutationTest",
    "PermutedClasses",
    "Position",
    "RandomFeatures",
    "Shuffled",
    "SuffixGrams",
    "features",
    "null_target",
    "permutation_p",
    "permutation_test",
    "suffix_grams",
    # the machine of a predictor
    "Extraction",
    "extract",
    # the comparison
    "Candidate",
    "Comparison",
    "CellsFailed",
    "ComparisonSpec",
    "Row",
    "Subject",
    "candidate",
    "compare",
    # editing
    "CausalShare",
    "EditEffect",
    "causal_effects",
    "causal_share",
]
