"""Permutations of histories: whose target each history is given, under one null or another."""

import numpy as np
from jaxtyping import Int

from probes.classes import BeliefClasses
from probes.history import Histories

__all__ = ["among_classes", "around_classes", "within_length"]


def within_length(histories: Histories, *, rng: np.random.Generator) -> Int[np.ndarray, " history"]:
    """A random permutation of the histories of each length among themselves, all equally likely."""
    donor = np.arange(len(histories))
    for length in range(1, histories.length + 1):
        members = np.flatnonzero(histories.row == length)
        donor[members] = rng.permutation(members)
    return donor


def among_classes(
    classes: BeliefClasses, *, fold: Int[np.ndarray, " history"] | None = None, rng: np.random.Generator
) -> Int[np.ndarray, " history"]:
    """A random permutation of the distinct beliefs, all equally likely: for each history one that has its belief's.

    Args:
        fold: of a split. Beliefs that always train are then exchanged among themselves, and those that are held out
            likewise: the former lie where the latter do not, and a score of either in the other's place is no like one.
    """
    held = np.ones(classes.n_belief, dtype=bool)
    if fold is not None:
        held[:] = False
        held[classes.belief[fold >= 0]] = True
    donor = np.arange(classes.n_belief)
    for those in (held, ~held):
        members = np.flatnonzero(those)
        donor[members] = rng.permutation(members)
    return _by_class(classes, donor)


def around_classes(classes: BeliefClasses, *, rng: np.random.Generator) -> Int[np.ndarray, " history"]:
    """A random cycle through all distinct beliefs, so that none keeps its place.

    Raises:
        ValueError: if there is only one.
    """
    present = np.unique(classes.belief)
    if len(present) < 2:
        raise ValueError("permuted-classes needs at least two distinct beliefs; there is one")
    cycle = rng.permutation(len(present))
    donor = np.empty_like(cycle)
    donor[cycle] = np.roll(cycle, 1)
    return _by_class(classes, donor)


def _by_class(classes: BeliefClasses, donor: Int[np.ndarray, " belief"]) -> Int[np.ndarray, " history"]:
    _, member = np.unique(classes.belief, return_index=True)
    return np.asarray(member[donor[classes.belief]])
