"""Lyapunov exponents of the belief: how fast differences of beliefs shrink under the symbols, in bits per symbol.

Letters: f_x, p_x maps and their probabilities, v a difference of beliefs (v e = 0), h entropy rate, n number of states.
The derivative of f_x at eta is v -> (v T_x - (v T_x e) f_x(eta)) / p_x(eta), with determinant |det T_x| / p_x^n on the
plane, so that the n - 1 exponents add up to

    sum_i lambda_i = E log2 |det T_x| + n h.

With Lambda_1 = -h > Lambda_2 >= ... the exponents of products of the matrices, lambda_i = Lambda_{i+1} - Lambda_1.

A singular matrix takes away a direction for ever. The exponents that belong to directions that are lost are -inf.

Reference:
    Jurgens and Crutchfield, arXiv 2102.10487; Benettin and others, Meccanica 15, 9 (1980), for the method.
"""

from dataclasses import dataclass, replace
from math import inf

import numpy as np
from jaxtyping import Float

from compmech.blackwell.entropy import belief_entropies
from compmech.blackwell.estimate import Estimate
from compmech.blackwell.orbits import Orbits
from compmech.blackwell.system import BeliefSystem
from compmech.measures.interval import Bounds, exact

# A direction counts as lost when one step leaves less than this of it, in parts of the size of the step's terms.
_LOST = 1e-12

# Steps after which the directions are taken to have turned to where they belong, as a part of the orbits.
_TURNING = 0.2

# Multiplications spent on directions: of large systems fewer orbits are followed, though never fewer than this.
_MAX_PRODUCTS = 10**8
_FEWEST = 20

# Steps whose derivatives are held at a time, and symbols whose frequencies serve as controls.
_PIECE = 64
_SYMBOLS = 12


@dataclass(frozen=True, eq=False)
class Exponents:
    """The Lyapunov exponents of the belief, greatest first, in bits per symbol.

    Attributes:
        exponents: all n - 1 of them.
        deviations: by how much each orbit's mean deviates from the estimate, for the finite ones: what errors of
            functions of several exponents come from.
    """

    exponents: tuple[Estimate, ...]
    deviations: Float[np.ndarray, "seq finite"]

    @property
    def n_finite(self) -> int:
        """How many are not -inf."""
        return int(self.deviations.shape[1])


def determinant_sum(system: BeliefSystem, entropy_rate: Bounds) -> Bounds:
    """What the exponents add up to: E log2 |det T_x| + n h, in bits per symbol; -inf if a possible symbol's matrix is
    singular."""
    probability = system.branch(system.process.start[None])[1][0]
    possible = probability > 0
    logs = system.log2_determinants[possible]
    if np.isneginf(logs).any():
        return Bounds(-inf, -inf)
    mean, n = float(probability[possible] @ logs), system.n_state
    return Bounds(mean + n * entropy_rate.lower, mean + n * entropy_rate.upper)


def lyapunov_exponents(orbits: Orbits, entropy_rate: Estimate) -> Exponents:
    """Estimate all n - 1 exponents, using that their sum, the entropy rate and the symbols' frequencies are known.

    Where there is but one it is known from the determinants, to the precision of the entropy rate.

    Args:
        entropy_rate: of the process, in bits per symbol, as well as it is known.
    Example:
        >>> from compmech import zoo
        >>> from compmech.blackwell import mean_entropy, sample_orbits
        >>> orbits = sample_orbits(zoo.mess3(), 200, 200, rng=np.random.default_rng(0))
        >>> found = lyapunov_exponents(orbits, mean_entropy(orbits))
        >>> round(sum(exponent.value for exponent in found.exponents), 3)     # the sum is known
        -4.743
    """
    system = orbits.system
    known = determinant_sum(system, exact(entropy_rate.value)).lower
    orbits = _affordable(orbits)
    begin = int(_TURNING * orbits.n_time)
    logs = _stretchings(orbits)[begin:]
    lost = np.isneginf(logs[-1]).any(axis=1)
    mean = logs[:, ~lost].mean(axis=0).T
    controls = _controls(orbits, mean, known, entropy_rate.value, begin)
    value, deviation = _controlled(mean, controls)
    error = np.sqrt((deviation**2).sum(axis=0) / max(len(deviation) - 1, 1) / len(deviation))
    if system.n_state == 2:  # the sum is all there is
        error = error * 0.0 + 2 * entropy_rate.standard_error
    order = np.argsort(-value, kind="stable")
    estimates = [Estimate(float(value[i]), float(error[i])) for i in order]
    deviation = deviation[:, order]
    gone = [Estimate(-inf, 0.0)] * int(lost.sum())
    return Exponents(tuple(estimates + gone), deviation)


