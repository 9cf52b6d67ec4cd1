"""All about the beliefs of a process with infinitely many causal states: `blackwell(process)` and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf, isinf
from types import MappingProxyType

import numpy as np

from compmech.blackwell.ambiguity import ambiguity_rate, not_invertible, singular
from compmech.blackwell.atoms import Atoms, atoms
from compmech.blackwell.dimension import dimension_estimate, lyapunov_dimension
from compmech.blackwell.entropy import mean_entropy
from compmech.blackwell.estimate import Estimate
from compmech.blackwell.lyapunov import Exponents, determinant_sum, lyapunov_exponents
from compmech.blackwell.orbits import Orbits, sample_orbits
from compmech.blackwell.scaling import (
    ScalingFit,
    box_counting_dimension,
    correlation_dimension,
    information_dimension,
)
from compmech.blackwell.separation import APART, POINTS, TOUCHING, UNPROVED, separation
from compmech.blackwell.system import BeliefSystem, belief_system
from compmech.hmm import HMM, AnyPresentation
from compmech.measures.block import short_block_entropies
from compmech.measures.interval import Bounds, between, exact
from compmech.measures.recent_words import rate_bounds
from compmech.plain import plain
from compmech.validation import check_count, check_rng

# Symbols drawn unless said otherwise, orbits they are spread over, and the least that makes sense.
_SYMBOLS = 200_000
_ORBITS = 400
_LEAST_SYMBOLS = 2000

# Of generalised processes: words of the longest blocks.
_BLOCK_LENGTH = 24
_BLOCK_WORDS = 2**16

Known = Bounds | Estimate | None


@dataclass(frozen=True, kw_only=True)
class Blackwell:
    """The Blackwell measure of an ergodic process: the stationary law of an observer's belief.

    Rates and exponents are in bits per symbol. A quantity is `Bounds` where it is certified (to lie between two
    numbers, or to be one), an `Estimate` where it was sampled or fitted, None where it was not computed; `how` says for
    each name which of these it is, and what it bounds.

    Attributes:
        entropy_rate: h, certified.
        mean_entropy: h as the mean of H[X | belief].
        lyapunov_exponents: all n - 1 of them, greatest first.
        exponent_sum: what they add up to, by the determinants.
        lyapunov_dimension: of the exponents and h.
        separation: whether the images of the beliefs under different symbols are apart; "points" where the beliefs are
            known to be countably many.
        ambiguity_rate: h_a, how much of the last symbol and the belief before it the belief after it leaves open.
        corrected_dimension: the Lyapunov dimension with h - h_a for h.
        information_dimension: D_1, fitted.
        correlation_dimension: D_2, fitted.
        box_counting_dimension: D_0, fitted.
        n_state: n, coordinates of a belief in the minimal realisation.
        n_symbols: symbols drawn after the burn-in; 0 where all follows without.
        burn_in: symbols of the burn-in of each orbit.
        fits: the fits of the last three, by name.
        how: how each is known.
    """

    entropy_rate: Bounds
    mean_entropy: Estimate
    lyapunov_exponents: tuple[Estimate | Bounds, ...]
    exponent_sum: Bounds
    lyapunov_dimension: Bounds | Estimate
    separation: str
    ambiguity_rate: Known
    corrected_dimension: Known
    information_dimension: Known
    correlation_dimension: Known
    box_counting_dimension: Known
    n_state: int
    n_symbols: int
    burn_in: int
    fits: Mapping[str, ScalingFit]
    how: Mapping[str, str]

    def to_dict(self) -> dict[str, object]:
        """All but the fits, in JSON types: {"value", "standard_error"}, {"lower", "upper"} or None; "inf", "-inf"."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self) if field.name != "fits"}


