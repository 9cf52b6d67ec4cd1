"""Probing: which histories there are, what a predictor holds at each, and what tells a finding from an artefact."""

from probes.candidates import Candidate, candidate
from probes.classes import BeliefClasses, belief_classes
from probes.comparison import ComparisonSpec, Subject, compare
from probes.controls import (
    Control,
    Gaussian,
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
from probes.extraction import Extraction, extract
from probes.history import Histories, Weighting, histories, kl_by_position, mean_kl
from probes.linear import PENALTIES, FittedProbe, ProbeData, RidgeProbe, TooFewRows
from probes.results import Comparison, Row
from probes.scoring import Difference, Score, difference, no_score, score, score_in_sample
from probes.splits import Split, by_class, by_history
from probes.suffix_grams import SuffixGrams, suffix_grams
from probes.targets import (
    FutureBasis,
    Target,
    belief_target,
    beyond_target,
    future_basis,
    next_target,
    standard_targets,
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
    "future_basis",
    "next_target",
    "standard_targets",
    # what is held out
    "BeliefClasses",
    "Split",
    "belief_classes",
    "by_class",
    "by_history",
    # the probe and its scores
    "PENALTIES",
    "Difference",
    "FittedProbe",
    "ProbeData",
    "RidgeProbe",
    "Score",
    "TooFewRows",
    "crossfit",
    "difference",
    "no_score",
    "score",
    "score_in_sample",
    # controls
    "Control",
    "Gaussian",
    "LastSymbols",
    "NextLogProbabilities",
    "NextProbabilities",
    "PermutedClasses",
    "Position",
    "RandomFeatures",
    "Shuffled",
    "SuffixGrams",
    "features",
    "null_target",
    "suffix_grams",
    # the machine of a predictor
    "Extraction",
    "extract",
    # the comparison
    "Candidate",
    "Comparison",
    "ComparisonSpec",
    "Row",
    "Subject",
    "candidate",
    "compare",
]
