"""How block entropies converge, mode by mode: the spectrum of the net matrix of the mixed states.

Letters: W, <delta|, |H> and |eta> as in `net`; W_lambda the projector on the invariant subspace of eigenvalue lambda,
on which W is a triangular block B, a = <delta| and c = |H> in its coordinates. With the eigenvalue 1 set apart,

    h_L = h + sum_{lambda != 1} a B^(L-1) c,                        h = <delta| W_1 |H>,
    E = <delta| (1 - W)^D |H> = sum_{lambda != 1} a (1 - B)^-1 c,    T = <delta| ((1 - W)^D)^2 |H>,
    S = <delta| (1 - W)^D |eta>,                                     D: the Drazin inverse.

A block of eigenvalue 0 and index k is nilpotent: it adds to h_1 .. h_k and to nothing later. Eigenvalues of modulus 1
other than 1 (periodic processes) add nothing, for h_L converges.

Reference:
    Riechers and Crutchfield, Chaos 28, 033115 and 033116 (2018), arXiv 1705.08042 and 1706.00883.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Complex, Float

from compmech.hmm import AnyPresentation
from compmech.measures.invariant import invariant_parts
from compmech.measures.net import MixedNet, mixed_net
from compmech.validation import check_count

# Mixed states up to which the spectrum is computed: some ten seconds.
MAX_STATES = 500

# Lengths at which the sum of the modes is held against the powers of W.
_CHECKED = 40


@dataclass(frozen=True, eq=False)
class Mode:
    """One eigenvalue of the net matrix of the mixed states, other than 1, and its part in the statistics.

    Parts are complex; those of conjugate eigenvalues are conjugate, and the sum over all modes is real.

    Attributes:
        eigenvalue: the mean of the eigenvalues in the block.
        multiplicity: algebraic.
        index: size of its largest Jordan block; None where the block holds several eigenvalues that rounding does not
            allow to separate.
        spread: how far those are from their mean; rounding alone where index is not None.
        excess_part: of E, in bits.
        transient_part: of T, in bits times symbols.
        synchronization_part: of S, in bits times symbols.
    """

    eigenvalue: complex
    multiplicity: int
    index: int | None
    spread: float
    excess_part: complex
    transient_part: complex
    synchronization_part: complex
    block: Complex[np.ndarray, "part part"]
    begin: Complex[np.ndarray, " part"]
    told: Complex[np.ndarray, " part"]

    def rate_part(self, length: int) -> complex:
        """Its part in h_L, in bits per symbol.

        Args:
            length: L >= 1.
        """
        power = np.linalg.matrix_power(self.block, _checked_length(length) - 1)
        return complex(self.begin @ power @ self.told)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The statistics of a process in closed form, and the modes they are made of. In bits, as in `Statistics`.

    Attributes:
        entropy_rate: h, the part of the eigenvalue 1.
        modes: the other eigenvalues, by decreasing modulus.
        excess_entropy: E, by a linear system rather than from the modes.
        transient_information: T, likewise.
        synchronization_information: S, likewise.
        n_mixed: number of mixed states, the dimension of the net matrix.
        n_ergodic: number of ergodic parts, the multiplicity of the eigenvalue 1.
        error: how far the sums over modes are from h_1 .. h_40, E, T and S computed without them, relative to those
            above 1. Parts of modes that are no larger are given as 0.
    """

    entropy_rate: float
    modes: tuple[Mode, ...]
    excess_entropy: float
    transient_information: float
    synchronization_information: float
    n_mixed: int
    n_ergodic: int
    error: float

    @property
    def eigenvalues(self) -> Complex[np.ndarray, " mode"]:
        """Those of the modes; 1 is left out."""
        return np.array([mode.eigenvalue for mode in self.modes], dtype=np.complex128)

    def rate(self, length: int) -> float:
        """h_L = H(L) - H(L-1) in bits per symbol, from the modes.

        Args:
            length: L >= 1.
        """
        length = _checked_length(length)
        return self.entropy_rate + float(sum(mode.rate_part(length) for mode in self.modes).real)