def _stretchings(orbits: Orbits) -> Float[np.ndarray, "time direction seq"]:
    """log2 of how much each step stretches what each direction adds to the ones before it; -inf once it is lost."""
    system = orbits.system
    d = system.n_state - 1
    frame = np.repeat(np.eye(d)[:, :, None], orbits.n_seq, axis=2)
    logs = np.empty((orbits.n_time, d, orbits.n_seq))
    for begin in range(0, orbits.n_time, _PIECE):
        for t, (step, size) in enumerate(zip(*_derivatives(orbits, begin, begin + _PIECE), strict=True), start=begin):
            frame = np.einsum("ias,abs->ibs", frame, step)
            frame, logs[t] = _orthonormal(frame, _LOST * size)
    return logs


def _derivatives(
    orbits: Orbits, begin: int, end: int
) -> tuple[Float[np.ndarray, "time tangent tangent seq"], Float[np.ndarray, "time seq"]]:
    """The derivatives of the maps along the orbits, in an orthonormal basis of the plane, and how large their terms
    are: rounding is to be held against that."""
    system = orbits.system
    plane, T, e = system.plane, system.T, system.process.evaluate
    x = orbits.symbols[:, begin:end]
    before, after = (orbits.beliefs[:, first : first + x.shape[1]] for first in (begin, begin + 1))
    turned = plane @ T @ plane.T
    seen = plane @ T @ e
    p = np.einsum("sti,sti->st", before, (T @ e)[x])
    moved = turned[x] - seen[x][:, :, :, None] * (after @ plane.T)[:, :, None]
    size = np.abs(T).max(axis=(1, 2))[x] / p
    return np.ascontiguousarray((moved / p[:, :, None, None]).transpose(1, 2, 3, 0)), size.T


def _orthonormal(
    frame: Float[np.ndarray, "direction tangent seq"], least: Float[np.ndarray, " seq"]
) -> tuple[Float[np.ndarray, "direction tangent seq"], Float[np.ndarray, "direction seq"]]:
    """Gram and Schmidt: the directions made orthonormal in order, and log2 of the length of what each adds.

    Directions that add no more than `least` become zero, with length 0, and are moved behind the others for good.
    """
    lengths = np.empty((len(frame), frame.shape[2]))
    for i, v in enumerate(frame):
        length = np.sqrt((v * v).sum(axis=0))
        gone = length <= least
        if gone.any():
            length[gone] = 0.0
            v[:, gone] = 0.0
        v /= np.where(gone, 1.0, length)
        lengths[i] = length
        for w in frame[i + 1 :]:
            w -= (v * w).sum(axis=0) * v
    lost = lengths == 0
    if (lost[:-1] & ~lost[1:]).any():
        order = np.argsort(lost, axis=0, kind="stable")
        frame = np.take_along_axis(frame, order[:, None], axis=0)
        lengths = np.take_along_axis(lengths, order, axis=0)
    with np.errstate(divide="ignore"):
        return frame, np.log2(lengths)


def _affordable(orbits: Orbits) -> Orbits:
    """The same orbits, or as many of them as can be followed in about a second."""
    each = orbits.n_time * (orbits.system.n_state - 1) ** 3
    kept = max(_FEWEST, _MAX_PRODUCTS // max(each, 1))
    if kept >= orbits.n_seq:
        return orbits
    return replace(orbits, beliefs=orbits.beliefs[:kept], symbols=orbits.symbols[:kept], history=orbits.history[:kept])


def _controls(
    orbits: Orbits, mean: Float[np.ndarray, "seq finite"], known: float, rate: float, begin: int
) -> Float[np.ndarray, "seq control"]:
    """Means over each orbit of quantities whose expectation is known, less that."""
    system = orbits.system
    symbols = orbits.symbols[:, begin:]
    columns = [belief_entropies(orbits)[:, begin:].mean(axis=1) - rate]
    probability = system.branch(system.process.start[None])[1][0]
    columns += [(symbols == x).mean(axis=1) - probability[x] for x in range(min(system.n_symbol, _SYMBOLS) - 1)]
    if mean.shape[1] == system.n_state - 1 and known > -inf:
        columns.append(mean.sum(axis=1) - known)
    return np.array(columns).T


def _controlled(
    values: Float[np.ndarray, "seq value"], controls: Float[np.ndarray, "seq control"]
) -> tuple[Float[np.ndarray, " value"], Float[np.ndarray, "seq value"]]:
    """Means corrected by regression on the controls, and each orbit's deviation from the regression."""
    centred = controls - controls.mean(axis=0)
    slope = np.linalg.lstsq(centred, values - values.mean(axis=0), rcond=1e-9)[0]
    corrected = values - controls @ slope
    value = corrected.mean(axis=0)
    return value, corrected - value
