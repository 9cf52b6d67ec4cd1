"""Merging histories by their futures, ever more coarsely: one tree of merges, cut into any number of groups.

Each merge is the one that loses least: with rows as square roots of word probabilities, Ward's criterion is the sum of
squared Hellinger distances from the groups' means, to leading order a quarter of the Kullback-Leibler divergence (in
nats) from each history's future to its group's. So every cut is, greedily, the best state for predicting the future at
that number of groups: the agglomerative information bottleneck between past and future.

Reference:
    Slonim and Tishby, Advances in Neural Information Processing Systems 12, 617 (1999); Still, Crutchfield and Ellison,
    Chaos 20, 037111 (2010) (optimal causal inference).
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from compmech.inference.futures import Futures

__all__ = ["MergeTree", "merge_tree", "nearest"]

MOST_ROWS = 2000
"""Histories that the tree is made of; all others join the nearest group. Distances take 16 MB."""

ROUNDED = 1e-7
"""Merges at a Hellinger distance below this join what differs by rounding: square roots turn 1e-14 into 1e-7."""


@dataclass(frozen=True, eq=False)
class MergeTree:
    """The merges of some histories, from each by itself to all in one.

    Attributes:
        roots: square roots of the probabilities of their future words.
        most_groups: of the finest cut that tells apart no more than rounding does.
    """

    roots: Float[np.ndarray, "row word"]
    most_groups: int
    _linkage: np.ndarray = field(repr=False)

    def centres(self, n_group: int) -> Float[np.ndarray, "group word"]:
        """The mean future of each group of the cut into `n_group` (fewer where there are no more to tell apart)."""
        label = self.labels(n_group)
        return group_means(self.roots**2, label)

    def labels(self, n_group: int) -> Int[np.ndarray, " row"]:
        """The group of each history of the tree."""
        if len(self.roots) == 1:
            return np.zeros(1, dtype=np.intp)
        from scipy.cluster.hierarchy import fcluster

        found = fcluster(self._linkage, min(n_group, self.most_groups), "maxclust")
        return np.unique(found, return_inverse=True)[1].ravel()


def merge_tree(futures: Futures) -> MergeTree:
    """The tree of merges of histories by their futures up to the horizon; of evenly chosen ones where there are many.

    Rows drawn from the predictor itself stand for the histories in proportion to their probability.
    """
    from scipy.cluster.hierarchy import linkage

    chosen = np.linspace(0, len(futures) - 1, min(len(futures), MOST_ROWS)).astype(int)
    roots = np.sqrt(futures.words[chosen])
    if len(roots) == 1:
        return MergeTree(roots, 1, np.empty((0, 4)))
    merges = linkage(roots, "ward")
    return MergeTree(roots, 1 + int((merges[:, 2] > ROUNDED).sum()), merges)


def group_means(rows: Float[np.ndarray, "row word"], label: Int[np.ndarray, " row"]) -> Float[np.ndarray, "group word"]:
    """The mean of the rows of each group; every group has some."""
    total = np.zeros((int(label.max()) + 1, rows.shape[1]))
    np.add.at(total, label, rows)
    return np.asarray(total / np.bincount(label)[:, None])


def nearest(rows: Float[np.ndarray, "row word"], centres: Float[np.ndarray, "group word"]) -> Int[np.ndarray, " row"]:
    """The group whose mean future is nearest to each row of probabilities, in Hellinger distance."""
    overlap = np.sqrt(np.maximum(rows, 0)) @ np.sqrt(centres).T
    return np.asarray(overlap.argmax(axis=1))
