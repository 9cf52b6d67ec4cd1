"""Weighted second moments of features and targets, kept by block of rows: everything that a ridge fit needs of its
data.

Glossary. x: features (width); y: targets; w: weight of a row; C = E[(x - mean)(x - mean)'], the weighted covariance;
e, V: eigenvalues and eigenvectors of C; B: coefficients. Moments add, so the fit that leaves out any folds is made
from a sum of blocks, never from the rows again, and one eigendecomposition serves every penalty and every target.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int, Num

# A chunk of rows is converted to float64 and multiplied at once: about 8 MB, which stays in cache.
_CHUNK_VALUES = 2**20
# Eigenvalues of a Gram matrix are known to about eps * width * (the largest), so no direction weaker than that is
# counted.
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Moments:
    """Sums over rows of 1, w, w x, w y, w x x', w x y' and w y^2, about an origin that all blocks share."""

    rows: int
    w: float
    x: Float[np.ndarray, " width"]
    y: Float[np.ndarray, " target"]
    xx: Float[np.ndarray, "width width"]
    xy: Float[np.ndarray, "width target"]
    yy: Float[np.ndarray, " target"]

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.rows + other.rows,
            self.w + other.w,
            self.x + other.x,
            self.y + other.y,
            self.xx + other.xx,
            self.xy + other.xy,
            self.yy + other.yy,
        )


@dataclass(frozen=True)
class Blocks:
    """Moments of every block of rows, and the origin (x0, y0) about which they were taken."""

    parts: tuple[Moments, ...]
    x0: Float[np.ndarray, " width"]
    y0: Float[np.ndarray, " target"]

    def total(self, blocks: Iterable[int]) -> Moments:
        """The moments of several blocks together. Sums only: subtracting a heavy block would cost digits."""
        return reduce(Moments.__add__, (self.parts[block] for block in blocks))


def block_moments(
    X: Num[np.ndarray, "row width"],
    Y: Float[np.ndarray, "row target"],
    weight: Float[np.ndarray, " row"],
    block: Int[np.ndarray, " row"],
    n_block: int,
) -> Blocks:
    """Moments of each block 0 .. n_block-1 in one pass over the rows, in float64 whatever the type of X."""
    width, n_target = X.shape[1], Y.shape[1]
    # any origin near the data keeps the digits; the mean of about a thousand evenly spaced rows is near enough
    spaced = slice(None, None, max(1, len(X) // 1024))
    x0 = X[spaced].mean(axis=0, dtype=np.float64) if len(X) else np.zeros(width)
    y0 = Y[spaced].mean(axis=0) if len(Y) else np.zeros(n_target)
    order = np.argsort(block, kind="stable")
    edges = np.searchsorted(block[order], np.arange(n_block + 1))
    size = max(256, _CHUNK_VALUES // max(1, width))
    parts = []
    for start, stop in pairwise(edges):
        rows = order[start:stop]
        chunks = [rows[i : i + size] for i in range(0, len(rows), size)] or [rows]
        parts.append(reduce(Moments.__add__, (_moments(X[c] - x0, Y[c] - y0, weight[c]) for c in chunks)))
    return Blocks(tuple(parts), x0, y0)


def _moments(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> Moments:
    root = np.sqrt(w)[:, None]
    x_root, y_root = root * x, root * y
    xx, xy = x_root.T @ x_root, x_root.T @ y_root  # NumPy sends A.T @ A to the symmetric product
    return Moments(len(w), float(w.sum()), w @ x, w @ y, xx, xy, np.einsum("ij,ij->j", y_root, y_root))


@dataclass(frozen=True)
class Spectrum:
    """The eigendecomposition of one training set: ridge coefficients for any penalty and all targets follow from it.

    Attributes:
        x, y: weighted means, from the origin of the blocks.
        e, V: eigenvalues (ascending) and eigenvectors of the weighted covariance of the features.
        c: V' times the weighted covariance of features and targets.
        rows: the number of rows in training.
        rank: the number of eigenvalues above eps * width * (the largest).
    """

    x: Float[np.ndarray, " width"]
    y: Float[np.ndarray, " target"]
    e: Float[np.ndarray, " width"]
    V: Float[np.ndarray, "width width"]
    c: Float[np.ndarray, "width target"]
    rows: int
    rank: int

    def coefficients(self, penalties: Float[np.ndarray, " target"]) -> Float[np.ndarray, "width target"]:
        """B = (C + penalty * trace(C)/width)^-1 Cov(x, y), a penalty for each target column; 0: the pseudoinverse."""
        return np.asarray(self.V @ (self._shrunk(penalties) * self.c))

    def all_coefficients(self, penalties: Float[np.ndarray, " penalty"]) -> Float[np.ndarray, "width penalty target"]:
        """The same for each penalty and every target column."""
        scaled = self._shrunk(penalties)[:, :, None] * self.c[:, None, :]
        width, n_penalty, n_target = scaled.shape
        return np.asarray((self.V @ scaled.reshape(width, -1)).reshape(width, n_penalty, n_target))

    def _shrunk(self, penalties: Float[np.ndarray, " penalty"]) -> Float[np.ndarray, "width penalty"]:
        """1 / (e + penalty * mean e) within the numerical rank, 0 beyond it."""
        mean = self.e.mean() if len(self.e) else 0.0
        beyond = len(self.e) - self.rank
        shrunk = np.zeros((len(self.e), len(penalties)))
        shrunk[beyond:] = 1.0 / (self.e[beyond:, None] + penalties * mean)
        return shrunk


def spectrum(m: Moments) -> Spectrum:
    """The eigendecomposition of the centred weighted covariance in `m`."""
    x, y = m.x / m.w, m.y / m.w
    C = m.xx / m.w - np.outer(x, x)
    e, V = np.linalg.eigh(C)
    # relative to the uncentred second moment: centring cancels digits down to that scale
    floor = _EPS * len(e) * float(np.max(np.diagonal(m.xx) / m.w, initial=0.0))
    rank = int((e > max(floor, _EPS * len(e) * float(e[-1]))).sum()) if len(e) else 0
    return Spectrum(x, y, e, V, V.T @ (m.xy / m.w - np.outer(x, y)), m.rows, rank)


def held_out_losses(train: Spectrum, held: Moments, penalties: Sequence[float]) -> Float[np.ndarray, "penalty target"]:
    """Weighted sum of squared errors on held-out moments, for every penalty and target, without touching a row."""
    xx = held.xx - np.outer(held.x, train.x) - np.outer(train.x, held.x) + held.w * np.outer(train.x, train.x)
    xy = held.xy - np.outer(held.x, train.y) - np.outer(train.x, held.y) + held.w * np.outer(train.x, train.y)
    yy = held.yy - 2 * held.y * train.y + held.w * train.y**2
    B = train.all_coefficients(np.asarray(penalties))
    fitted = (xx @ B.reshape(len(xx), -1)).reshape(B.shape)
    return np.asarray(yy - 2 * np.einsum("wt,wpt->pt", xy, B) + np.einsum("wpt,wpt->pt", B, fitted))
