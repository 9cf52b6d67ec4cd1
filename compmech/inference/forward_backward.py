"""Forward and backward along a series: what a hidden Markov model expects of its transitions, exactly, and in pieces.

Letters, of Baum and others: a_t(i) = P(x_<t, state i at t), b_t(j) = P(x_>=t | state j at t), both scaled, and
N_x(i, j) = sum over t with x_t = x of P(i at t, j at t+1 | all data).

Nothing is approximate in long series, and no step waits for all those before it. A piece is cut into segments; the
product of the matrices along each is found for all segments at once, symbol by symbol; a pass over segments gives a and
b at their ends; and from there both are found inside of all segments at once. As much is kept at a time as `AT_ONCE`
says, whatever the length of the series. All runs of one model from different starts go side by side.

Reference:
    Rabiner, Proceedings of the IEEE 77, 257 (1989), section III.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Float, Int

__all__ = ["Segments", "expected", "segments_of"]

AT_ONCE = 1 << 22
"""Numbers of a_t and b_t that are kept at a time, 32 MB."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Pieces cut to one length and filled up with a symbol that changes nothing, number k.

    Attributes:
        opens, closes: whether a segment is the first, or the last, of its piece.
    """

    words: Int[np.ndarray, "segment time"]
    opens: np.ndarray
    closes: np.ndarray


def segments_of(words: Sequence[np.ndarray], n_symbol: int) -> Segments:
    total = sum(len(word) for word in words)
    size = min(max(len(word) for word in words), max(16, int(sqrt(total))))
    rows, opens, closes = [], [], []
    for word in words:
        n = -(-len(word) // size)
        filled = np.full(n * size, n_symbol, dtype=np.intp)
        filled[: len(word)] = word
        rows.append(filled.reshape(n, size))
        opens += [True] + [False] * (n - 1)
        closes += [False] * (n - 1) + [True]
    return Segments(np.concatenate(rows), np.array(opens), np.array(closes))


def expected(
    T: Float[np.ndarray, "run symbol state state"], start: Float[np.ndarray, "run state"], segments: Segments
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N_x of each run, how much of its pieces starts in each state, and the log likelihood in nats."""
    n_run, k, n_state = T.shape[:3]
    kept = np.broadcast_to(np.eye(n_state), (n_run, 1, n_state, n_state))
    steps = np.concatenate([T, kept], axis=1)
    before, after, log = _at_ends(steps, start, segments)
    count, first = np.zeros_like(steps), np.zeros((n_run, n_state))
    n_segment, size = segments.words.shape
    chunk = max(1, AT_ONCE // (2 * n_run * n_state * size))
    for low in range(0, n_segment, chunk):
        part = slice(low, low + chunk)
        found, opening = _inside(steps, segments.words[part], before[:, part], after[:, part])
        count += found
        first += opening[:, segments.opens[part]].sum(axis=1)
    return (count * steps)[:, :k], first, log


def _at_ends(
    steps: Float[np.ndarray, "run symbol state state"], start: Float[np.ndarray, "run state"], segments: Segments
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a before and b after each segment, (run, segment, state), and the log likelihood of each run."""
    n_segment, size = segments.words.shape
    n_run, n_state = start.shape
    product = np.broadcast_to(np.eye(n_state), (n_run, n_segment, n_state, n_state))
    scale = np.zeros((n_run, n_segment))
    for t in range(size):
        product = product @ steps[:, segments.words[:, t]]
        most = product.max(axis=(2, 3))
        positive = np.where(most > 0, most, 1.0)
        product = product / positive[:, :, None, None]
        scale += np.log(positive)
    before, after = np.empty((n_run, n_segment, n_state)), np.empty((n_run, n_segment, n_state))
    log, now = np.zeros(n_run), start
    for s in range(n_segment):
        now = start if segments.opens[s] else now
        before[:, s] = now
        now = (now[:, None] @ product[:, s])[:, 0]
        total = now.sum(axis=1)
        with np.errstate(divide="ignore"):
            log += np.log(total) + scale[:, s]  # -inf where the data are impossible
        now = now / np.where(total > 0, total, 1.0)[:, None]
    then = np.ones((n_run, n_state))
    for s in range(n_segment - 1, -1, -1):
        then = np.ones((n_run, n_state)) if segments.closes[s] else then
        after[:, s] = then
        then = (product[:, s] @ then[:, :, None])[:, :, 0]
        then = _scaled(then)
    return before, after, log


def _inside(
    steps: Float[np.ndarray, "run symbol state state"],
    words: Int[np.ndarray, "segment time"],
    before: Float[np.ndarray, "run segment state"],
    after: Float[np.ndarray, "run segment state"],
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of a_t(i) b_t+1(j) / P(data) by symbol, N_x but for the factor T, and P(i at the first symbol | data)."""
    size = words.shape[1]
    a, b = np.empty((size, *before.shape)), np.empty((size, *before.shape))  # of a symbol: a before, b after
    now = before
    for t in range(size):
        a[t] = now
        now = _scaled((now[:, :, None] @ steps[:, words[:, t]])[:, :, 0])
    then = after
    for t in range(size - 1, -1, -1):
        b[t] = then
        moved = (steps[:, words[:, t]] @ then[:, :, :, None])[:, :, :, 0]
        chance = (a[t] * moved).sum(axis=2, keepdims=True)
        b[t] /= np.where(chance > 0, chance, 1.0)
        then = _scaled(moved)
    opening = before * then
    total = opening.sum(axis=2, keepdims=True)
    count = np.zeros_like(steps)
    for x in range(steps.shape[1] - 1):
        time, segment = np.nonzero(np.equal(words.T, x))
        left, right = (side.transpose(1, 0, 2, 3)[:, time, segment] for side in (a, b))
        count[:, x] = left.transpose(0, 2, 1) @ right
    return count, opening / np.where(total > 0, total, 1.0)


def _scaled(vector: np.ndarray) -> np.ndarray:
    """Over its greatest entry, which only its direction matters for; 0 stays 0."""
    most = vector.max(axis=-1, keepdims=True)
    return np.asarray(vector / np.where(most > 0, most, 1.0))
