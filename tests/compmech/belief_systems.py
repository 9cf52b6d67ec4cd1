"""Belief systems with known answers, for the tests of compmech.blackwell."""

import numpy as np

from compmech import HMM
from compmech.blackwell import BeliefSystem

# Two states and two symbols: the images of the interval are apart.
CANTOR = HMM([[[0.55, 0.0], [0.3, 0.15]], [[0.15, 0.3], [0.0, 0.55]]], name="cantor")

# The same with a gap of negative width: the images overlap, and h > |lambda|.
OVERLAPPING = HMM([[[0.44, 0.1], [0.1, 0.36]], [[0.36, 0.1], [0.1, 0.44]]], name="overlapping")


def game(probability, images) -> BeliefSystem:
    """Linear maps of the simplex, drawn independently: row i of an image is where corner i goes.

    As a process it is one of independent symbols, whose minimal realisation has one state; as an iterated function
    system it is self-affine, with everything known in closed form.
    """
    return BeliefSystem(HMM([p * np.asarray(image, dtype=float) for p, image in zip(probability, images, strict=True)]))


def interval(probability, ratio, offset) -> BeliefSystem:
    """Similarities of the interval: u -> r u + o, u the second coordinate of the belief."""
    return game(probability, [[[1 - o, o], [1 - o - r, o + r]] for r, o in zip(ratio, offset, strict=True)])


def gasket() -> BeliefSystem:
    """The Sierpinski triangle: half way to a corner, each equally likely."""
    return game([1 / 3] * 3, [(np.eye(3) + np.eye(3)[x]) / 2 for x in range(3)])


def rectangles() -> BeliefSystem:
    """Four maps of a triangle that shrink its sides along two axes by 0.4 and by 0.1: a product of two Cantor sets."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    images = []
    for left in (0.0, 0.25):
        for low in (0.0, 0.3):
            uv = corners * [0.4, 0.1] + [left, low]
            images.append(np.column_stack([1 - uv.sum(axis=1), uv]))
    return game([0.25] * 4, images)


def side_by_side(left: HMM, right: HMM) -> HMM:
    """Two independent processes at once, with pairs of symbols."""
    return HMM([np.kron(a, b) for a in left.T for b in right.T])
