"""Blocks that keep what neighbours have to do with each other: how long they should be, and series made of them.

Letters, of the reference: R(k), the autocovariance at lag k; m, the lag from which on it is negligible; M = 2 m, the
width of the flat-top window lambda; g = sum_k lambda(k/M) R(k), the spectral density at 0; and
G = sum_k lambda(k/M) |k| R(k).

Reference:
    Politis and Romano, Journal of the American Statistical Association 89, 1303 (1994), the stationary bootstrap;
    Politis and White, Econometric Reviews 23, 53 (2004), with the correction of Patton, Politis and White, Econometric
    Reviews 28, 372 (2009), the length of its blocks.
"""

from math import ceil, log10, sqrt

import numpy as np
from jaxtyping import Float, Int

from compmech.validation import check_rng

__all__ = ["block_length", "stationary_bootstrap"]


def block_length(values: Float[np.ndarray, "time series"]) -> float:
    """The mean length of blocks at which the stationary bootstrap of the means of these series errs least: the largest
    of those of the single series, at least 1.

    b = (G / g)^(2/3) n^(1/3), of one series. A constant one needs no blocks.
    """
    return max([1.0] + [_length_of(column) for column in values.T])


def _length_of(x: Float[np.ndarray, " time"]) -> float:
    n = len(x)
    run = max(5, ceil(sqrt(log10(n))))  # K_N of the reference
    most = min(n - 1, ceil(sqrt(n)) + run)
    R = _autocovariance(x, most)
    if not R[0] > 0:
        return 1.0
    small = np.abs(R[1:] / R[0]) < 2 * sqrt(log10(n) / n)
    runs = np.lib.stride_tricks.sliding_window_view(small, min(run, len(small))).all(axis=1)
    # where no run of lags is negligible, the last lag that is not
    m = max(int(np.argmax(runs)), 1) if runs.any() else int(np.flatnonzero(~small)[-1]) + 1
    k = np.arange(1, min(2 * m, most) + 1)
    window = np.minimum(1.0, 2 * (1 - k / (2 * m)))  # flat up to m, then falling to 0 at M
    g = R[0] + 2 * float(window @ R[k])
    G = 2 * float(window @ (k * R[k]))
    longest = ceil(min(3 * sqrt(n), n / 3))
    if g == 0:
        return float(longest)
    return float(min((G / g) ** 2 * n, longest**3) ** (1 / 3))


def _autocovariance(x: Float[np.ndarray, " time"], most: int) -> Float[np.ndarray, " lag"]:
    n = len(x)
    centred = x - x.mean()
    spectrum = np.fft.rfft(centred, 2 * n)
    return np.asarray(np.fft.irfft(np.abs(spectrum) ** 2)[: most + 1] / n)


def stationary_bootstrap(n_time: int, length: float, *, rng: np.random.Generator) -> Int[np.ndarray, " time"]:
    """The times of one resampled series: blocks begin anywhere, their lengths are geometric, and after the last time
    comes the first.

    Args:
        length: mean length of a block, at least 1.
    Raises:
        ValueError: if length is below 1.
    """
    check_rng(rng)
    if not length >= 1:
        raise ValueError(f"the mean length of blocks must be at least 1; got {length}")
    begins = rng.random(n_time) < 1 / length
    begins[0] = True
    block = np.cumsum(begins) - 1
    first = rng.integers(n_time, size=int(block[-1]) + 1)
    since = np.arange(n_time) - np.flatnonzero(begins)[block]
    return np.asarray((first[block] + since) % n_time)
