"""What the next symbols say of the causal state: certified bounds of crypticity and ephemeral information.

Letters: w = x_0:L a word to come, i a causal state now, e_w(i) the state that w leads to from i.
The rest of the future says less than S_L would, so with the words w that end a complete tree of words to come

    H[S_0 | w, S_L] <= chi <= H[S_0 | w]                 with a gap of H[S_L | w], since w and S_0 determine S_L,
    H[X_0 | S_0, w after X_0, its last state] <= r <= H[X_0 | S_0, w after X_0].

A word costs as many numbers as there are states. Words that leave most open are extended first.

Reference:
    Mahoney, Ellison and Crutchfield, J. Phys. A 42, 362002 (2009), for H[S_0 | X_0:L] and crypticity.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from compmech.measures.interval import Bounds, between, entropy, surprise

# Numbers kept for all words looked at: some 30 MB and a quarter of a second.
MAX_NUMBERS = 1_000_000

# Words that leave less than this open (in bits, weighted by their probability) are not extended, and none when all
# together leave less than the second number.
_NEGLIGIBLE = 1e-17
_ENOUGH = 1e-14

# Numbers handled at once where symbols before the word are looked at too.
_AT_ONCE = 2**20


@dataclass(frozen=True, eq=False)
class Futures:
    """Words to come, such that every future begins with exactly one of them.

    Attributes:
        successor, emit, pi: the machine, and its stationary distribution, positive everywhere.
        joint: P(S_0 = i, w).
        end: e_w(i), where w is possible from i.
    """

    successor: Int[np.ndarray, "state symbol"]
    emit: Float[np.ndarray, "state symbol"]
    pi: Float[np.ndarray, " state"]
    joint: Float[np.ndarray, "word state"]
    end: Int[np.ndarray, "word state"]

    @property
    def crypticity(self) -> Bounds:
        """chi = H[S_0 | future], in bits."""
        most = float((entropy(self.joint) - surprise(self.joint.sum(axis=1))).sum())
        gap = float(_undecided(self.joint, self.end).sum())
        return between(most - gap, most).at_least(0.0)

    @property
    def ephemeral(self) -> Bounds:
        """r = H[X_0 | past, future], in bits per symbol."""
        to, before, parallel = _merged(self.successor, self.pi, self.emit)
        least = most = 0.0
        n_word = max(1, _AT_ONCE // to.size)
        for first in range(0, len(self.joint), n_word):
            part = slice(first, first + n_word)
            joint = before * self.joint[part][:, to]
            end = self.end[part][:, to]
            alike = np.stack(
                [np.where(end == end[:, :, [d]], joint, 0.0).sum(axis=2) for d in range(to.shape[1])], axis=2
            )
            most += float((entropy(joint) - surprise(joint.sum(axis=2))).sum())
            share = np.divide(joint, alike, out=np.ones_like(joint), where=joint > 0)
            least += float((surprise(share) * alike).sum())
        return between(parallel + least, parallel + max(least, most)).at_least(0.0)


def _merged(
    successor: Int[np.ndarray, "state symbol"], pi: Float[np.ndarray, " state"], emit: Float[np.ndarray, "state symbol"]
) -> tuple[Int[np.ndarray, "state edge"], Float[np.ndarray, "state edge"], float]:
    """Symbols that lead from a state to the same state as one edge, since no word to come tells them apart.

    Returns:
        The state that each edge leads to, P(S_0 = i, edge) / P(S_1 = where it leads), which is 0 where a row has fewer
        edges than another, and H[X_0 | S_0, edge] in bits.
    """
    order = np.argsort(successor, axis=1, kind="stable")
    target = np.maximum(np.take_along_axis(successor, order, axis=1), 0)
    weight = np.take_along_axis(pi[:, None] * emit, order, axis=1)
    edge = np.cumsum(np.diff(target, axis=1, prepend=target[:, :1]) > 0, axis=1)
    state = np.broadcast_to(np.arange(len(pi))[:, None], edge.shape)
    to = np.zeros((len(pi), edge.max() + 1), dtype=np.intp)
    to[state, edge] = target
    together = np.zeros(to.shape)
    np.add.at(together, (state, edge), weight)
    return to, together / pi[to], float(surprise(weight).sum() - surprise(together).sum())


def futures(
    successor: Int[np.ndarray, "state symbol"],
    emit: Float[np.ndarray, "state symbol"],
    pi: Float[np.ndarray, " state"],
    *,
    max_numbers: int = MAX_NUMBERS,
) -> Futures:
    """Unfold the words to come from a stationary unifilar machine until what follows hardly matters.

    Args:
        pi: the stationary distribution, positive everywhere.
        max_numbers: keep words while these have fewer numbers, one for each state.
    """
    n_state, n_symbol = emit.shape
    to = np.ascontiguousarray(np.maximum(successor, 0).T)
    chance = np.ascontiguousarray(emit.T)
    joint, end = pi[None], np.arange(n_state)[None]
    done = [(joint[:0], end[:0])]
    room = max_numbers // n_state
    open_ = _undecided(joint, end)
    while True:
        goes_on = open_ > _NEGLIGIBLE
        done.append((joint[~goes_on], end[~goes_on]))
        joint, end, open_ = joint[goes_on], end[goes_on], open_[goes_on]
        room -= int((~goes_on).sum())
        n_now = min((len(joint) + 1) // 2, (room - len(joint)) // n_symbol)
        if n_now < 1 or open_.sum() < _ENOUGH:
            break
        rank = np.argsort(-open_, kind="stable")
        now, later = rank[:n_now], rank[n_now:]
        at = end[now]
        longer = (joint[now] * np.take(chance, at, axis=1)).reshape(-1, n_state)
        further = np.take(to, at, axis=1).reshape(-1, n_state)
        possible = longer.any(axis=1)
        longer, further = longer[possible], further[possible]
        joint = np.concatenate([joint[later], longer])
        end = np.concatenate([end[later], further])
        open_ = np.concatenate([open_[later], _undecided(longer, further)])
    return Futures(
        successor,
        emit,
        pi,
        np.concatenate([*(words for words, _ in done), joint]),
        np.concatenate([*(ends for _, ends in done), end]),
    )


def _undecided(
    joint: Float[np.ndarray, "word state"], end: Int[np.ndarray, "word state"]
) -> Float[np.ndarray, " word"]:
    """P(w) H[S_L | w], in bits; what rounding leaves of it counts as none."""
    n_word, n_state = joint.shape
    place = np.arange(n_word)[:, None] * n_state + end
    ending = np.bincount(place.ravel(), weights=joint.ravel(), minlength=n_word * n_state).reshape(n_word, n_state)
    return np.asarray(np.maximum(entropy(ending) - surprise(ending.sum(axis=1)), 0.0))
