"""The predictors without gradients that a comparison knows by name: this is the one list of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import torch
from jaxtyping import Int

from compmech import GHMM, HMM
from predictors import KGramPredictor, Predictor, ProcessPredictor, UniformPredictor

__all__ = [
    "BASELINES",
    "CEILING",
    "Baseline",
    "count_k_grams",
    "counted",
    "is_baseline_label",
    "is_counted_label",
    "known_at_once",
]

CEILING = "bayes"
"""The one that is above the networks, not below them."""


@dataclass(frozen=True)
class Baseline:
    """One of them.

    Attributes:
        meaning: one sentence for people.
        smoothing: how it goes from counts to probabilities, a name of `predictors.smoothing`; None: it counts nothing.
        k: the most symbols that it looks back on, where that cannot be chosen.
    """

    meaning: str
    smoothing: str | None = None
    k: int | None = None

    @property
    def settings(self) -> tuple[str, ...]:
        """What can be set."""
        return ("k",) if self.smoothing is not None and self.k is None else ()


BASELINES: Mapping[str, Baseline] = {
    "uniform": Baseline("Gives every symbol the same probability: the floor."),
    "unigram": Baseline("Gives every symbol its frequency, whatever came before.", "none", k=0),
    "k-gram": Baseline(
        "Predicts from counts of what followed the last k symbols, mixed with those of shorter ones (Witten and Bell).",
        "witten-bell",
    ),
    "back-off": Baseline(
        "Predicts from counts of what followed the last k symbols; only what never followed is judged by shorter ones "
        "(Katz's back-off, with the discounts of Witten and Bell).",
        "back-off",
    ),
    "kneser-ney": Baseline(
        "Predicts from counts of what followed the last k symbols, by the modified and interpolated rule of Kneser and "
        "Ney.",
        "kneser-ney",
    ),
    CEILING: Baseline("The exact Bayes predictor: KL 0 and R² 1 by construction, as a check of the measurement."),
}

_CELLS = 2**20  # entries of the longest table
_HELD = 20_000  # sequences that choose k


def known_at_once(name: str, process: HMM | GHMM) -> Predictor | None:
    """The baseline of that name, if it needs no sample of the process."""
    if BASELINES[name].smoothing is not None:
        return None
    return ProcessPredictor(process) if name == CEILING else UniformPredictor(process.n_symbol)


def counted(
    name: str, settings: Mapping[str, Any], sample: Int[np.ndarray, "seq time"], n_symbol: int
) -> KGramPredictor:
    """The baseline of that name, from counts in a sample."""
    baseline = BASELINES[name]
    assert baseline.smoothing is not None
    k = baseline.k if baseline.k is not None else settings.get("k")
    return count_k_grams(sample, n_symbol, k=k, smoothing=baseline.smoothing)


def count_k_grams(
    sample: Int[np.ndarray, "seq time"], n_symbol: int, *, k: int | None, smoothing: str = "witten-bell"
) -> KGramPredictor:
    """Counts with the given k or, if None, the k that predicts the last tenth of the sample best from the rest."""
    if k is not None:
        return KGramPredictor.fit(sample, k, n_symbol, smoothing=smoothing)
    longest = max(1, min(sample.shape[1] - 1, int(log(_CELLS) / log(max(2, n_symbol))) - 1))
    cut = len(sample) - max(1, len(sample) // 10)
    trial = KGramPredictor.fit(sample[:cut], longest, n_symbol, smoothing=smoothing)
    held = torch.from_numpy(sample[cut : cut + _HELD])

    def loss(k: int) -> float:
        log_probs = trial.shorter(k).log_probs(held[:, :-1])
        return -float(log_probs.gather(-1, held[:, :, None].long()).mean())

    return KGramPredictor.fit(sample, min(range(1, longest + 1), key=loss), n_symbol, smoothing=smoothing)


def is_baseline_label(label: str) -> bool:
    """Whether rows of this label, which may end in settings (`k-gram-k3`), are a baseline's below the networks."""
    return any(_is_of(label, name) for name in BASELINES if name != CEILING)


def is_counted_label(label: str) -> bool:
    """Whether they are those of a baseline that counts histories."""
    return any(_is_of(label, name) for name, baseline in BASELINES.items() if baseline.settings)


def _is_of(label: str, name: str) -> bool:
    return label == name or label.startswith(f"{name}-")
