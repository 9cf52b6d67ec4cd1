"""What a predictor holds at every history: its sites, and its own next-symbol distribution."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float

from predictors import Predictor, capture
from predictors.predictor import Site
from probes.history import Histories

__all__ = ["OUTPUT", "default_sites", "predictions", "site_features"]

OUTPUT = "output"
"""The pseudo-site that every predictor has: its next-symbol probabilities."""

_WORDS = 1024  # read at once, so that no more than a small part of a capture exists at a time


def default_sites(sites: Mapping[str, Site]) -> list[str]:
    """Every site but a transformer's keys and values, each row of which is made from the same row of the stream."""
    return [name for name in sites if not name.endswith((".key", ".value"))]


def site_features(
    predictor: Predictor, histories: Histories, sites: Sequence[str]
) -> dict[str, Float[np.ndarray, "history width"]]:
    """The value of each site, or of OUTPUT, at each history, in the predictor's own precision.

    Raises:
        UnknownSite: for a site that the predictor does not have.
    """
    pieces: dict[str, list[np.ndarray]] = {site: [] for site in sites}
    order = np.argsort(histories.word, kind="stable")
    edges = np.searchsorted(histories.word[order], np.arange(0, len(histories.words) + _WORDS, _WORDS))
    for start, (first, last) in enumerate(pairwise(edges)):
        here = order[first:last]
        words = _tokens(histories, start * _WORDS)
        word, row = histories.word[here] - start * _WORDS, histories.row[here] - predictor.first_row
        with torch.no_grad():
            found = capture(predictor, words, [site for site in sites if site != OUTPUT])
            if OUTPUT in pieces:
                found[OUTPUT] = predictor.log_probs(words).exp()
        for site, value in found.items():
            pieces[site].append(value.cpu().numpy()[word, row])
    back = np.argsort(order)
    return {site: np.concatenate(piece)[back] for site, piece in pieces.items()}


def predictions(predictor: Predictor, histories: Histories) -> Float[np.ndarray, "seq row symbol"]:
    """log P(x_t | x_<t), nats, float64, on the words of the histories."""
    starts = range(0, len(histories.words), _WORDS)
    with torch.no_grad():
        pieces = [predictor.log_probs(_tokens(histories, start)).double().cpu().numpy() for start in starts]
    return np.concatenate(pieces)


def _tokens(histories: Histories, start: int) -> torch.Tensor:
    return torch.from_numpy(histories.words[start : start + _WORDS].astype(np.int64))
