"""Processes made of processes: products, couplings, mixtures, channels, coarse-grainings, stories, transducers.

Every function takes HMMs, GHMMs and EpsilonMachines and returns an HMM, or a GHMM where one went in, so that
compositions nest. What a probe needs to know of the parts comes as matrices M such that belief @ M is a belief about a
part::

    product, coupled            factor_maps             each factor's states
    mixture                     component_map           which component it is
                                component_belief_maps   the states of each component
    concatenated, interrupted   stage_map               which process it is by now
    redundant                   copy_map                the states of the original
    transduced, joint_process   transduced_maps         the states of the process, and of the transducer
    story, story_in_words       world_state_map         the world's state at a time of the paragraph
                                next_position_map       the time of the next event told
                                phase_map               how far the paragraph is
"""

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
from compmech.compose.transducing import channel_complexity, joint_process, transduced, transduced_maps

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
    "channel_complexity",
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
