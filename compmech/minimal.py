"""The smallest realisation of a process, and whether two presentations are of the same one."""

import numpy as np
from jaxtyping import Float, Int

from compmech.distinguishing import side_by_side
from compmech.graph import reachable
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.merging import MERGE_TOL, BeliefIndex
from compmech.spans import RANK_TOL, krylov_basis, observable_basis, on_reachable

# Futures that differ by less than this in orthonormal coordinates are the same; spans err by 1e-12 or so.
FUTURE_TOL = MERGE_TOL


def minimal(process: AnyPresentation, *, rank_tol: float = RANK_TOL) -> HMM | GHMM:
    """The realisation of least dimension: reduced to what words lead to, and to what words can tell apart.

    Its belief (the predictive vector) is identifiable from the process alone, up to a change of basis. The process
    itself is returned where it is minimal already, a smaller HMM where merging states of equal future suffices, and
    otherwise a GHMM in orthonormal coordinates without meaning of their own.

    Args:
        rank_tol: singular values below this count as zero.
    Reference:
        Ito, Amari and Kobayashi, IEEE Transactions on Information Theory 38, 324 (1992); Balasubramanian (1993).
    """
    presentation = as_presentation(process)
    T, start, evaluate = on_reachable(presentation, rank_tol)
    basis, _ = krylov_basis(evaluate, T.transpose(0, 2, 1), rank_tol)
    if len(basis) == presentation.n_state:
        return presentation
    if isinstance(presentation, HMM):
        merged = merge_equal_states(presentation)
        if merged.n_state == len(basis):
            return merged
    return GHMM(
        basis @ T @ basis.T, start @ basis.T, basis @ evaluate, alphabet=presentation.alphabet, name=presentation.name
    )


def merge_equal_states(process: HMM) -> HMM:
    """The HMM with unreachable states dropped and states of equal future made one; the same process."""
    part = _trimmed(process)
    label = equal_futures(part)
    n_class = int(label.max()) + 1
    if n_class == process.n_state:
        return process
    member = np.eye(n_class)[label]
    first = np.array([np.argmax(label == c) for c in range(n_class)])
    return HMM(
        part.T[:, first] @ member,
        start=part.start @ member,
        alphabet=process.alphabet,
        states=[part.states[i] for i in first],
        name=process.name,
    )


def trim(process: AnyPresentation) -> HMM | GHMM:
    """The process without the states that cannot be reached from its start; itself if there are none.

    Such states change no probability of a word, and no statistic. Machine files may not have them. The coordinates of a
    GHMM are no states that could be reached or not: `minimal(process)` finds those that are not needed.

    Example:
        >>> falls = HMM([[[0.5, 0.5], [0.0, 1.0]]])  # the first state is left for ever: its stationary probability is 0
        >>> falls.n_state, trim(falls).n_state
        (2, 1)
    """
    presentation = as_presentation(process)
    if isinstance(presentation, GHMM):
        return presentation
    return _trimmed(presentation)


def _trimmed(process: HMM) -> HMM:
    kept = np.setdiff1d(np.arange(process.n_state), unreachable(process))
    return process if len(kept) == process.n_state else restrict(process, kept, process.start[kept])


def unreachable(process: HMM) -> Int[np.ndarray, " state"]:
    """The states that cannot be reached from the start."""
    source, target = np.nonzero(process.A)
    return np.flatnonzero(~reachable(source, target, process.start > 0))


def restrict(process: HMM, states: Int[np.ndarray, " kept"], start: Float[np.ndarray, " kept"] | None) -> HMM:
    """The HMM on a set of states that is not left; start=None: stationary there."""
    return HMM(
        process.T[:, states[:, None], states],
        start=start,
        alphabet=process.alphabet,
        states=[process.states[i] for i in states],
        name=process.name,
    )


def equal_futures(process: HMM, *, tol: float = FUTURE_TOL) -> Int[np.ndarray, " state"]:
    """A number for each state, the same for states from which every word has the same probability."""
    coordinates = observable_basis(process).T
    index = BeliefIndex(coordinates.shape[1], tol=tol, by_support=False)
    return index.match(np.ascontiguousarray(coordinates))[0]


def equivalent(a: AnyPresentation, b: AnyPresentation, *, tol: float = 1e-8) -> bool:
    """Whether two presentations give every word the same probability.

    Presentations of n and m states do so when they agree on all words up to length n + m - 1. That is decided without
    enumeration: put side by side with starts (start_a, -start_b), every P_a(w) - P_b(w) is the product of that vector
    with one of a space of dimension n + m at most, and all vanish when it is orthogonal to the space. Symbols are
    matched by name; one that is missing from an alphabet must have probability zero in the other process.

    Args:
        tol: largest component of the difference along an orthonormal basis of that space. Word probabilities of
            processes found equivalent differ by no more than about tol times sqrt(n + m).
    Raises:
        ValueError: if the symbols differ in type alone, as '1' and 1 do.
    """
    return bool(abs(side_by_side(as_presentation(a), as_presentation(b)).told).max() <= tol)
