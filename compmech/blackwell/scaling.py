"""Dimensions read off how a measure scales: the slope of a straight line fitted over a stated range of sizes.

- Correlation dimension D_2: C(r), the probability that two beliefs are nearer than r, goes as r^D_2.
- Information dimension D_1: H(r), the entropy of the boxes of side r, goes as D_1 log2(1/r).
- Box-counting dimension D_0: N(r), the number of boxes of side r that hold beliefs at all, goes as r^-D_0.

D_2 <= D_1 <= D_0. All three are estimates: how fast they settle as r falls is not known, and fractals ripple about the
line. The error adds to that of sampling half the difference of the slopes of the two halves of the range, or the error
of the slope from how far the points lie off the line, whichever is more.

Reference:
    Grassberger and Procaccia, Physica D 9, 189 (1983).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from jaxtyping import Float, Int

from compmech.blackwell.estimate import Estimate
from compmech.blackwell.orbits import Orbits
from compmech.units import bits

# Groups of orbits, left out one at a time for the error of sampling.
_GROUPS = 8

# Distances below this part of the extent are near rounding. The largest sizes of the fit are this part of it.
_LEAST_SIZE = 2.0**-30
_LARGEST_SIZE = 2.0**-3

# Beliefs that differ by less than this are one.
_ROUNDING = 1e-12

# Correlation: beliefs of each group, and the pairs at the ends of the fit. Below so few pairs chance rules; above so
# large a part of them the whole shape does.
_BELIEFS = 2500
_FEW = 500
_LEAST_PAIRS = 100
_LARGEST_PART = 0.02

# Boxes: beliefs for each box there is, at least, on average; beliefs altogether; and how grids are shifted.
_PER_BOX = 10
_BOXED = 100_000
_SHIFTS = (0.381966, 0.763932)

# A line is fitted to no fewer sizes than this.
_LEAST_SIZES = 4

# Box counting: no more boxes than this, nor rounds of looking for them, and sizes of the fit at least so many times the
# smallest.
_MAX_BOXES = 50_000
_MAX_ROUNDS = 400
_COARSER = 4


@dataclass(frozen=True, eq=False)
class ScalingFit:
    """A dimension fitted over a range of sizes.

    Attributes:
        dimension: the slope, with both errors together.
        sampling_error: standard error from leaving out groups of orbits (of box counting: from shifted grids).
        fit_error: of the slope, from how the points lie off the line.
        log2_size: log2 of the sizes of the fit, smallest first.
        log2_measure: what was fitted against it: log2 C(r), -H(r) in bits, or -log2 N(r).
    """

    dimension: Estimate
    sampling_error: float
    fit_error: float
    log2_size: Float[np.ndarray, " size"]
    log2_measure: Float[np.ndarray, " size"]


def correlation_dimension(orbits: Orbits) -> ScalingFit | None:
    """D_2 from the distances between beliefs within groups of independent orbits.

    The fit begins where there are 100 nearer pairs, and ends where 2 % of all pairs are nearer. None where no range of
    sizes is left to fit.
    """
    points = _coordinates(orbits)
    return correlation_dimension_of(
        [_thinned(part, _BELIEFS) for part in np.array_split(points, min(_GROUPS, len(points)))]
    )


def correlation_dimension_of(
    groups: Sequence[Float[np.ndarray, "_ coordinate"]], *, least_size: float = 0.0, largest_part: float = _LARGEST_PART
) -> ScalingFit | None:
    """D_2 of points in groups, each of which is a sample of the whole: distances are taken within a group.

    Args:
        least_size: sizes below this are left out of the fit: the accuracy of the points, where that is coarser than
            their number.
        largest_part: sizes at which a larger part of all pairs is nearer are left out: there the outer shape rules.
    Returns:
        None where no range of sizes is left to fit, or there are fewer than two groups.
    """
    extent = _extent(groups[0]) if len(groups) > 1 else 0.0
    if extent == 0:
        return None
    log2_size = np.log2(extent) + np.arange(np.log2(_LEAST_SIZE), np.log2(_LARGEST_SIZE), 0.5)
    table = np.array([_nearer_pairs(group, 2.0**log2_size, largest_part) for group in groups])
    part = table.mean(axis=0)
    n_pair = sum(len(group) * (len(group) - 1) / 2 for group in groups)
    left_out = (table.sum(axis=0) - table) / (len(table) - 1)
    fit = (part * n_pair >= _LEAST_PAIRS) & (part <= largest_part) & (left_out > 0).all(axis=0)
    fit &= 2.0**log2_size >= least_size
    return _fitted(log2_size[fit], np.log2(part[fit]), np.log2(left_out[:, fit]))


def _nearer_pairs(
    points: Float[np.ndarray, "point tangent"], sizes: Float[np.ndarray, " size"], largest_part: float
) -> np.ndarray:
    """C(r): the part of all pairs of points that are nearer than each size; 1 where clearly beyond the fit."""
    from scipy.spatial import KDTree

    few = KDTree(points[:: max(1, len(points) // _FEW)])
    rough = few.count_neighbors(few, sizes) / few.n**2
    needed = sizes[: int(np.searchsorted(rough, 2 * largest_part))]  # counting takes as long as there are pairs
    tree = KDTree(points)
    part = np.ones(len(sizes))
    n = len(points)
    part[: len(needed)] = (tree.count_neighbors(tree, needed) - n) / (n * (n - 1))
    return part


def information_dimension(orbits: Orbits) -> ScalingFit | None:
    """D_1 from the entropy of boxes, by Grassberger's estimate of entropy, which hardly depends on how many beliefs
    there are; the mean over shifted grids. None where no range of sizes is left to fit."""
    points = _coordinates(orbits)
    n_group = min(_GROUPS, len(points))
    group = np.repeat(np.arange(len(points)) * n_group // len(points), points.shape[1])
    flat = np.concatenate(points)
    step = -(-len(flat) // _BOXED)
    flat, group = flat[::step], group[::step]
    extent = _extent(flat)
    sizes, values, left_out = [], [], []
    size = extent * _LARGEST_SIZE
    while size > extent * _LEAST_SIZE:
        tables = [_box_table(flat, size, shift, group, n_group) for shift in _SHIFTS]
        if len(tables[0]) * _PER_BOX > len(flat):
            break
        sizes.append(np.log2(size))
        values.append(-np.mean([box_entropy(table.sum(axis=1)) for table in tables]))
        without = [[table.sum(axis=1) - column for column in table.T] for table in tables]
        left_out.append([-np.mean([box_entropy(counts) for counts in each]) for each in zip(*without, strict=True)])
        size /= 2
    if not sizes:
        return None
    return _fitted(np.array(sizes)[::-1], np.array(values)[::-1], np.array(left_out)[::-1].T)


def _box_table(
    points: Float[np.ndarray, "point tangent"],
    size: float,
    shift: float,
    group: Int[np.ndarray, " point"],
    n_group: int,
) -> Int[np.ndarray, "box group"]:
    """How many points of each group each box holds."""
    place = np.unique(_box_keys(points, size, shift), return_inverse=True)[1]
    counts = np.bincount(place * n_group + group, minlength=(place.max() + 1) * n_group)
    return np.asarray(counts.reshape(-1, n_group))


def box_entropy(counts: Int[np.ndarray, " box"]) -> float:
    """Entropy in bits of the distribution that counts were drawn from.

    Reference:
        Grassberger, arXiv physics/0307138: log N - sum_i n_i G(n_i) / N,
        G(n) = psi(n) + (-1)^n (psi((n+1)/2) - psi(n/2)) / 2.
    """
    from scipy.special import digamma

    counts = counts[counts > 0]
    size, repeats = np.unique(counts, return_counts=True)  # few different ones, as a rule
    sign = np.where(size % 2 == 0, 0.5, -0.5)
    term = digamma(size) + sign * (digamma((size + 1) / 2) - digamma(size / 2))
    total = counts.sum()
    return bits(float(np.log(total) - (repeats * size) @ term / total))


def box_counting_dimension(orbits: Orbits) -> ScalingFit | None:
    """D_0 of the set of all beliefs, those of smallest probability included.

    All boxes of a fine grid that the maps lead to are found, from a sampled belief on: one belief stands for each box,
    which the maps contract. Boxes of larger sizes are then counted. None where no range of sizes is left to fit, or the
    number of boxes is too large at once.
    """
    points = _coordinates(orbits)
    extent = _extent(np.concatenate(points))
    size = extent * 2.0**-30
    found = None
    if extent > 0:
        size = extent * _LARGEST_SIZE / 8
        reached = _reached(orbits, size)
        while reached is not None and size > extent * _LEAST_SIZE:
            found, smallest = reached, size
            size /= 2
            reached = _reached(orbits, size)
    if found is None:
        return None
    coordinates = found @ orbits.system.plane.T
    sizes = smallest * _COARSER * 2.0 ** np.arange(0, 40, 0.5)
    sizes = sizes[sizes <= extent * _LARGEST_SIZE]
    counts = [[len(np.unique(_box_keys(coordinates, size, shift))) for size in sizes] for shift in _SHIFTS]
    logs = -np.log2(np.array(counts, dtype=np.float64))
    if len(sizes) < _LEAST_SIZES:
        return None
    return _fitted(np.log2(sizes), logs.mean(axis=0), logs)


def _reached(orbits: Orbits, size: float) -> Float[np.ndarray, "box state"] | None:
    """One belief from each box of this size that the maps lead to; None if there are too many boxes, or too far off."""
    system = orbits.system
    fresh = orbits.beliefs[:1, -1]
    found = [fresh]
    known = _box_keys(fresh @ system.plane.T, size, 0.0)
    for _ in range(_MAX_ROUNDS):
        if not len(fresh):
            return np.concatenate(found)
        moved, probability = system.branch(fresh)
        possible = probability > 0
        images = moved[possible] / probability[possible][:, None]
        keys, first = np.unique(_box_keys(images @ system.plane.T, size, 0.0), return_index=True)
        new = ~np.isin(keys, known, assume_unique=True)
        fresh = images[first[new]]
        found.append(fresh)
        known = np.concatenate([known, keys[new]])
        if len(known) > _MAX_BOXES:
            return None
    return None


def _coordinates(orbits: Orbits) -> Float[np.ndarray, "seq time tangent"]:
    """Beliefs in orthonormal coordinates of the plane they lie in."""
    return np.asarray(orbits.beliefs[:, 1:] @ orbits.system.plane.T)


def _thinned(part: Float[np.ndarray, "seq time tangent"], most: int) -> Float[np.ndarray, "point tangent"]:
    flat = np.concatenate(part)
    return np.ascontiguousarray(flat[:: max(1, -(-len(flat) // most))])


def _extent(points: Float[np.ndarray, "point tangent"]) -> float:
    """The largest side of a box that holds the points; 0 where they differ by rounding alone."""
    if not points.size:
        return 0.0
    extent = float((points.max(axis=0) - points.min(axis=0)).max())
    return extent if extent > _ROUNDING else 0.0


def _box_keys(points: Float[np.ndarray, "point tangent"], size: float, shift: float) -> Int[np.ndarray, " point"]:
    """A number for the box that each point is in."""
    cell = np.floor(points / size + shift).astype(np.int64)
    return np.asarray((cell * _factors(cell.shape[1])).sum(axis=1))


def _factors(count: int) -> np.ndarray:
    """Large odd numbers, so that sums of their multiples, modulo 2^64, hardly ever agree for different boxes."""
    parts: np.ndarray = np.modf((np.arange(count) + 1) * 0.6180339887498949)[0]
    return np.asarray(np.floor(parts * 2.0**62).astype(np.int64) | 1)


def _slope(x: Float[np.ndarray, " size"], y: Float[np.ndarray, "... size"]) -> Float[np.ndarray, "..."]:
    centred = x - x.mean()
    return np.asarray(y @ centred / (centred @ centred))


def _fitted(
    x: Float[np.ndarray, " size"], y: Float[np.ndarray, " size"], again: Float[np.ndarray, "group size"]
) -> ScalingFit | None:
    """The line through the points, with the jackknife error of leaving out groups, whose values are `again`."""
    if len(x) < _LEAST_SIZES:
        return None
    slope = float(_slope(x, y))
    slopes = _slope(x, again)
    n = len(slopes)
    sampling = float(np.sqrt((n - 1) / n * ((slopes - slopes.mean()) ** 2).sum()))
    half = len(x) // 2
    bend = abs(float(_slope(x[:half], y[:half]) - _slope(x[-half:], y[-half:]))) / 2
    ripple = float(np.std(y - slope * x) / np.std(x) / np.sqrt(len(x) / 2))
    fit = max(bend, ripple)
    return ScalingFit(Estimate(slope, hypot(sampling, fit)), sampling, fit, x, y)
