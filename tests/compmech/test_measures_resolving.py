"""Beliefs looked up by value: the shelves against a comparison of all with all, and beliefs that crowd one shelf."""

import time

import numpy as np
import pytest

from compmech import HMM, statistics
from compmech.measures.resolving import DOUBT, SAME, resolve


def _numbers_ref(beliefs: list[np.ndarray]) -> tuple[list[int], bool]:
    """The first earlier belief that agrees component by component, else a new one; whether no two were in doubt."""
    kept: list[np.ndarray] = []
    numbers: list[int] = []
    is_sharp = True
    for belief in beliefs:
        for number, row in enumerate(kept):
            if (abs(row - belief) <= SAME * row).all():
                numbers.append(number)
                break
        else:
            is_sharp &= not any((abs(row - belief) <= DOUBT * row).all() for row in kept)
            numbers.append(len(kept))
            kept.append(belief)
    return numbers, is_sharp


@pytest.mark.parametrize(("scale", "is_sharp"), [(1e-10, False), (1e-3, True), (0.0, True)])
def test_beliefs_of_one_shelf_are_numbered_as_by_comparing_all(scale: float, is_sharp: bool) -> None:
    rng = np.random.default_rng(3)
    first = np.full(3, 1 / 3)
    reached = first * (1 + scale * np.round(rng.standard_normal((40, 3)), 1))
    reached = np.concatenate([reached, reached[::-1], [first]])
    reached /= reached.sum(axis=1, keepdims=True)
    T = np.zeros((len(reached), 3, 3))  # symbol w leads from the belief `first` to the belief reached[w]
    T[:, range(3), range(3)] = reached * 3 / len(reached)
    T /= T.sum(axis=(0, 2))[None, :, None]
    joint = first @ T
    words = joint / joint.sum(axis=1, keepdims=True)
    graph = resolve(T, first, lambda beliefs: np.ones(len(beliefs)), max_beliefs=2)
    numbers, sharp = _numbers_ref([first, *words])
    assert graph.successor[0].tolist() == numbers[1:]
    assert graph.is_sharp == sharp == is_sharp
    assert len(graph.beliefs) == max(numbers) + 1


def test_states_that_hardly_differ_are_not_compared_without_end() -> None:
    T = np.array([[[0.5, 0.0], [0.0, 0.5 + 1e-10]], [[0.0, 0.5], [0.5 - 1e-10, 0.0]]])
    before = time.process_time()
    found = statistics(HMM(T))
    assert time.process_time() - before < 8  # 2 s, where comparing beliefs one by one took 30
    assert found.n_causal_states == 2
