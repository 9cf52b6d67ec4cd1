"""Redundant presentations: states split into copies that no observer can tell apart."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.compose.assembling import MAX_ENTRIES, HasSize, as_part, assembled, check_budget, composed_name
from compmech.compose.settling import long_run
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.stationarity import is_stationary
from compmech.validation import SUM_TOL, as_floats, check_count, check_rng

Copies = int | Sequence[int]


def redundant(
    process: AnyPresentation, copies: Copies, shares: ArrayLike, *, max_entries: int = MAX_ENTRIES
) -> HMM | GHMM:
    """The same process with every state split into copies of equal future.

    A step to a state goes to one of its copies, with shares that may depend on the symbol and on the copy it comes
    from: T'[x, (i, a), (j, b)] = T[x, i, j] shares[x, (i, a), (j, b)]. Words keep their probabilities whatever the
    shares, so the hidden belief has coordinates that nothing observed identifies; belief @ `copy_map` is the original
    belief. A stationary start stays stationary, other starts are divided evenly. States are named (state, copy).

    Args:
        copies: of every state, or of each; at least 1.
        shares: the share of each copy in what comes to its state, nonnegative and summing to 1 over the copies of each;
            any shape that broadcasts to (symbol, split_state, split_state), so one number for each split state will do.
            `random_shares` draws some.
        max_entries: the most numbers n_symbol * n_split ** 2 that the result may have.
    Raises:
        ValueError: naming the copies whose shares are wrong.
        PresentationTooLarge: before anything is built.
    Reference:
        Ito, Amari and Kobayashi, IEEE Transactions on Information Theory 38, 324 (1992), on what is identifiable.
    Example:
        >>> from compmech import equivalent, zoo
        >>> split = redundant(zoo.even(), [2, 1], [0.3, 0.7, 1.0])
        >>> split.states, equivalent(split, zoo.even())
        ((('A', 0), ('A', 1), ('B', 0)), True)
    """
    part = as_part(process, max_entries)
    parent = _parents(part.n_state, copies)
    n_split = len(parent)
    check_budget("the redundant presentation", part.n_symbol, n_split, max_entries)
    T = part.T[:, parent[:, None], parent] * _checked_shares(shares, part, parent)
    evaluate = part.evaluate[parent]
    names = [(part.states[i], int((parent[:place] == i).sum())) for place, i in enumerate(parent)]
    divided = part.start[parent] / np.bincount(parent)[parent]
    arguments = (None if isinstance(part, HMM) else evaluate, part.alphabet, names, composed_name("redundant", part))
    split = assembled(T, divided, *arguments)
    return assembled(T, long_run(split, divided), *arguments) if is_stationary(part) else split


def random_shares(
    process: HasSize, copies: Copies, *, rng: np.random.Generator
) -> Float[np.ndarray, "symbol split_state split_state"]:
    """Shares for `redundant`, uniformly distributed, drawn afresh for each symbol, copy come from and state gone to.

    The belief over the copies then moves with every symbol, and not only in step with the original belief.
    """
    parent = _parents(process.n_state, copies)
    weight = check_rng(rng).standard_exponential((process.n_symbol, len(parent), len(parent)))
    return np.asarray(weight / (weight @ _siblings(parent)))


def copy_map(process: HasSize, copies: Copies) -> Float[np.ndarray, "split_state state"]:
    """From the belief of a redundant presentation to that of the original: belief @ map.

    Args:
        process: the original.
        copies: as given to `redundant`.
    """
    return np.asarray(np.eye(process.n_state)[_parents(process.n_state, copies)])


def _parents(n_state: int, copies: Copies) -> Int[np.ndarray, " split_state"]:
    """The original state of each split state."""
    each = [copies] * n_state if isinstance(copies, int | np.integer) else list(copies)
    if len(each) != n_state:
        raise ValueError(f"copies must be one number, or one for each of the {n_state} states; got {len(each)}")
    for state, count in enumerate(each):
        if check_count(count, "copies") == 0:
            raise ValueError(f"copies must be at least 1 for every state; state {state} gets 0")
    return np.repeat(np.arange(n_state), each)


def _siblings(parent: Int[np.ndarray, " split_state"]) -> Float[np.ndarray, "split_state split_state"]:
    return np.asarray(parent[:, None] == parent, dtype=np.float64)


def _checked_shares(
    shares: ArrayLike, part: HMM | GHMM, parent: Int[np.ndarray, " split_state"]
) -> Float[np.ndarray, "symbol split_state split_state"]:
    given = as_floats(shares, "shares")
    shape = (part.n_symbol, len(parent), len(parent))
    try:
        share = np.broadcast_to(given, shape)
    except ValueError as error:
        raise ValueError(
            f"shares must broadcast to (symbol, split_state, split_state) = {shape}; got shape {given.shape}. "
            f"One share for each of the {len(parent)} split states will do."
        ) from error
    for x, i, j in np.argwhere(share < 0)[:1]:
        raise ValueError(
            f"shares must be nonnegative; that of split state {j} (from {i}, symbol {x}) is {share[x, i, j]:.6g}"
        )
    sums = share @ _siblings(parent)
    for x, i, j in np.argwhere(abs(sums - 1) > SUM_TOL)[:1]:
        state = part.states[parent[j]]
        raise ValueError(
            f"shares must sum to 1 over the copies of each state; those of state {state!r} (split states "
            f"{np.flatnonzero(parent == parent[j]).tolist()}) sum to {sums[x, i, j]:.9g} from split state {i}, "
            f"symbol {x}"
        )
    return np.asarray(share / sums)
