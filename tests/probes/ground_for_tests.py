"""Small processes, other presentations of them, and slow oracles that the tests of probes share."""

from itertools import product

import numpy as np

from compmech import GHMM, HMM, zoo
from probes import Histories, belief_classes, by_class, by_history, histories

SMALL = [
    zoo.golden_mean(),
    zoo.even(),
    zoo.z1r(),
    zoo.nemo(),
    zoo.rrxor(),
    zoo.sns(),
    zoo.mess3(x=0.15, a=0.6),
]


def relabelled(process: HMM, order: list[int]) -> HMM:
    """The same process with its states in another order."""
    return HMM(process.T[:, order][:, :, order], start=process.start[order], alphabet=process.alphabet)


def redundant(process: HMM) -> HMM:
    """The same process with its first state split in two, entered with unequal odds and left alike."""
    split = np.eye(process.n_state + 1)[: process.n_state]
    split[0, 0], split[0, -1] = 0.3, 0.7
    copy = np.vstack([np.eye(process.n_state), np.eye(process.n_state)[:1]])
    T = np.einsum("ai,xij,jb->xab", copy, process.T, split)
    return HMM(T, start=process.start @ split, alphabet=process.alphabet)


def in_other_coordinates(process: HMM, rng: np.random.Generator) -> GHMM:
    """The same process as a signed presentation: a random change of basis."""
    S = rng.standard_normal((process.n_state, process.n_state)) + 2 * np.eye(process.n_state)
    back = np.linalg.inv(S)
    return GHMM(
        S @ process.T @ back, start=process.start @ back, evaluate=S @ process.evaluate, alphabet=process.alphabet
    )


def all_words(n_symbol: int, length: int) -> np.ndarray:
    """Every word of one length, possible or not."""
    return np.array(list(product(range(n_symbol), repeat=length)), dtype=np.intp).reshape(-1, length)


def by_length(found: Histories) -> dict[tuple[int, ...], int]:
    """The index of each history by its symbols."""
    return {found.symbols(i): i for i in range(len(found))}


class Ground:
    """Histories of a process with both splits, made from one seed."""

    def __init__(self, process: HMM | GHMM, length: int, *, seed: int = 0, max_histories: int | None = None) -> None:
        rng = np.random.default_rng(seed)
        self.process = process
        self.histories = histories(process, length, max_histories=max_histories, rng=rng)
        self.classes = belief_classes(process, self.histories)
        self.split = by_history(self.classes, rng=rng)
        self.class_split = by_class(self.classes, rng=rng)
        self.rng = rng
