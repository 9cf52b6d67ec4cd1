"""The space that beliefs live in: coordinates, what each point predicts, and how far a belief can be moved.

Coordinates are affine, orthonormal in the metric of the belief target (`probes.targets`): belief = prior + y @ axes, so
that every y stands for something that sums to 1, whether or not it gives each word a probability that is not negative.
"""

from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linprog

from compmech import filter_beliefs
from compmech.hmm import GHMM, HMM, as_presentation
from compmech.spans import future_map, reachable_basis
from probes.prefixes import Source
from probes.targets import FutureBasis, future_basis

__all__ = ["BeliefSpace", "InadmissibleBelief", "belief_space"]

# Relative to the largest: singular values of maps of probabilities below this are rounding.
_RANK_TOL = 1e-9

ROUNDING = 1e-12
"""A word's probability below this is zero, and a change of it below this is none: sums of float64 terms up to 1."""

_WORDS = 1024  # words of the length up to which probabilities are checked, at most (more if the horizon asks for it)

_MOST_WORDS = 2**17


class InadmissibleBelief(ValueError):
    """A point that gives some word a negative probability, so that no process could be there.

    Attributes:
        word: symbols of the word. probability: what it gets.
    """

    def __init__(self, word: tuple[int, ...], probability: float) -> None:
        self.word, self.probability = word, probability
        super().__init__(word, probability)

    def __str__(self) -> str:
        return (
            f"no belief: the word {self.word} would have probability {self.probability:.3g}. Move less far, or take a "
            "mixture of beliefs that histories leave"
        )


