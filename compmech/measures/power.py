"""Autocorrelation and power spectrum of a number attached to each symbol.

Letters: f(x) the number; Omega = sum_x f(x) T_x, Omega* with f(x)*; gamma(tau) = <f(X_0)* f(X_tau)>. For tau >= 1

    gamma(tau) = pi Omega* A^(tau-1) Omega 1 = sum_{|lambda| = 1} c_lambda lambda^tau + what decays,
    c_lambda = pi Omega* A_lambda Omega 1 / lambda,

A_lambda the projector of A for lambda. The power spectral density, gamma(tau) = integral P(w) e^{i w tau} dw / 2 pi
over a turn, is a sum of lines and of a continuous part:

    P(w) = 2 pi sum_lambda c_lambda delta(w - arg lambda) + P_c(w),
    P_c(w) = gamma_c(0) + 2 Re [pi Omega* (e^{i w} - A Q)^-1 Q Omega 1],

Q = 1 - sum A_lambda and gamma_c = gamma less the lines. The line at w = 0 is the power of the mean, |<f>|^2 for an
ergodic process; other lines come of periods. The states need not be causal: any presentation serves.

Reference:
    Riechers and Crutchfield, Phys. Rev. Research 3, 013170 (2021), "Fraudulent white noise"; Riechers and Crutchfield,
    AIP Advances 8, 065305 (2018), "Beyond the spectral theorem".
"""

from dataclasses import dataclass
from math import pi as PI

import numpy as np
from jaxtyping import Complex, Float
from numpy.typing import ArrayLike

from compmech.causal_states import ergodic_parts
from compmech.graph import period
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.minimal import minimal
from compmech.stationarity import as_stationary
from compmech.validation import check_count, frozen

# Eigenvalues of a GHMM nearer to the unit circle than this count as on it, and equal ones as one.
_ON_CIRCLE = 1e-9

# Lines with less power than this, in units of the greatest |f|^2, are rounding.
_NO_POWER = 1e-13

# Numbers held at once while frequencies are solved for.
_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Line:
    """One line of a power spectrum: the delta function 2 pi power delta(w - frequency).

    Attributes:
        frequency: in radians per symbol, in (-pi, pi].
        power: the part of <|f|^2> in this line.
    """

    frequency: float
    power: float


