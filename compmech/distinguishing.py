"""A shortest word to which two processes give different probabilities.

Letters: put side by side, the two have start d = (start_a, -start_b) and matrices T, so that P_a(w) - P_b(w) is
d @ T_w @ e, e the two evaluation vectors. K_n is the span of the vectors T_w @ e for words of at most n symbols; all
words of that length agree when d is orthogonal to it. The first n for which it is not is the length of a shortest word
that differs, and the word is read off symbol by symbol: after each, what is left must not be orthogonal to K_{n-1}.

Reference:
    Tzeng, SIAM J. Computing 21, 216 (1992); Balasubramanian (1993) for the bound n + m - 1 on its length.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.names import check_names_match
from compmech.spans import krylov_basis


@dataclass(frozen=True)
class DistinguishingWord:
    """A word that tells two processes apart.

    Attributes:
        word: its symbols, by name.
        probability_a: its probability in the first process.
        probability_b: its probability in the second.
    """

    word: tuple[Hashable, ...]
    probability_a: float
    probability_b: float


def distinguishing_word(a: AnyPresentation, b: AnyPresentation, *, tol: float = 1e-8) -> DistinguishingWord | None:
    """A shortest word with different probabilities in two processes; None if they are equivalent.

    The verdict is that of `equivalent(a, b, tol=tol)`, for every tol. Of words of that length, one that differs much is
    given, not always the one that differs most. Symbols are matched by name.

    Args:
        tol: largest component of start_a - start_b, along an orthonormal basis of what words can tell, that counts as
            none. Words shorter than the one given agree to about tol times the square root of the number of states.
            Probabilities of single steps that differ by less than 1e-10 (RANK_TOL) are the same for every tol.
    Raises:
        ValueError: if the symbols differ in type alone, as '1' and 1 do.
    Reference:
        Tzeng, SIAM J. Computing 21, 216 (1992).
    Example:
        >>> from compmech import HMM, zoo
        >>> coin = HMM([[[0.5]], [[0.5]]], alphabet="01")
        >>> found = distinguishing_word(zoo.rrxor(), coin)     # alike up to pairs of symbols
        >>> found.word, round(found.probability_a, 6), found.probability_b
        (('0', '1', '0'), 0.083333, 0.125)
    """
    left, right = as_presentation(a), as_presentation(b)
    both = side_by_side(left, right)
    names, basis, dimensions, difference = both.names, both.basis, both.dimensions, both.difference
    seen = np.flatnonzero(abs(both.told) > tol)
    if not len(seen):
        return None
    length = int(np.searchsorted(dimensions, seen[0], side="right"))
    word: list[int] = []
    for ahead in reversed(range(length)):
        after = difference @ both.T  # (symbol, state)
        tells = np.linalg.norm(after @ basis[: dimensions[ahead]].T, axis=1)
        word.append(int(np.argmax(tells)))
        difference = after[word[-1]]
    return DistinguishingWord(
        tuple(names[x] for x in word),
        _probability(left, [names[x] for x in word]),
        _probability(right, [names[x] for x in word]),
    )


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Two presentations in one space, and what words can tell of their states.

    Attributes:
        names: of all symbols.
        T: their matrices, block diagonal.
        difference: (start_a, -start_b).
        basis: orthonormal, of the span of the vectors T_w @ e.
        dimensions: of the spans of words up to lengths 0, 1, 2, ...
    """

    names: list[Hashable]
    T: Float[np.ndarray, "symbol state state"]
    difference: Float[np.ndarray, " state"]
    basis: Float[np.ndarray, "rank state"]
    dimensions: tuple[int, ...]

    @property
    def told(self) -> Float[np.ndarray, " rank"]:
        """Components of the difference that words can tell: all zero for two presentations of one process."""
        return np.asarray(self.basis @ self.difference)


def side_by_side(left: HMM | GHMM, right: HMM | GHMM) -> SideBySide:
    """Two presentations in one space, symbols matched by name."""
    check_names_match([left.alphabet, right.alphabet])
    names = list(dict.fromkeys([*left.alphabet, *right.alphabet]))
    n, total = left.n_state, left.n_state + right.n_state
    T = np.zeros((len(names), total, total))
    T[[names.index(name) for name in left.alphabet], :n, :n] = left.T
    T[[names.index(name) for name in right.alphabet], n:, n:] = right.T
    basis, dimensions = krylov_basis(np.concatenate([left.evaluate, right.evaluate]), T.transpose(0, 2, 1))
    return SideBySide(names, T, np.concatenate([left.start, -right.start]), basis, dimensions)


def _probability(process: HMM | GHMM, word: list[Hashable]) -> float:
    """P(word), zero where the alphabet lacks one of its symbols."""
    if not set(word) <= set(process.alphabet):
        return 0.0
    belief = process.start
    for name in word:
        belief = belief @ process.T[process.alphabet.index(name)]
    return float(belief @ process.evaluate)
