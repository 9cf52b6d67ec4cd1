"""What a predictor holds at every history: its sites, and its own next-symbol distribution."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float

from predictors import Predictor, observe
from predictors.predictor import Site
from probes.history import Histories

__all__ = ["OUTPUT", "Readout", "default_sites", "read_out"]

OUTPUT = "output"
"""The pseudo-site that every predictor has: its next-symbol probabilities."""

_WORDS = 1024  # read at once, so that no more than a small part of a capture exists at a time


def default_sites(sites: Mapping[str, Site]) -> list[str]:
    """Every site but a transformer's keys and values, each row of which is made from the same row of the stream."""
    return [name for name in sites if not name.endswith((".key", ".value"))]


@dataclass(frozen=True, eq=False)
class Readout:
    """What one predictor gives on the words of the histories.

    Attributes:
        features: the value of each site, and of OUTPUT, at each history, in the predictor's own precision.
        log_probs: log P(x_t | x_<t), nats, float64.
    """

    features: dict[str, Float[np.ndarray, "history width"]]
    log_probs: Float[np.ndarray, "seq row symbol"]


def read_out(predictor: Predictor, histories: Histories, sites: Sequence[str]) -> Readout:
    """Run the predictor over all words once, and keep what it holds at each history.

    Raises:
        UnknownSite: for a site that the predictor does not have.
    """
    pieces: dict[str, list[np.ndarray]] = {site: [] for site in (*sites, OUTPUT)}
    log_probs = []
    order = np.argsort(histories.word, kind="stable")
    edges = np.searchsorted(histories.word[order], np.arange(0, len(histories.words) + _WORDS, _WORDS))
    for start, (first, last) in enumerate(pairwise(edges)):
        here = order[first:last]
        word, row = histories.word[here] - start * _WORDS, histories.row[here] - predictor.first_row
        words = histories.words[start * _WORDS : (start + 1) * _WORDS].astype(np.int64)
        with torch.no_grad():
            predicted, found = observe(predictor, torch.from_numpy(words), sites)
        log_probs.append(predicted.double().cpu().numpy())
        for site, value in (found | {OUTPUT: predicted.exp()}).items():
            pieces[site].append(value.cpu().numpy()[word, row])
    back = np.argsort(order)
    return Readout({site: np.concatenate(piece)[back] for site, piece in pieces.items()}, np.concatenate(log_probs))
