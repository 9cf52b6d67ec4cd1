"""An observer's beliefs as an iterated function system: a map for each symbol, chosen with place-dependent probability.

Letters: eta belief, T_x matrix of symbol x, e the evaluation vector (all ones for an HMM), n number of states.

    f_x(eta) = eta T_x / p_x(eta),     p_x(eta) = eta T_x e.

The stationary law of eta is the Blackwell measure. Differences of beliefs lie in the plane v e = 0, of dimension n - 1.

Reference:
    Blackwell, The entropy of functions of finite-state Markov chains (1957); Jurgens and Crutchfield, arXiv 2008.12886.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from compmech.causal_states import ergodic_parts
from compmech.errors import NotErgodic
from compmech.graph import closed_classes
from compmech.hmm import GHMM, HMM, AnyPresentation, as_presentation
from compmech.minimal import merge_equal_states, minimal
from compmech.signed import without_rounding


@dataclass(frozen=True, eq=False)
class BeliefSystem:
    """The maps of the beliefs of an ergodic process, in its minimal realisation.

    Attributes:
        process: the minimal realisation of the stationary process. Where merging states of equal future does not make
            the hidden Markov model minimal it is a generalised one, in coordinates without meaning of their own.
        hidden: a stationary presentation by states one can be in, minimal or not, if one is known.
    """

    process: HMM | GHMM
    hidden: HMM | None = None

    @property
    def n_symbol(self) -> int:
        """Number of maps."""
        return self.process.n_symbol

    @property
    def n_state(self) -> int:
        """Number of coordinates of a belief, n."""
        return self.process.n_state

    @property
    def T(self) -> Float[np.ndarray, "symbol state state"]:
        """The labelled matrices."""
        return self.process.T

    @cached_property
    def log2_determinants(self) -> Float[np.ndarray, " symbol"]:
        """log2 |det T_x|; -inf for a singular matrix."""
        scale = np.abs(self.T).max(axis=(1, 2))
        sizes = np.linalg.svd(self.T / np.where(scale > 0, scale, 1.0)[:, None, None], compute_uv=False)
        with np.errstate(divide="ignore"):
            logs = np.log2(np.where(sizes > _SINGULAR, sizes, 0.0)).sum(axis=1)
            return np.asarray(logs + self.n_state * np.log2(scale))

    @cached_property
    def plane(self) -> Float[np.ndarray, "row state"]:
        """An orthonormal basis, as rows, of the differences of beliefs."""
        return np.linalg.svd(self.process.evaluate[None])[2][1:]

    def branch(
        self, beliefs: Float[np.ndarray, "seq state"]
    ) -> tuple[Float[np.ndarray, "seq symbol state"], Float[np.ndarray, "seq symbol"]]:
        """eta T_x and p_x(eta) for every symbol. What rounding leaves of a probability that is zero is made zero."""
        moved = self.process.branch(beliefs)
        probability = moved @ self.process.evaluate
        if not self.process.nonnegative:
            scale = self.process.signed_scale(beliefs)
            probability = without_rounding(probability, scale, np.zeros(len(beliefs)), lambda _, symbol: [symbol])
        return moved, np.asarray(probability)

    def image(
        self, beliefs: Float[np.ndarray, "seq state"], symbols: Int[np.ndarray, " seq"]
    ) -> Float[np.ndarray, "seq state"]:
        """f_x(eta), for one possible symbol each."""
        moved, probability = self.branch(beliefs)
        every = np.arange(len(beliefs))
        return np.asarray(moved[every, symbols] / probability[every, symbols, None])


# Singular values of a matrix, as a part of its largest entry, below this count as zero.
_SINGULAR = 1e-12


def belief_system(process: AnyPresentation) -> BeliefSystem:
    """The iterated function system of the beliefs of the stationary process that a process settles into.

    States that are transient are dropped, states of equal future are merged, and what is left is made minimal: beliefs
    that differ foretell different futures, so that sizes and dimensions are those of the set of causal states.

    Raises:
        NotErgodic: if the process can end in several closed classes: each has a Blackwell measure of its own.
    Example:
        >>> from compmech import HMM
        >>> cantor = belief_system(HMM([[[0.55, 0.0], [0.3, 0.15]], [[0.15, 0.3], [0.0, 0.55]]]))
        >>> cantor.branch(cantor.process.start[None])[1].round(3).tolist()
        [[0.5, 0.5]]
    """
    presentation = as_presentation(process)
    if isinstance(presentation, GHMM):
        start = presentation.stationary()
        settled = GHMM(presentation.T, start, presentation.evaluate, alphabet=presentation.alphabet)
        return BeliefSystem(minimal(settled))
    parts = ergodic_parts(presentation)
    if len(parts) > 1:
        source, target = np.nonzero(presentation.A)
        classes = closed_classes(source, target, presentation.n_state)
        raise NotErgodic([part.tolist() for part in classes], one_class=True)
    merged = merge_equal_states(parts[0][0])
    return BeliefSystem(minimal(merged), hidden=merged)