@dataclass(frozen=True, eq=False)
class PowerSpectrum:
    """The power spectral density of a function of the symbols.

    Attributes:
        lines: by frequency; those of no power left out.
        total: <|f|^2>, the power of all lines and of the continuous part together.
    """

    lines: tuple[Line, ...]
    total: float
    _decaying: Float[np.ndarray, "state state"] | Complex[np.ndarray, "state state"]
    _left: Complex[np.ndarray, " state"]
    _right: Complex[np.ndarray, " state"]

    @property
    def continuous_power(self) -> float:
        """The part of <|f|^2> that is in no line: gamma_c(0)."""
        return self.total - sum(line.power for line in self.lines)

    def continuous(self, frequencies: ArrayLike) -> Float[np.ndarray, " frequency"]:
        """The continuous part P_c at each frequency, in radians per symbol; its mean over a turn is `continuous_power`.

        Raises:
            ValueError: if the frequencies are not a list of finite numbers.
        """
        w = np.asarray(frequencies, dtype=np.float64)
        if w.ndim != 1 or not np.isfinite(w).all():
            raise ValueError(f"frequencies must be a list of finite numbers, in radians; got shape {w.shape}")
        n_state = len(self._left)
        found = np.empty(len(w))
        step = max(1, _AT_ONCE // n_state**2)
        for first in range(0, len(w), step):
            z = np.exp(1j * w[first : first + step])
            system = z[:, None, None] * np.eye(n_state) - self._decaying
            solved = np.linalg.solve(system, np.broadcast_to(self._right[:, None], (len(z), n_state, 1)))
            found[first : first + step] = 2 * (self._left @ solved[:, :, 0].T).real
        return self.continuous_power + found


def autocorrelation(process: AnyPresentation, values: ArrayLike, length: int) -> Complex[np.ndarray, " lag"]:
    """gamma(tau) = <f(X_0)* f(X_tau)> for tau = 0, 1, ..., length. Its imaginary part is 0 where the values are real.

    Args:
        process: stationary.
        values: f of each symbol, in the order of the alphabet; real or complex.
        length: the greatest lag.
    Raises:
        ValueError: if there is not one finite number for each symbol, or the length is negative.
        NotStationary: if the start is not stationary.
    Example:
        >>> from compmech import zoo
        >>> autocorrelation(zoo.golden_mean(), [0, 1], 3).real.round(6).tolist()      # no 11: gamma(1) = 0
        [0.333333, 0.0, 0.166667, 0.083333]
    """
    presentation, f = as_stationary(process), _checked_values(process, values)
    left, right, total = _ends(presentation, f)
    found = np.empty(check_count(length, "length") + 1, dtype=np.complex128)
    found[0] = total
    for lag in range(1, len(found)):
        found[lag] = left @ right
        right = presentation.A @ right
    return found


def power_spectrum(process: AnyPresentation, values: ArrayLike) -> PowerSpectrum:
    """The power spectral density of a function of the symbols: its lines exactly, and its continuous part anywhere.

    Args:
        process: stationary; mixtures of ergodic processes are allowed.
        values: f of each symbol, in the order of the alphabet; real or complex.
    Raises:
        ValueError: if there is not one finite number for each symbol.
        NotStationary: if the start is not stationary.
    Example:
        >>> from compmech import zoo
        >>> found = power_spectrum(zoo.golden_mean(), [0, 1])
        >>> [(line.frequency, round(line.power, 6)) for line in found.lines]      # the mean, 1/3, squared
        [(0.0, 0.111111)]
        >>> found.continuous([0.0, np.pi]).round(6).tolist()
        [0.074074, 0.666667]
    """
    presentation, f = as_stationary(process), _checked_values(process, values)
    presentation, projectors = _projectors(presentation)
    left, right, total = _ends(presentation, f)
    lines = []
    rest = np.eye(presentation.n_state, dtype=np.complex128)
    for value, onto in projectors:
        rest -= onto
        lines.append(Line(float(np.angle(value)), float((left @ onto @ right / value).real)))
    rounding = _NO_POWER * float(np.abs(f).max()) ** 2
    kept = sorted((line for line in lines if line.power > rounding), key=lambda line: line.frequency)
    return PowerSpectrum(
        lines=tuple(kept),
        total=total,
        _decaying=frozen(presentation.A @ rest),
        _left=frozen(left),
        _right=frozen(rest @ right),
    )


def _checked_values(process: AnyPresentation, values: ArrayLike) -> Complex[np.ndarray, " symbol"]:
    f = np.asarray(values)
    n_symbol = as_stationary(process).n_symbol
    if f.shape != (n_symbol,) or f.dtype.kind not in "biufc":
        raise ValueError(
            f"values must be one number for each of the {n_symbol} symbols, in the order of the alphabet; "
            f"got shape {f.shape} of {f.dtype}"
        )
    if not np.isfinite(f).all():
        raise ValueError(f"values must be finite; got {f[~np.isfinite(f)][0]}")
    return f.astype(np.complex128)


def _ends(
    process: HMM | GHMM, f: Complex[np.ndarray, " symbol"]
) -> tuple[Complex[np.ndarray, " state"], Complex[np.ndarray, " state"], float]:
    """pi Omega*, Omega 1 and <|f|^2>."""
    left = np.einsum("x,i,xij->j", f.conj(), process.start, process.T)
    right = np.einsum("x,xij,j->i", f, process.T, process.evaluate)
    total = float(np.abs(f) ** 2 @ (process.start @ process.emission))
    return left, right, total


def _projectors(
    process: HMM | GHMM,
) -> tuple[HMM | GHMM, list[tuple[complex, Complex[np.ndarray, "state state"]]]]:
    """A presentation without transient states, and its eigenvalues of modulus 1 with their projectors."""
    if isinstance(process, GHMM):
        return _signed_projectors(minimal(process))
    parts = ergodic_parts(process)
    n_state = sum(part.n_state for part, _ in parts)
    T = np.zeros((process.n_symbol, n_state, n_state))
    start = np.zeros(n_state)
    found: list[tuple[complex, np.ndarray]] = []
    first = 0
    for part, weight in parts:
        inside = slice(first, first + part.n_state)
        T[:, inside, inside] = part.T
        start[inside] = weight * part.start
        for value, onto in _turns(part):
            whole = np.zeros((n_state, n_state), dtype=np.complex128)
            whole[inside, inside] = onto
            found.append((value, whole))
        first += part.n_state
    return HMM(T, start=start, alphabet=process.alphabet), _joined(found)


def _joined(found: list[tuple[complex, np.ndarray]]) -> list[tuple[complex, np.ndarray]]:
    """Projectors of one eigenvalue in several ergodic parts, added."""
    by_angle: dict[float, tuple[complex, np.ndarray]] = {}
    for value, onto in found:
        angle = round(float(np.angle(value)), 9)
        by_angle[angle] = (value, onto + by_angle[angle][1]) if angle in by_angle else (value, onto)
    return list(by_angle.values())


def _turns(part: HMM) -> list[tuple[complex, Complex[np.ndarray, "state state"]]]:
    """The p-th roots of unity of an ergodic chain of period p, with their projectors: right eigenvector lambda^phase,
    left one pi lambda^-phase, the phase of a state being the number of steps to it."""
    source, target = np.nonzero(part.A)
    p = period(source, target, np.arange(part.n_state))
    phase = np.full(part.n_state, -1)
    phase[0] = 0
    while (phase < 0).any():
        known = phase[source] >= 0
        phase[target[known]] = (phase[source[known]] + 1) % p
    turns = []
    for k in range(p):
        angle = 2 * PI * (k if 2 * k <= p else k - p) / p
        right = np.exp(1j * angle * phase)
        turns.append((complex(np.exp(1j * angle)), np.outer(right, part.start * right.conj())))
    return turns


def _signed_projectors(
    process: HMM | GHMM,
) -> tuple[HMM | GHMM, list[tuple[complex, Complex[np.ndarray, "state state"]]]]:
    """The same for signed matrices, from their eigenvectors: those of modulus 1 have index 1 in a minimal realisation,
    or words would not have bounded probabilities."""
    values, right = np.linalg.eig(process.A.astype(np.complex128))
    left = np.linalg.inv(right)
    found = []
    for k in np.flatnonzero(np.abs(values) > 1 - _ON_CIRCLE):
        value = values[k] / abs(values[k])
        value = 1.0 + 0j if abs(value - 1) < _ON_CIRCLE else -1.0 + 0j if abs(value + 1) < _ON_CIRCLE else value
        found.append((complex(value), np.outer(right[:, k], left[k])))
    return process, _joined(found)