@dataclass(frozen=True, eq=False)
class BeliefSpace:
    """Affine coordinates of the beliefs of one process. Made by `belief_space`.

    Attributes:
        process: as labelled matrices.
        future: the coordinates that this space lies in.
        prior: the belief before the first symbol, in those.
        axes: orthonormal rows: the directions along which total probability does not change.
    """

    process: HMM | GHMM
    future: FutureBasis
    prior: Float[np.ndarray, " target"]
    axes: Float[np.ndarray, "axis target"]

    @property
    def dimension(self) -> int:
        """The number of axes: the rank of the process less one."""
        return len(self.axes)

    @property
    def least_horizon(self) -> int:
        """k*, the fewest symbols whose joint distribution tells the belief."""
        return self.future.horizon

    def points(self, beliefs: Float[np.ndarray, "*row state"]) -> Float[np.ndarray, "*row axis"]:
        """Beliefs, in the states of the process, as points."""
        return np.asarray((beliefs @ self._of_states - self.prior) @ self.axes.T)

    def along(self, words: Int[np.ndarray, "seq time"]) -> Float[np.ndarray, "seq time+1 axis"]:
        """The point after each prefix of the words; row 0 is the prior. Raises ImpossibleWord."""
        return self.points(filter_beliefs(self.process, words))

    def words(self, points: Float[np.ndarray, "row axis"], k: int) -> Float[np.ndarray, "row word"]:
        """P(next k symbols) at each point, in lexicographic order; exactly 0 where it is no more than rounding.

        Raises:
            InadmissibleBelief: for the first point that gives a word a negative probability.
            ValueError: if k < 1, or there are more than 131,072 words.
        """
        values = self._total(k) + points @ self.steps(k)
        for row, word in np.argwhere(values < -_RANK_TOL)[:1]:
            raise InadmissibleBelief(self.spelled(int(word), k), float(values[row, word]))
        return np.where(values <= ROUNDING, 0.0, values)

    def steps(self, k: int) -> Float[np.ndarray, "axis word"]:
        """How the probabilities of k-words change along each axis."""
        return np.asarray(self.axes @ self._future(k))

    def spelled(self, word: int, k: int) -> tuple[int, ...]:
        """The symbols of the word of that place in lexicographic order."""
        return tuple(int(x) for x in np.unravel_index(word, (self.process.n_symbol,) * k))

    def first_visible(self, k: int) -> Float[np.ndarray, "direction axis"]:
        """Orthonormal directions that no distribution of fewer than k symbols shows and that of k symbols does.

        They span what is orthogonal, among the directions invisible up to k - 1, to those invisible up to k: there are
        as many as the rank of the joint k-word map gains at k. Empty where it gains nothing.
        """
        hidden = self._invisible(k - 1)
        if not len(hidden):
            return hidden
        left, singular, _ = np.linalg.svd(hidden @ self.steps(k), full_matrices=False)
        return np.asarray(left.T[singular > self._floor(k)] @ hidden)

    def furthest(
        self, points: Float[np.ndarray, "row axis"], direction: Float[np.ndarray, " axis"], k: int, *, depth: int
    ) -> Float[np.ndarray, "row axis"]:
        """The change that takes each point furthest along a direction, either way, among those that no distribution of
        fewer than k symbols shows and that keep the probability of every word of up to `depth` symbols from negative.

        A linear program for each point. The change need not be parallel to the direction: at the edge of what is
        possible a straight way may leave it where another does not. Zero where there is no way at all. Without a word
        of `depth` symbols turning negative a longer one still could: the depth goes with whatever is computed.
        """
        hidden = self._invisible(k - 1)
        slopes = hidden @ self.steps(depth)
        now, found = self.words(points, depth), np.zeros(points.shape)
        for i, probability in enumerate(now):
            best = 0.0
            for sign in (1, -1):
                cost = -sign * (hidden @ direction)
                done = linprog(cost, A_ub=-slopes.T, b_ub=probability, bounds=(None, None), method="highs")
                if not done.success:
                    raise RuntimeError(f"the linear program of point {i} was not solved: {done.message}")
                if -float(done.fun or 0) > best:
                    best, found[i] = -float(done.fun or 0), done.x @ hidden
        return found

    def depth(self, horizon: int) -> int:
        """The length of words up to which probabilities are checked, for scores up to a horizon."""
        affordable = int(log(_WORDS) / log(max(2, self.process.n_symbol)) + 1e-9)
        return max(horizon, self.least_horizon, affordable)

    def mixtures(
        self, points: Float[np.ndarray, "row axis"], n: int, *, parts: int = 3, rng: np.random.Generator
    ) -> Float[np.ndarray, "n axis"]:
        """Arbitrary admissible points: mixtures of `parts` of the given ones, with weights from the flat Dirichlet."""
        chosen = rng.integers(len(points), size=(n, parts))
        return np.asarray(np.einsum("np,npa->na", rng.dirichlet(np.ones(parts), size=n), points[chosen]))

    # ---------------------------------------------------------------------------------------------------------- inside

    def _invisible(self, k: int) -> Float[np.ndarray, "direction axis"]:
        """Orthonormal directions that the distribution of the next k symbols does not show."""
        return _null(self.steps(k), np.eye(self.dimension)) if k else np.eye(self.dimension)

    def _total(self, k: int) -> Float[np.ndarray, " word"]:
        return np.asarray(self.prior @ self._future(k))

    def _floor(self, k: int) -> float:
        return _RANK_TOL * float(np.linalg.norm(self.steps(k), 2))

    def _future(self, k: int) -> Float[np.ndarray, "target word"]:
        if k < 1:
            raise ValueError(f"a horizon is a number of symbols, at least 1; got {k}")
        if self.process.n_symbol**k > _MOST_WORDS:
            raise ValueError(
                f"there are {self.process.n_symbol**k} words of {k} symbols, more than {_MOST_WORDS}: take a shorter "
                "horizon"
            )
        if k not in self._futures:
            # beliefs that the coordinates do not tell apart have the same future, so any preimage will do
            reach = self._reachable
            self._futures[k] = np.linalg.pinv(reach @ self._of_states, rcond=_RANK_TOL) @ (
                reach @ future_map(self.process, k)
            )
        return self._futures[k]

    @cached_property
    def _futures(self) -> dict[int, np.ndarray]:
        return {}

    @cached_property
    def _of_states(self) -> np.ndarray:
        return self.future.of_states(self.process)

    @cached_property
    def _reachable(self) -> np.ndarray:
        return reachable_basis(self.process)


def belief_space(process: Source) -> BeliefSpace:
    """The space of beliefs of a process.

    Raises:
        ValueError: if every history leaves the same belief: there is nothing to move.
    """
    presentation = as_presentation(process)
    future = future_basis(presentation)
    if future.rank == 1:
        raise ValueError("every history of this process leaves the same belief: there is none to put in its place")
    of_states, reach = future.of_states(presentation), reachable_basis(presentation)
    # total probability as a linear function of the coordinates
    total = np.linalg.pinv(reach @ of_states, rcond=_RANK_TOL) @ (reach @ presentation.evaluate)
    axes = np.linalg.svd(total[None])[2][1:]
    return BeliefSpace(presentation, future, presentation.start @ of_states, axes)


def _null(steps: Float[np.ndarray, "axis word"], within: Float[np.ndarray, "row axis"]) -> Float[np.ndarray, "_ axis"]:
    """Orthonormal rows spanning the directions in the span of `within` that change none of the words."""
    left, singular, _ = np.linalg.svd(within @ steps)
    rank = int((singular > _RANK_TOL * np.linalg.norm(steps, 2)).sum())
    return np.asarray(left.T[rank:] @ within)
