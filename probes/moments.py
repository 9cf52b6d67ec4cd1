"""Weighted second moments of features and targets, kept by block of rows: everything that a linear fit needs of its
data.

Glossary. x: features (width); y: targets; w: weight of a row; C = E[(x - mean)(x - mean)'], the weighted covariance;
e, V: eigenvalues and eigenvectors of C; B: coefficients. Moments add, so the fit that leaves out any folds is made
from a sum of blocks, never from the rows again, and one eigendecomposition serves every penalty and every target.
Rows may come in pieces: only the sums are kept, which take 8 * blocks * (width + 1) * (width + targets + 1) bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from jaxtyping import Float, Int, Num

# Rows are converted to float64, weighted and multiplied in chunks of about 1 MB, which stay in the second cache between
# the three; a multiple of the depth at which BLAS packs its operands (384) leaves no part of a pack unused.
_CHUNK_VALUES = 2**17
_DEPTH = 384
# Rows that are sorted by block at once, so that a file on disk is read in order.
_SORTED_ROWS = 2**16
# Eigenvalues of a Gram matrix are known to about eps * width * (the largest), so no direction weaker than that is
# counted.
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over rows, about an origin that all blocks share.

    Attributes:
        rows: their number.
        xx: sum of w (x, 1)(x, 1)': the last row and column hold w x, and the corner w.
        xy: sum of w (x, 1) y': the last row holds w y.
        yy: sum of w y^2, target by target.
    """

    rows: int
    xx: Float[np.ndarray, "width1 width1"]
    xy: Float[np.ndarray, "width1 target"]
    yy: Float[np.ndarray, " target"]

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.rows + other.rows, self.xx + other.xx, self.xy + other.xy, self.yy + other.yy)

    @property
    def w(self) -> float:
        """The sum of weights."""
        return float(self.xx[-1, -1])

    @property
    def x(self) -> Float[np.ndarray, " width"]:
        """The weighted sum of features."""
        return np.asarray(self.xx[-1, :-1])

    @property
    def y(self) -> Float[np.ndarray, " target"]:
        """The weighted sum of targets."""
        return np.asarray(self.xy[-1])

    def null_loss(self, y: Float[np.ndarray, " target"]) -> Float[np.ndarray, " target"]:
        """Weighted sum of squared errors of a constant prediction, target by target."""
        return np.asarray(self.yy - 2 * self.y * y + self.w * y**2)


