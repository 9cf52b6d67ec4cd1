"""What of a hidden state can be known from words at all, and what only one presentation says.

Two beliefs with the same predictions of all words are the same to every observer. The differences of reachable beliefs
that no word tells apart are the unidentifiable directions; they exist in redundant presentations only.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from compmech.hmm import as_presentation
from compmech.spans import observable_basis, reachable_basis
from probes.history import Histories, Weighting
from probes.prefixes import Source
from probes.targets import Target, empty, residual, varying

__all__ = ["Identifiability", "identifiability", "unidentifiable_target"]

_TOL = 1e-9


@dataclass(frozen=True, eq=False)
class Identifiability:
    """What words tell of the hidden state of one presentation.

    Attributes:
        states: their names.
        dimension: of the identifiable part of the belief: the number of states of the minimal realisation.
        hidden: orthonormal columns spanning the differences of reachable beliefs that no word tells apart.
        identifiable: for each state whether its probability can be learned.
        groups: states that no word tells apart, together; a state that is unlike all others stands alone.
    """

    states: tuple[Hashable, ...]
    dimension: int
    hidden: Float[np.ndarray, "state hidden"]
    identifiable: tuple[bool, ...]
    groups: tuple[tuple[Hashable, ...], ...]

    @property
    def hidden_dimension(self) -> int:
        """How many dimensions of the belief no predictor can learn."""
        return int(self.hidden.shape[1])

    @property
    def report(self) -> str:
        """Both halves in words."""
        if not self.hidden_dimension:
            return (
                f"all {len(self.states)} state probabilities are identifiable ({self.dimension} dimensions of belief)"
            )
        unknown = [str(state) for state, known in zip(self.states, self.identifiable, strict=True) if not known]
        together = [" + ".join(map(str, group)) for group in self.groups if len(group) > 1]
        sums = f"; of states that no word tells apart only sums are: {', '.join(together)}" if together else ""
        return (
            f"{self.dimension} dimensions of belief are identifiable, {self.hidden_dimension} are not; the "
            f"probabilities of {', '.join(unknown)} cannot be learned from words{sums}"
        )


def identifiability(process: Source) -> Identifiability:
    """What of the belief over hidden states words can tell, for one presentation.

    Reference:
        Ito, Amari and Kobayashi, IEEE Transactions on Information Theory 38, 324 (1992).
    Example:
        >>> from compmech import zoo
        >>> from compmech.compose import redundant
        >>> identifiability(redundant(zoo.even(), [2, 1], [0.3, 0.7, 1.0])).identifiable
        (True, True, True)
        >>> from compmech.compose import random_shares
        >>> import numpy as np
        >>> shares = random_shares(zoo.even(), [2, 1], rng=np.random.default_rng(0))
        >>> identifiability(redundant(zoo.even(), [2, 1], shares)).identifiable
        (False, False, True)
    """
    presentation = as_presentation(process)
    reachable, told = reachable_basis(process), observable_basis(process)
    seen = reachable @ told.T  # what words tell of each reachable direction
    left, singular, _ = np.linalg.svd(seen)
    rank = int((singular > _TOL).sum())
    hidden = np.asarray((left[:, rank:].T @ reachable).T)
    profile = np.eye(presentation.n_state) @ told.T
    groups: list[list[int]] = []
    for state in range(presentation.n_state):
        same = next((group for group in groups if abs(profile[state] - profile[group[0]]).max() <= _TOL), None)
        if same is None:
            groups.append([state])
        else:
            same.append(state)
    names = presentation.states
    return Identifiability(
        names,
        rank,
        hidden,
        tuple(bool(norm <= _TOL) for norm in np.linalg.norm(hidden, axis=1)),
        tuple(tuple(names[state] for state in group) for group in groups),
    )


def unidentifiable_target(process: Source, histories: Histories, *, weighting: Weighting) -> Target:
    """The part of the state belief that no word tells, minus its best affine prediction from the part that words tell.

    A predictor has no reason to hold it, whatever its architecture: a probe that reads more of it than the best
    model-free baseline reads the probe's own cleverness, as the coordinate is a function of the history all the same.
    Empty, with the reason, where every state probability is identifiable.
    """
    found = identifiability(process)
    if not found.hidden_dimension:
        return empty("unidentifiable", histories, found.report)
    told = histories.belief @ observable_basis(process).T
    rest = residual(histories.belief @ found.hidden, told, histories.weight(weighting))
    return varying("unidentifiable", rest)
