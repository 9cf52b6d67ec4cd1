"""Processes made of processes: products, couplings, mixtures, channels, coarse-grainings, stories, transducers."""

from compmech.compose.assembling import MAX_ENTRIES, PresentationTooLarge
from compmech.compose.channels import (
    binary_symmetric_channel,
    erased,
    erasure_channel,
    noisy,
    symmetric_channel,
    z_channel,
)
from compmech.compose.channels_with_memory import (
    delay_transducer,
    feedback_transducer,
    feedforward_transducer,
    memoryless_transducer,
    switching_channel,
)
from compmech.compose.coupling import Factor, by_state, by_symbol, coupled
from compmech.compose.independent import factor_maps, product
from compmech.compose.joining import concatenated, interrupted, stage_map
from compmech.compose.mixing import component_belief_maps, component_map, mixture
from compmech.compose.orders import orders_within
from compmech.compose.reading import Reading, next_position_map, phase_map, read_story, world_state_map
from compmech.compose.relabelling import coarse_grained, relabelled
from compmech.compose.settling import settled
from compmech.compose.splitting import copy_map, random_shares, redundant
from compmech.compose.telling import Situation, Story, story, story_in_words
from compmech.compose.timing import blocked, subsampled
from compmech.compose.transducer import Transducer, cascade, epsilon_transducer
from compmech.compose.transducing import joint_process, transduced, transduced_maps

__all__ = [
    "Factor",
    "MAX_ENTRIES",
    "PresentationTooLarge",
    "Reading",
    "Situation",
    "Story",
    "Transducer",
    "binary_symmetric_channel",
    "blocked",
    "by_state",
    "by_symbol",
    "cascade",
    "coarse_grained",
    "component_belief_maps",
    "component_map",
    "concatenated",
    "copy_map",
    "coupled",
    "delay_transducer",
    "epsilon_transducer",
    "erased",
    "erasure_channel",
    "factor_maps",
    "feedback_transducer",
    "feedforward_transducer",
    "interrupted",
    "joint_process",
    "memoryless_transducer",
    "mixture",
    "next_position_map",
    "noisy",
    "orders_within",
    "phase_map",
    "product",
    "random_shares",
    "read_story",
    "redundant",
    "relabelled",
    "settled",
    "stage_map",
    "story",
    "story_in_words",
    "subsampled",
    "switching_channel",
    "symmetric_channel",
    "transduced",
    "transduced_maps",
    "world_state_map",
    "z_channel",
]
