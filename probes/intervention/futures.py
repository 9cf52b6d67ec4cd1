"""What a predictor says of the next k symbols together, edited or not, and how far that is from something else.

The score of an edit is on the joint distribution of the next k symbols: log Q(w) is the sum of the predictor's own
conditional log probabilities along w, and KL(P || Q) over all k-words w is, by the chain rule, the KL of the single
predictions with continuations weighted by their exact probability P. It never falls as k grows.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from predictors import Predictor

__all__ = ["joint_kl", "joint_log_probs"]

_SEQUENCES = 4096  # run at once


def joint_log_probs(
    predictor: Callable[[Int[np.ndarray, " case"]], Predictor],
    words: Int[np.ndarray, "case time"],
    horizon: int,
) -> list[Float[np.ndarray, "case _"]]:
    """log P(next k symbols | word), nats, for k = 1 .. horizon, k-words in lexicographic order.

    A word of probability 0 has -inf, and so have all that begin with it; none is read further.

    Args:
        predictor: for the indices of some cases, each repeated for every continuation, the predictor to ask: one with
            those cases' edits inside. Edits must be at rows 0 .. time; what follows is read one symbol at a time.
    """
    n_case, n_symbol = len(words), predictor(np.arange(0)).n_symbol
    n_follow = n_symbol ** (horizon - 1)
    at_once = max(1, _SEQUENCES // n_follow)
    pieces = []
    for first in range(0, n_case, at_once):
        case = np.repeat(np.arange(first, min(n_case, first + at_once)), n_follow)
        pieces.append(_of_cases(predictor(case), torch.from_numpy(words[case].astype(np.int64)), horizon))
    return [np.concatenate([piece[k] for piece in pieces]) for k in range(horizon)]


def _of_cases(model: Predictor, histories: Tensor, horizon: int) -> list[np.ndarray]:
    n_symbol = model.n_symbol
    place = torch.tensor([n_symbol**i for i in reversed(range(horizon - 1))], dtype=torch.int64)
    follow = torch.arange(n_symbol ** (horizon - 1))[:, None] // place % n_symbol
    follow = follow.repeat(len(histories) // len(follow), 1)
    found = []
    with torch.no_grad():
        _, carry = model.advance(histories, model.init_carry(len(histories)))
        assert carry.log_probs is not None  # rows >= 1 are there in every predictor
        row = carry.log_probs
        so_far = torch.zeros(len(histories), dtype=torch.float64)
        for k in range(1, horizon + 1):
            row = row.double().cpu()
            # sequences that share their first k - 1 symbols stand together: the first of them speaks for all
            stride = n_symbol ** (horizon - k)
            found.append((so_far[::stride, None] + row[::stride]).reshape(-1, n_symbol**k).numpy())
            if k < horizon:
                symbol = follow[:, k - 1]
                so_far = so_far + row.gather(1, symbol[:, None])[:, 0]
                # an impossible symbol is not read: the most probable one stands in, and the word keeps its -inf
                readable = torch.where(so_far == -torch.inf, row.argmax(1), symbol)
                row, carry = model.step(readable, carry)
    return found


def joint_kl(P: Float[np.ndarray, "case word"], log_Q: Float[np.ndarray, "case word"]) -> Float[np.ndarray, " case"]:
    """KL(P || Q) in nats, case by case; inf where Q excludes a word that P allows."""
    possible = P > 0
    p = np.where(possible, P, 1.0)
    kl = np.where(possible, p * (np.log(p) - np.where(possible, log_Q, 0.0)), 0.0).sum(axis=1)
    return np.asarray(np.where(abs(kl) < 1e-12, np.maximum(kl, 0.0), kl))  # what rounding makes of 0 is 0