class MomentStream:
    """Moments of rows that come in pieces; of the rows themselves nothing is kept.

    Sums are accumulated in float64, whatever the type of the features.

    Args:
        n_block: rows are summed by block 0 .. n_block - 1.
    """

    def __init__(self, n_block: int) -> None:
        self.n_block = n_block
        self._sums: list[_Sums] = []
        self._x0 = self._y0 = np.empty(0)
        self._shifted = False

    def add(
        self,
        X: Num[np.ndarray, "row width"],
        Y: Float[np.ndarray, "row target"],
        weight: Float[np.ndarray, " row"],
        block: Int[np.ndarray, " row"],
    ) -> None:
        """Add rows to their blocks.

        Raises:
            ValueError: if the number of columns of X or Y is not that of the rows before.
        """
        if not self._sums:
            self._begin(X, Y)
        shape = (len(self._x0), len(self._y0))
        if (X.shape[1], Y.shape[1]) != shape:
            raise ValueError(
                f"rows must have the {shape[0]} features and {shape[1]} targets of those before; got {X.shape[1]} and "
                f"{Y.shape[1]}"
            )
        for start in range(0, len(X), _SORTED_ROWS):
            piece = slice(start, start + _SORTED_ROWS)
            self._add_piece(X[piece], Y[piece], weight[piece], block[piece])

    def blocks(self) -> "Blocks":
        """The moments of every block. More rows may still be added."""
        if not self._sums:
            raise ValueError("no rows have been added")
        return Blocks(tuple(sums.moments() for sums in self._sums), self._x0, self._y0)

    def _begin(self, X: np.ndarray, Y: np.ndarray) -> None:
        width, n_target = X.shape[1], Y.shape[1]
        # any origin near the data keeps the digits; the mean of about a thousand evenly spaced rows is near enough, and
        # where it is within a deviation of 0, so is 0
        spaced = slice(None, None, max(1, len(X) // 1024))
        some = np.asarray(X[spaced], dtype=np.float64)
        mean = some.mean(axis=0) if len(X) else np.zeros(width)
        self._shifted = bool(len(X)) and bool(np.any(mean**2 > some.var(axis=0)))
        self._x0 = mean if self._shifted else np.zeros(width)
        self._y0 = Y[spaced].mean(axis=0) if len(Y) else np.zeros(n_target)
        self._sums = [_Sums(width, n_target) for _ in range(self.n_block)]
        n_row = _DEPTH * max(1, _CHUNK_VALUES // (_DEPTH * max(1, width)))
        self._x = np.empty((n_row, width))

    def _add_piece(self, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, block: np.ndarray) -> None:
        least = int(block.min())
        if least == int(block.max()):
            self._add_rows(self._sums[least], X, Y, weight, None)
            return
        order = np.argsort(block, kind="stable")
        edges = np.searchsorted(block[order], np.arange(self.n_block + 1))
        for sums, first, last in zip(self._sums, edges[:-1], edges[1:], strict=True):
            if last > first:
                rows = order[first:last]
                self._add_rows(sums, X, Y[rows], weight[rows], rows)

    def _add_rows(
        self, sums: "_Sums", X: np.ndarray, Y: np.ndarray, weight: np.ndarray, rows: np.ndarray | None
    ) -> None:
        """Add rows of X (None: all of them), given with their own targets and weights, to one block."""
        y1 = np.ones((len(Y), Y.shape[1] + 1))
        np.subtract(Y, self._y0, out=y1[:, :-1])
        root, factor = None, float(weight[0])
        if not np.all(weight == factor):  # one factor for all is cheaper than a pass over the rows
            root, factor = np.sqrt(weight)[:, None], 1.0
            y1 *= root
        sums.add_targets(y1, factor)
        for start in range(0, len(Y), len(self._x)):
            part = slice(start, start + len(self._x))
            some = X[part] if rows is None else X[rows[part]]
            x = self._x[: len(some)]
            # copied even if nothing is to be done: BLAS reads more than once, and so from the cache
            if self._shifted:
                np.subtract(some, self._x0, out=x)
                if root is not None:
                    x *= root[part]
            elif root is not None:
                np.multiply(some, root[part], out=x)
            else:
                x[:] = some
            sums.add_features(x, y1[part], factor)


class _Sums:
    """Running sums of one block; of the symmetric one only the upper triangle is kept up."""

    def __init__(self, width: int, n_target: int) -> None:
        self.rows = 0
        self.xx = np.zeros((width, width), order="F")
        self.xy1 = np.zeros((width, n_target + 1), order="F")
        self.y1 = np.zeros(n_target + 1)
        self.yy = np.zeros(n_target)

    def add_targets(self, y1: Float[np.ndarray, "row target1"], factor: float) -> None:
        """Add rows of (y, 1) that are weighted already, but for a common factor."""
        self.rows += len(y1)
        self.y1 += factor * (y1[:, -1] @ y1)
        self.yy += factor * np.einsum("ij,ij->j", y1[:, :-1], y1[:, :-1])

    def add_features(
        self, x: Float[np.ndarray, "row width"], y1: Float[np.ndarray, "row target1"], factor: float
    ) -> None:
        """Add the products of features with themselves and with the targets."""
        from scipy.linalg.blas import dgemm, dsyrk

        self.xx = dsyrk(factor, x.T, beta=1.0, c=self.xx, overwrite_c=1)
        self.xy1 = dgemm(factor, x.T, y1.T, beta=1.0, c=self.xy1, trans_b=1, overwrite_c=1)

    def moments(self) -> Moments:
        width = len(self.xx)
        upper = np.triu(self.xx)
        xx = np.empty((width + 1, width + 1))
        xx[:-1, :-1] = upper + np.triu(upper, 1).T
        xx[:-1, -1] = xx[-1, :-1] = self.xy1[:, -1]
        xx[-1, -1] = self.y1[-1]
        return Moments(self.rows, xx, np.vstack([self.xy1[:, :-1], self.y1[:-1]]), self.yy.copy())


@dataclass(frozen=True, eq=False)
class Blocks:
    """Moments of every block of rows, and the origin (x0, y0) about which they were taken."""

    parts: tuple[Moments, ...]
    x0: Float[np.ndarray, " width"]
    y0: Float[np.ndarray, " target"]
    _spectra: dict[frozenset[int], "Spectrum"] = field(default_factory=dict, repr=False)
    _held: dict[tuple[frozenset[int], int], "Held"] = field(default_factory=dict, repr=False)

    def total(self, blocks: Iterable[int]) -> Moments:
        """The moments of several blocks together. Sums only: subtracting a heavy block would cost digits."""
        return reduce(Moments.__add__, (self.parts[block] for block in blocks))

    def without(self, *held: int) -> "Spectrum":
        """The eigendecomposition of all blocks but those held out. It is kept, so that a further fit is quick."""
        key = frozenset(held)
        if key not in self._spectra:
            self._spectra[key] = spectrum(self.total(b for b in range(len(self.parts)) if b not in key))
        return self._spectra[key]

    def held(self, block: int, *without: int) -> "Held":
        """The moments of one block as the fit that leaves out the blocks `without` sees them. Kept as well."""
        key = (frozenset(without), block)
        if key not in self._held:
            self._held[key] = Held.of(self.without(*without), self.parts[block])
        return self._held[key]


def block_moments(
    X: Num[np.ndarray, "row width"],
    Y: Float[np.ndarray, "row target"],
    weight: Float[np.ndarray, " row"],
    block: Int[np.ndarray, " row"],
    n_block: int,
) -> Blocks:
    """Moments of each block 0 .. n_block-1 in one pass over the rows, in float64 whatever the type of X.

    X may be a memory-mapped file larger than memory: it is read once, in order.
    """
    stream = MomentStream(n_block)
    stream.add(X, Y, weight, block)
    return stream.blocks()


@dataclass(frozen=True, eq=False)
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
        return np.asarray(self.V @ (self.shrunk(penalties) * self.c))

    def shrunk(self, penalties: Float[np.ndarray, " penalty"]) -> Float[np.ndarray, "width penalty"]:
        """1 / (e + penalty * mean e) within the numerical rank, 0 beyond it."""
        mean = self.e.mean() if len(self.e) else 0.0
        beyond = len(self.e) - self.rank
        shrunk = np.zeros((len(self.e), len(penalties)))
        shrunk[beyond:] = 1.0 / (self.e[beyond:, None] + penalties * mean)
        return shrunk


def spectrum(m: Moments) -> Spectrum:
    """The eigendecomposition of the centred weighted covariance in `m`."""
    x, y = m.x / m.w, m.y / m.w
    C = m.xx[:-1, :-1] / m.w - np.outer(x, x)
    e, V = np.linalg.eigh(C)
    # relative to the uncentred second moment: centring cancels digits down to that scale
    floor = _EPS * len(e) * float(np.max(np.diagonal(m.xx)[:-1] / m.w, initial=0.0))
    rank = int((e > max(floor, _EPS * len(e) * float(e[-1]))).sum()) if len(e) else 0
    return Spectrum(x, y, e, V, V.T @ (m.xy[:-1] / m.w - np.outer(x, y)), m.rows, rank)


@dataclass(frozen=True, eq=False)
class Held:
    """Held-out moments about the means of the training rows, in the eigenvectors of those: what losses are made of."""

    xx: Float[np.ndarray, "width width"]
    xy: Float[np.ndarray, "width target"]
    yy: Float[np.ndarray, " target"]

    @staticmethod
    def of(train: Spectrum, held: Moments) -> "Held":
        """Move moments to the origin and axes of a training set."""
        x, y = held.x, held.y
        xx = held.xx[:-1, :-1] - np.outer(x, train.x) - np.outer(train.x, x) + held.w * np.outer(train.x, train.x)
        xy = held.xy[:-1] - np.outer(x, train.y) - np.outer(train.x, y) + held.w * np.outer(train.x, train.y)
        return Held(train.V.T @ xx @ train.V, train.V.T @ xy, held.null_loss(train.y))

    def losses(self, B: Float[np.ndarray, "width candidate target"]) -> Float[np.ndarray, "candidate target"]:
        """Weighted sums of squared errors of several sets of coefficients, given in the eigenvectors of training."""
        fitted = (self.xx @ B.reshape(len(B), -1)).reshape(B.shape)
        cross = np.einsum("wt,wct->ct", self.xy, B)
        return np.asarray(self.yy - 2 * cross + np.einsum("wct,wct->ct", B, fitted))


def held_out_losses(train: Spectrum, held: Moments, penalties: Sequence[float]) -> Float[np.ndarray, "penalty target"]:
    """Weighted sum of squared errors of ridge fits on held-out moments, for every penalty and target."""
    scaled = train.shrunk(np.asarray(penalties))[:, :, None] * train.c[:, None, :]
    return Held.of(train, held).losses(scaled)
