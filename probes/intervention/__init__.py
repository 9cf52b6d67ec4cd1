"""Editing: whether a predictor uses the belief that it carries. Named edits, what they put in, scores by horizon."""

from probes.intervention.beliefs import BeliefSpace, InadmissibleBelief, belief_space
from probes.intervention.effect_rows import EditEffect
from probes.intervention.effects import causal_effects
from probes.intervention.erasure import Eraser, erase_concept
from probes.intervention.places import EditName, Place, place
from probes.intervention.replacements import KINDS, kinds_of
from probes.intervention.share import CausalShare, causal_share
from probes.intervention.verdicts import VERDICTS

__all__ = [
    "KINDS",
    "VERDICTS",
    "BeliefSpace",
    "CausalShare",
    "EditEffect",
    "EditName",
    "Eraser",
    "InadmissibleBelief",
    "Place",
    "belief_space",
    "causal_effects",
    "causal_share",
    "erase_concept",
    "kinds_of",
    "place",
]