def spectrum(process: AnyPresentation, *, max_states: int = MAX_STATES) -> Spectrum:
    """The statistics of a process from the spectrum of the net matrix of its mixed states.

    Exact to rounding. Eigenvalues are told apart as far as that costs no more than some six digits; see `Mode.index`,
    and `Spectrum.error` for what the sum of the modes is worth.

    Args:
        process: stationary, with finitely many mixed states over its causal states.
        max_states: the most mixed states and causal states allowed.
    Raises:
        NotStationary: if the start is not stationary.
        NoFiniteEpsilonMachine: if there are not finitely many causal states, or more than `max_states`.
        NotClosed: if there are not finitely many mixed states, or more than `max_states`. For such processes
            `entropy_convergence` has h_L, `statistics` bounds of E, T and S, `power_spectrum` the modes of pairs of
            symbols, and `blackwell.blackwell` the exponents of the beliefs.
    Reference:
        Riechers and Crutchfield, arXiv 1705.08042, 1706.00883.
    Example:
        >>> from compmech import zoo
        >>> found = spectrum(zoo.even())
        >>> found.eigenvalues.real.round(6).tolist(), round(found.excess_entropy, 6)    # +-sqrt(1/2), -1/2
        ([0.707107, -0.707107, -0.5], 0.918296)
    """
    net = mixed_net(process, max_states=max_states)
    begin = np.zeros(len(net.W))
    begin[0] = 1.0
    told = np.stack([net.symbol_uncertainty, net.state_uncertainty], axis=1)
    settled = net.ending @ (net.resting @ told)
    modes = tuple(_modes(net, begin, told - settled))
    rate = float(settled[0, 0])
    E, T, S = _totals(net, told - settled)
    error = _error(net, rate, modes, (E, T, S))
    modes = tuple(_without_rounding(mode, error) for mode in modes)
    return Spectrum(
        entropy_rate=rate,
        modes=modes,
        excess_entropy=E,
        transient_information=T,
        synchronization_information=S,
        n_mixed=len(net.W),
        n_ergodic=len(net.classes),
        error=max(error, _error(net, rate, modes, (E, T, S))),
    )


def _modes(net: MixedNet, begin: Float[np.ndarray, " mixed"], unsettled: Float[np.ndarray, "mixed 2"]) -> list[Mode]:
    """The parts of W on the complement of its eigenvectors for 1, which are known without rounding to speak of."""
    n_class = len(net.classes)
    whole, _ = np.linalg.qr(net.resting.T, mode="complete")
    basis = whole[:, n_class:]  # W maps the vectors that `resting` does not see to such
    onto = basis.T @ (np.eye(len(net.W)) - net.ending @ net.resting)
    found = []
    for part in invariant_parts(onto @ net.W @ basis):
        a = begin @ basis @ part.right
        c = part.left @ onto @ unsettled
        once = np.linalg.solve(np.eye(len(a)) - part.block, c)
        twice = np.linalg.solve(np.eye(len(a)) - part.block, once)
        found.append(
            Mode(
                eigenvalue=part.eigenvalue,
                multiplicity=len(a),
                index=part.index,
                spread=part.spread,
                excess_part=complex(a @ once[:, 0]),
                transient_part=complex(a @ twice[:, 0]),
                synchronization_part=complex(a @ once[:, 1]),
                block=part.block,
                begin=a,
                told=c[:, 0],
            )
        )
    return found


def _without_rounding(mode: Mode, error: float) -> Mode:
    """The mode with 0 for what is no larger in its parts than the error of all modes together."""

    def cleared(part: complex) -> complex:
        return complex(*(value if abs(value) > error else 0.0 for value in (part.real, part.imag)))

    return replace(
        mode,
        excess_part=cleared(mode.excess_part),
        transient_part=cleared(mode.transient_part),
        synchronization_part=cleared(mode.synchronization_part),
    )


def _totals(net: MixedNet, unsettled: Float[np.ndarray, "mixed 2"]) -> tuple[float, float, float]:
    """E, T and S by (1 - W)^D, which is (1 - W + W_1)^-1 on vectors that W_1 sends to zero."""
    system = np.eye(len(net.W)) - net.W + net.ending @ net.resting
    once = np.linalg.solve(system, unsettled)
    twice = np.linalg.solve(system, once[:, 0])
    return float(once[0, 0]), float(twice[0]), float(once[0, 1])


def _error(net: MixedNet, rate: float, modes: tuple[Mode, ...], totals: tuple[float, float, float]) -> float:
    weight = np.zeros(len(net.W))
    weight[0] = 1.0
    worst = 0.0
    moved = [mode.begin for mode in modes]
    for _ in range(_CHECKED):
        parts = sum(complex(a @ mode.told) for a, mode in zip(moved, modes, strict=True))
        worst = max(worst, abs(rate + parts - float(weight @ net.symbol_uncertainty)))
        weight = weight @ net.W
        moved = [a @ mode.block for a, mode in zip(moved, modes, strict=True)]
    sums = (
        sum(mode.excess_part for mode in modes),
        sum(mode.transient_part for mode in modes),
        sum(mode.synchronization_part for mode in modes),
    )
    return max(worst, *(abs(got - total) / max(1.0, abs(total)) for got, total in zip(sums, totals, strict=True)))


def _checked_length(length: int) -> int:
    if check_count(length, "length") < 1:
        raise ValueError(f"length must be >= 1, for h_1 = H(1) is the first; got {length}")
    return int(length)
