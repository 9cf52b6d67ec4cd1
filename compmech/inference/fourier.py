"""Real values with the same distribution and power spectrum, and no other structure.

`aaft` makes the values normal by their ranks, turns the phases of their Fourier transform at random, and gives the
result the values of the data by ranks again, which whitens the spectrum a little. `iaaft` mends that: spectrum and
values are imposed in turn until the order of the values stays.

Reference:
    Theiler, Eubank, Longtin, Galdrikian and Farmer, Physica D 58, 77 (1992); Schreiber and Schmitz, Physical Review
    Letters 77, 635 (1996).
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import ndtri

from compmech.symbolise import real_row
from compmech.validation import check_rng

__all__ = ["aaft", "iaaft"]

ROUNDS = 200
"""Of spectrum and values in turn, at most; a thousand values are done in some dozens."""


def aaft(values: ArrayLike, *, rng: np.random.Generator) -> Float[np.ndarray, " time"]:
    """Amplitude-adjusted Fourier surrogate: the same values in another order.

    NaN stays where it is, and each stretch without one is taken by itself; one of fewer than four values is as it was.
    The ends of a stretch should be alike: the transform takes it to begin anew after its end.

    Raises:
        ValueError: if the values are not one row of numbers, one is infinite, or all are missing.
    """
    check_rng(rng)
    return _stretch_by_stretch(real_row(values), lambda x: _ranked(_turned(_normal(x, rng), rng), x))


def iaaft(values: ArrayLike, *, rng: np.random.Generator) -> Float[np.ndarray, " time"]:
    """Iterated amplitude-adjusted Fourier surrogate: the same values, and their spectrum as near as that allows.

    Stretches and errors are as for `aaft`.
    """
    check_rng(rng)

    def iterated(x: np.ndarray) -> np.ndarray:
        amplitude, found = np.abs(np.fft.rfft(x)), rng.permutation(x)
        for _ in range(ROUNDS):
            phase = np.angle(np.fft.rfft(found))
            again = _ranked(np.fft.irfft(amplitude * np.exp(1j * phase), len(x)), x)
            if np.array_equal(again, found):
                break
            found = again
        return found

    return _stretch_by_stretch(real_row(values), iterated)


def _stretch_by_stretch(x: np.ndarray, make: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Each stretch without a missing value by itself."""
    found = x.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[True], np.isnan(x), [True]])))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first >= 4:
            found[first:last] = make(x[first:last])
    return found


def _normal(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Normal numbers in the order of the values; equal values in random order."""
    order = np.lexsort((rng.random(len(x)), x))
    found = np.empty(len(x))
    found[order] = ndtri((np.arange(len(x)) + 0.5) / len(x))
    return found


def _turned(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every phase at random, but for that of the mean, and of the fastest alternation."""
    spectrum = np.fft.rfft(x)
    turn = np.exp(2j * np.pi * rng.random(len(spectrum)))
    turn[0] = 1.0
    if len(x) % 2 == 0:
        turn[-1] = 1.0
    return np.asarray(np.fft.irfft(spectrum * turn, len(x)))


def _ranked(shape: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values in the order of size of another row."""
    found = np.empty(len(values))
    found[np.argsort(shape, kind="stable")] = np.sort(values)
    return found
