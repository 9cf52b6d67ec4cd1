"""What a comparison takes where the user names only an architecture: sizes, budget, learning rates.

Sizes are those of the published belief-geometry experiments where they train on a laptop in minutes, else smaller (two
recurrent layers, not four; a narrow Mamba). No network is tuned by hand: every learning rate is the best of one sweep
at equal budget (`compmech rates`), recorded with all its runs in docs/results/learning-rates.json, and a test holds
this table to that file.
"""

from collections.abc import Mapping
from math import ceil, exp, log
from statistics import fmean
from typing import Any

__all__ = [
    "ASKED",
    "BATCH",
    "CLIPS",
    "CLIPPED",
    "LEARNING_RATES",
    "RATES",
    "SIZES",
    "STEPS",
    "clip",
    "eval_every",
    "learning_rate",
    "steps",
]

SIZES: Mapping[str, Mapping[str, Any]] = {
    "transformer": {"n_layer": 4, "width": 64, "n_head": 4, "head_width": 16, "mlp_width": 256},
    "lstm": {"n_layer": 2, "width": 64},
    "gru": {"n_layer": 2, "width": 64},
    "mamba": {"n_layer": 2, "width": 32, "n_state": 8},
}
"""Settings of each built-in architecture, by the names of its configuration."""

STEPS: Mapping[str, int] = {"mess3": 1000, "rrxor": 3000}
OTHER_STEPS = 2000
BATCH = 128
"""On one process every network sees the same number of fresh sequences: steps * BATCH."""

RATES = (3e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2)
"""Peak learning rates that the recorded sweep tries for every architecture."""

CLIPS = (0.1, 1.0)
"""Largest norms of the gradient that it tries with each: the second hardly ever acts, the first in all early steps."""

LEARNING_RATES: Mapping[str, Mapping[str, float]] = {
    "mess3": {
        **{"transformer": 0.004, "lstm": 0.002, "gru": 0.002, "mamba": 0.004},
        **{"rnn": 0.002, "lru": 0.004, "mamba2": 0.001, "hybrid": 0.001, "mingru": 0.032},
    },
    "rrxor": {"transformer": 0.004, "lstm": 0.008, "gru": 0.004, "mamba": 0.008, "rnn": 0.004},
}
"""The best of the recorded sweep, by process and architecture."""

CLIPPED: Mapping[str, Mapping[str, float]] = {
    "mess3": {
        **{"transformer": 1.0, "lstm": 0.1, "gru": 0.1, "mamba": 0.1},
        **{"rnn": 0.1, "lru": 0.1, "mamba2": 0.1, "hybrid": 0.1, "mingru": 0.1},
    },
    "rrxor": {"transformer": 1.0, "lstm": 0.1, "gru": 0.1, "mamba": 0.1, "rnn": 0.1},
}
"""The largest norm of the gradient that goes with it."""


def steps(process: str) -> int:
    """How many steps every network is trained on this process."""
    return STEPS.get(process, OTHER_STEPS)


def eval_every(steps: int) -> int:
    """Updates between evaluations: at least ten of them, so that short trainings have a learning curve, too."""
    return min(100, ceil(steps / 10))


ASKED = "chosen by the user"
"""Where a learning rate comes from that is none of these."""


def learning_rate(process: str, architecture: str) -> tuple[float, str]:
    """The peak learning rate to train with, and where it comes from, for people.

    For a process that the sweep did not cover it is the geometric mean over those that it did.
    """
    recorded = LEARNING_RATES.get(process, {}).get(architecture)
    if recorded is not None:
        return recorded, f"the best of the recorded sweep on {process}"
    known = {name: rates[architecture] for name, rates in LEARNING_RATES.items() if architecture in rates}
    if not known:
        return 1e-3, "the default, as no sweep covers this architecture"
    mean, sweeps = exp(fmean(log(rate) for rate in known.values())), "sweeps" if len(known) > 1 else "sweep"
    of = "the geometric mean over" if len(known) > 1 else "the best of"
    return mean, f"{of} the recorded {sweeps} on {' and '.join(known)}"


def clip(process: str, architecture: str) -> float:
    """The largest norm of the gradient to train with: for a process that the sweep did not cover the smallest recorded.

    An architecture that it did not cover is clipped as most are.
    """
    recorded = CLIPPED.get(process, {}).get(architecture)
    if recorded is not None:
        return recorded
    return min((clips[architecture] for clips in CLIPPED.values() if architecture in clips), default=CLIPS[0])