def blackwell(process: AnyPresentation, *, rng: np.random.Generator, n_symbols: int = _SYMBOLS) -> Blackwell:
    """Entropy rate, Lyapunov exponents and dimensions of the set of an observer's beliefs.

    The process is the stationary one that `process` settles into, in its minimal realisation. Where its causal states
    are finitely many, or have finite entropy, the dimensions are known to be 0. Where they are finitely many and an
    observer comes to know which one it is, all else follows too, and nothing is sampled.

    Args:
        n_symbols: symbols drawn in all after the burn-in, at least 2000; errors fall with its root.
    Raises:
        ValueError: if n_symbols is too small.
        NotErgodic: if the process can end in several closed classes: give one of them.
    Reference:
        Jurgens and Crutchfield, arXiv 2008.12886, arXiv 2102.10487, arXiv 2105.07294.
    Example:
        >>> from compmech import HMM
        >>> cantor = HMM([[[0.55, 0.0], [0.3, 0.15]], [[0.15, 0.3], [0.0, 0.55]]])
        >>> found = blackwell(cantor, rng=np.random.default_rng(0), n_symbols=20_000)
        >>> round(found.lyapunov_dimension.upper, 5), found.separation
        (0.61964, 'apart')
    """
    if check_count(n_symbols, "n_symbols") < _LEAST_SYMBOLS:
        raise ValueError(f"n_symbols must be >= {_LEAST_SYMBOLS}, for errors to mean anything; got {n_symbols}")
    check_rng(rng)
    system = belief_system(process)
    countable = atoms(system)
    if countable is not None and countable.is_told:
        return _of_told_points(system, countable)
    n_seq = min(_ORBITS, n_symbols // 100)
    orbits = sample_orbits(system, n_seq, n_symbols // n_seq, rng=rng)
    bounds = _certified(system) if countable is None or countable.entropy_rate is None else countable.entropy_rate
    mean = mean_entropy(orbits)
    rate = _best(bounds, mean)
    exponents = lyapunov_exponents(orbits, rate)
    apart = separation(system) if countable is None else POINTS
    total = determinant_sum(system, bounds)
    ambiguity, ambiguity_how = _ambiguity(orbits, bounds, apart, countable)
    dimension = _lyapunov_dimension(system, bounds, rate, exponents)
    scaling, scaling_how, fits = _scaling(orbits, countable)
    corrected, corrected_how = _corrected(system, dimension, rate, exponents, ambiguity, apart, countable)
    return Blackwell(
        entropy_rate=bounds,
        mean_entropy=mean,
        lyapunov_exponents=_exponents(exponents, total),
        exponent_sum=total,
        lyapunov_dimension=dimension,
        separation=apart,
        ambiguity_rate=ambiguity,
        corrected_dimension=corrected,
        n_state=system.n_state,
        n_symbols=n_seq * orbits.n_time,
        burn_in=orbits.burn_in,
        fits=MappingProxyType(fits),
        how=MappingProxyType(
            {
                "entropy_rate": "exact" if bounds.is_exact else "bounds, certified",
                "mean_entropy": f"estimate from {n_seq} orbits, too large by {orbits.remaining:.1e} at most for their "
                "start, on average",
                "lyapunov_exponents": _how_exponents(exponents, total),
                "exponent_sum": "bounds: mean of log2 |det T_x|, and n h",
                "lyapunov_dimension": _how_dimension(system, apart, countable),
                "separation": _how_separation(system, apart, countable),
                "ambiguity_rate": ambiguity_how,
                "corrected_dimension": corrected_how,
            }
            | scaling_how
        ),
        **scaling,
    )


def _of_told_points(system: BeliefSystem, points: Atoms) -> Blackwell:
    """All about finitely many beliefs, of which an observer comes to know which it holds: nothing is left to sample."""
    h = points.entropy_rate
    assert h is not None, "finitely many beliefs have an entropy rate"
    n_exponent = system.n_state - 1
    zero = f"exact: {points.reason}"
    lost = "exact: some word's matrix has rank one, which loses all directions for ever"
    how = {
        "entropy_rate": "exact",
        "mean_entropy": f"exact: it is h, and nothing was sampled, as {points.reason}",
        "lyapunov_exponents": lost if n_exponent else "exact: the belief never moves",
        "exponent_sum": "bounds: mean of log2 |det T_x|, and n h",
        "lyapunov_dimension": _how_dimension(system, POINTS, points),
        "separation": _how_separation(system, POINTS, points),
        "ambiguity_rate": f"equal to h: {points.reason}",
        "corrected_dimension": zero,
    }
    return Blackwell(
        entropy_rate=h,
        mean_entropy=Estimate(h.lower, 0.0),
        lyapunov_exponents=(exact(-inf),) * n_exponent,
        exponent_sum=determinant_sum(system, h),
        lyapunov_dimension=exact(0.0),
        separation=POINTS,
        ambiguity_rate=h,
        corrected_dimension=exact(0.0),
        information_dimension=exact(0.0),
        correlation_dimension=exact(0.0),
        box_counting_dimension=exact(0.0),
        n_state=system.n_state,
        n_symbols=0,
        burn_in=0,
        fits=MappingProxyType({}),
        how=MappingProxyType(how | dict.fromkeys(_FITS, zero)),
    )


def _how_separation(system: BeliefSystem, apart: str, countable: Atoms | None) -> str:
    why = singular(system)
    if countable is not None:
        many = "finitely" if countable.is_finite else "countably"
        words = f"the images are {many} many points: {countable.reason}"
        return words + (f". The maps are not invertible ({why}): a belief does not give its past away" if why else "")
    if apart == APART:
        known = "proved: planes lie strictly between the images, so the belief gives the "
        return known + (f"last symbol away, but not the belief before it: {why}" if why else "whole past away")
    if apart == TOUCHING:
        return "proved: planes divide the images, which touch: the open set condition holds"
    return "no proof found that the images are apart: they may overlap"


def _certified(system: BeliefSystem) -> Bounds:
    """Bounds of the entropy rate; only an upper one where no states are known that one can be in."""
    process = system.process
    hidden = process if isinstance(process, HMM) else system.hidden
    if hidden is not None:
        return rate_bounds(hidden.T, hidden.start)
    H = short_block_entropies(process, max_length=_BLOCK_LENGTH, max_words=_BLOCK_WORDS)
    return Bounds(0.0, between(H[-1] - H[-2], H[-1] - H[-2]).upper)


def _best(bounds: Bounds, mean: Estimate) -> Estimate:
    """The entropy rate as well as it is known: from the bounds where they are nearer than the sampling error."""
    half = (bounds.upper - bounds.lower) / 2
    if half <= mean.standard_error:
        return Estimate((bounds.lower + bounds.upper) / 2, half)
    return Estimate(min(max(mean.value, bounds.lower), bounds.upper), mean.standard_error)


def _exponents(exponents: Exponents, total: Bounds) -> tuple[Estimate | Bounds, ...]:
    """Exponents as they are known: a single one from the determinants, lost ones exactly."""
    if len(exponents.exponents) == 1:
        return (total if exponents.n_finite else exact(-inf),)
    return tuple(exact(-inf) if isinf(one.value) else one for one in exponents.exponents)


def _how_exponents(exponents: Exponents, total: Bounds) -> str:
    if not exponents.exponents:
        return "exact: the belief never moves"
    lost = len(exponents.exponents) - exponents.n_finite
    if len(exponents.exponents) == 1 and not lost:
        return "bounds: the mean of log2 |det T_x|, and 2 h"
    words = [f"{exponents.n_finite} estimated along the orbits"] if exponents.n_finite else []
    if exponents.n_finite and not isinf(total.lower):
        words.append("made to add up to exponent_sum")
    if lost:
        words.append(f"{lost} are -inf: singular matrices lose their directions for ever")
    return "; ".join(words)


def _lyapunov_dimension(
    system: BeliefSystem, bounds: Bounds, rate: Estimate, exponents: Exponents
) -> Bounds | Estimate:
    """d: between bounds where a single exponent follows from the entropy rate, of which d is an increasing function."""
    if exponents.n_finite == 0:
        return exact(0.0)
    if len(exponents.exponents) > 1:
        return dimension_estimate(rate, exponents)
    at = [determinant_sum(system, exact(h)).lower for h in (bounds.lower, bounds.upper)]
    ends = [lyapunov_dimension(h, [min(e, 0.0)]) for h, e in zip((bounds.lower, bounds.upper), at, strict=True)]
    return between(*ends).at_least(0.0)


def _how_dimension(system: BeliefSystem, apart: str, countable: Atoms | None) -> str:
    if countable is not None:
        return f"upper bound of the information dimension, which is 0: {countable.reason}"
    if apart == UNPROVED:
        return "upper bound of the information dimension: maps may overlap"
    if why := singular(system):
        return f"upper bound of the information dimension: {why}, and its map is not one-to-one"
    if system.n_state == 2:
        return "the information dimension: the maps are of one dimension and their images do not overlap"
    return (
        "upper bound of the information dimension: images do not overlap, and the two are equal unless the maps keep "
        "some direction, as those of independent parts do"
    )


def _ambiguity(orbits: Orbits, bounds: Bounds, apart: str, countable: Atoms | None) -> tuple[Known, str]:
    if countable is not None:
        return bounds, f"equal to h: {countable.reason}"
    why = not_invertible(orbits.system)
    if why:
        return None, f"not computed: {why}"
    if apart == APART:
        return exact(0.0), "exact: the belief gives the last symbol away"
    found = ambiguity_rate(orbits)
    if not found.by_length:
        return None, "not computed: rounding grows too fast on the way back"
    words = f"estimate from above, by words of {len(found.by_length)} symbols before each belief"
    if apart == TOUCHING:
        words += "; touching images share a set that has probability 0 as a rule"
    return found.rate, words


def _corrected(
    system: BeliefSystem,
    dimension: Bounds | Estimate,
    rate: Estimate,
    exponents: Exponents,
    ambiguity: Known,
    apart: str,
    countable: Atoms | None,
) -> tuple[Known, str]:
    """The Lyapunov dimension with h - h_a for h."""
    if countable is not None:
        return exact(0.0), f"exact: {countable.reason}"
    if apart == APART and ambiguity is not None:
        return dimension, "the Lyapunov dimension: nothing is ambiguous"
    if not isinstance(ambiguity, Estimate):
        return None, "not computed, as the ambiguity rate"
    growth = Estimate(
        max(rate.value - ambiguity.value, 0.0), float(np.hypot(rate.standard_error, ambiguity.standard_error))
    )
    what = "the information dimension is at least this" if system.n_state == 2 else "an approximation from below"
    return dimension_estimate(growth, exponents), f"estimate: h_a is estimated from above, so {what}"


_FITS = {
    "information_dimension": information_dimension,
    "correlation_dimension": correlation_dimension,
    "box_counting_dimension": box_counting_dimension,
}


def _scaling(orbits: Orbits, countable: Atoms | None) -> tuple[dict[str, Known], dict[str, str], dict[str, ScalingFit]]:
    """The three fitted dimensions: values, how each is known, and the fits."""
    values: dict[str, Known] = {}
    how: dict[str, str] = {}
    fits: dict[str, ScalingFit] = {}
    for name, fit_to in _FITS.items():
        if countable is not None and (countable.is_finite or name != "box_counting_dimension"):
            values[name], how[name] = exact(0.0), f"exact: {countable.reason}"
            continue
        fit = fit_to(orbits)
        if fit is None:
            values[name], how[name] = None, "not computed: too few sizes to fit a line to"
            continue
        values[name], fits[name] = fit.dimension, fit
        how[name] = (
            f"estimate: slope over sizes 2^{fit.log2_size[0]:.1f} .. 2^{fit.log2_size[-1]:.1f}; sampling error "
            f"{fit.sampling_error:.2g}, error of the fit {fit.fit_error:.2g}"
        )
    return values, how, fits
