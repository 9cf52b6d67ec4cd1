"""What the state of a presentation holds: excess entropy, crypticity, oracular and gauge information.

Given the state R_0 of a presentation past and future are independent, so that its entropy has four parts:

    H[R_0] = E + chi + zeta + phi,
    chi  = I[R_0; past | future]     crypticity: what the past tells of the state and the future does not show,
    zeta = I[R_0; future | past]     oracular: what the state tells of the future and no past can,
    phi  = H[R_0 | past, future]     gauge: what neither tells, a free choice of the presentation.

Letters: l_i = P(R_0 = i, what is known of the past), r_i = P(R_0 = i, what is known of the future). Then
P(R_0 = i, both known) = l_i r_i / pi_i. Of an epsilon-machine zeta = phi = 0, chi is the crypticity and H[R_0] = C.

Reference:
    Crutchfield, Ellison, James and Mahoney, Chaos 20, 037105 (2010), arXiv 1007.5354;
    James, Mahoney, Ellison and Crutchfield, Phys. Rev. E 89, 042135 (2014), arXiv 1010.5545.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float

from compmech.causal_states import ergodic_parts
from compmech.hmm import HMM, AnyPresentation
from compmech.measures.beliefs import settled_beliefs
from compmech.measures.contexts import contexts
from compmech.measures.findings import Quantity
from compmech.measures.interval import Bounds, between, entropy, exact, surprise
from compmech.measures.retrodiction import reversed_matrices
from compmech.minimal import equal_futures, equivalent
from compmech.stationarity import as_stationary

# Beliefs of either side that are explored, and numbers in the words that bound what they say where there are more.
_MAX_BELIEFS = 300
_NUMBERS_PER_SIDE = 3000

_ANYTHING = Bounds(0.0, inf)

# Numbers held at once while all pairs of past and future are gone through.
_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class PresentationInformation:
    """What the state of a stationary presentation holds, in bits; they sum to `state_information`.

    Numbers are exact to rounding, `Bounds` certified.

    Attributes:
        state_information: H[R_0], the entropy of the state.
        excess_entropy: E = I[past; future], the same for all presentations of a process.
        crypticity: chi = I[R_0; past | future].
        oracular_information: zeta = I[R_0; future | past].
        gauge_information: phi = H[R_0 | past, future].
    """

    state_information: float
    excess_entropy: Quantity
    crypticity: Quantity
    oracular_information: Quantity
    gauge_information: Quantity


def presentation_information(process: AnyPresentation) -> PresentationInformation:
    """How the entropy of a presentation's state is made up.

    Exact where the beliefs over the states given the whole past, and those given the whole future, are finitely many;
    certified bounds where they are not. Equal ergodic parts side by side are taken as one process whose part is gauge.

    Args:
        process: stationary, unifilar or not, minimal or not.
    Raises:
        ValueError: if it is a GHMM, which has no states that it could be in.
        NotStationary: if the start is not stationary.
    Example:
        >>> from compmech import HMM
        >>> coin = HMM([[[0.25, 0.25], [0.25, 0.25]], [[0.25, 0.25], [0.25, 0.25]]])     # states that do nothing
        >>> presentation_information(coin).gauge_information
        1.0
    """
    presentation = as_stationary(process)
    if not isinstance(presentation, HMM):
        raise ValueError(
            "the information held by states needs states that one can be in: give an HMM or an EpsilonMachine; "
            f"got {presentation!r}"
        )
    groups = _groups(presentation)
    weights = np.array([weight for _, weight in groups])
    apart = exact(float(entropy(weights)))  # which process it is, known from the past and from the future
    E, chi, zeta, phi = apart, exact(0.0), exact(0.0), exact(0.0)
    for group, weight in groups:
        parts = _ergodic(group)
        E, chi, zeta, phi = (
            total + _times(weight, part) for total, part in zip((E, chi, zeta, phi), parts, strict=True)
        )
    return PresentationInformation(
        state_information=float(entropy(presentation.start)),
        excess_entropy=_plain(E),
        crypticity=_plain(chi),
        oracular_information=_plain(zeta),
        gauge_information=_plain(phi),
    )


def _plain(value: Bounds) -> Quantity:
    return value.lower if value.is_exact else value


def _times(weight: float, value: Bounds) -> Bounds:
    return Bounds(weight * value.lower, weight * value.upper)


def _groups(process: HMM) -> list[tuple[HMM, float]]:
    """The ergodic parts, equal processes together, each group with its probability."""
    groups: list[list[tuple[HMM, float]]] = []
    for part, weight in ergodic_parts(process):
        for group in groups:
            if equivalent(group[0][0], part):
                group.append((part, weight))
                break
        else:
            groups.append([(part, weight)])
    return [_side_by_side(group) for group in groups]


def _side_by_side(parts: list[tuple[HMM, float]]) -> tuple[HMM, float]:
    total = sum(weight for _, weight in parts)
    n_state = sum(part.n_state for part, _ in parts)
    T = np.zeros((parts[0][0].n_symbol, n_state, n_state))
    first = 0
    for part, _ in parts:
        inside = slice(first, first + part.n_state)
        T[:, inside, inside] = part.T
        first += part.n_state
    start = np.concatenate([weight / total * part.start for part, weight in parts])
    return HMM(T, start=start, alphabet=parts[0][0].alphabet), total


def _ergodic(process: HMM) -> tuple[Bounds, Bounds, Bounds, Bounds]:
    """E, chi, zeta and phi of one ergodic process."""
    pi = process.start
    backward = reversed_matrices(process.T, pi)
    backward = backward / backward.sum(axis=(0, 2))[None, :, None]
    past, future = _side(process), _side(HMM(backward, start=pi, alphabet=process.alphabet))
    whole = exact(float(entropy(pi)))
    u, v = past.uncertainty, future.uncertainty
    phi = _gauge(past, future, pi)
    E = (whole - u - v + phi).meet(past.shared).meet(future.shared)
    phi = phi.meet(E - whole + u + v)
    chi = (v - phi).meet(whole - E - u)
    zeta = (u - phi).meet(whole - E - v)
    return _not_negative(E), _not_negative(chi), _not_negative(zeta), _not_negative(phi)


def _not_negative(value: Bounds) -> Bounds:
    return value if value.is_exact else value.at_least(0.0)


@dataclass(frozen=True, eq=False)
class _Side:
    """What one side of time tells of the state between them.

    Attributes:
        uncertainty: H[R_0 | this side].
        shared: E, as far as this side alone shows it.
        least: P(R_0, what is known), a row for everything that may be known, with what this side does not tell
            added where the side is not known exactly.
        most: the same with less than the whole side known.
    """

    uncertainty: Bounds
    shared: Bounds
    least: Float[np.ndarray, "row state"]
    most: Float[np.ndarray, "word state"]

    @property
    def tells_all(self) -> bool:
        """Whether the state is a function of this side."""
        return self.uncertainty.is_exact and bool((np.count_nonzero(self.most, axis=1) == 1).all())


def _side(process: HMM) -> _Side:
    """What the past of a process tells of its state."""
    pi = process.start
    if process.is_unifilar and len(np.unique(equal_futures(process))) == process.n_state:
        return _Side(exact(0.0), _ANYTHING, np.diag(pi), np.diag(pi))  # causal states, which pasts determine
    found = settled_beliefs(process, max_states=_MAX_BELIEFS)
    if found is not None:
        rows = found.probability[:, None] * found.rows
        return _Side(exact(found.uncertainty), _ANYTHING, rows, rows)
    near = contexts(process.T, pi, max_numbers=_NUMBERS_PER_SIDE)
    far = contexts(process.T, pi)
    rows = near.joint.reshape(-1, process.n_state)
    return _Side(far.uncertainty, far.excess_entropy, rows, near.joint.sum(axis=1))


def _gauge(past: _Side, future: _Side, pi: Float[np.ndarray, " state"]) -> Bounds:
    """H[R_0 | past, future]."""
    if past.tells_all or future.tells_all:
        return exact(0.0)
    upper = _left_open(past.most, future.most, pi)
    if past.uncertainty.is_exact and future.uncertainty.is_exact:
        return exact(upper)
    return between(_left_open(past.least, future.least, pi), upper).at_least(0.0)


def _left_open(
    past: Float[np.ndarray, "left state"], future: Float[np.ndarray, "right state"], pi: Float[np.ndarray, " state"]
) -> float:
    """H[R_0 | both known] in bits."""
    step = max(1, _AT_ONCE // future.size)
    total = 0.0
    for first in range(0, len(past), step):
        joint = past[first : first + step, None, :] * (future / pi)[None]
        total += float((entropy(joint) - surprise(joint.sum(axis=-1))).sum())
    return total
