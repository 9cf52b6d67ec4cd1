"""Pictures of beliefs for the made-up comparison: beliefs of Mess3 and RRXOR, and readouts that are noise on them."""

import itertools
from functools import cache

import numpy as np

from probes.scene import Picture, Scene, packed

__all__ = ["MESS3", "RRXOR", "STEPS", "best_site", "sample_pictures", "sample_scene"]

MESS3 = "mess3"
RRXOR = "rrxor"
STEPS = (0, 40)
"""Checkpoints, but for the last."""


def best_site(predictor: str) -> str:
    """Where the beliefs of a network are read best."""
    return {"mamba": "layer.1.ssm", "lstm": "layer.0.carry"}.get(predictor, "layer.0")


@cache
def sample_scene(name: str, length: int, n_point: int) -> Scene:
    """Histories and beliefs of a process: Mess3 in its triangle, RRXOR in all four components."""
    words, beliefs = _drawn(
        _mess3() if name == MESS3 else _rrxor(), length, n_point, np.random.default_rng([n_point, 1])
    )
    index = np.unique(beliefs.round(9), axis=0, return_inverse=True)[1]
    states, corners = [f"S{i}" for i in range(beliefs.shape[1])], []
    if name == MESS3:
        at = np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]])
        places = beliefs @ at
        corners = [(state, [float(x), float(y)]) for state, (x, y) in zip(states, at, strict=True)]
    else:
        centred = beliefs - beliefs.mean(0)
        places = centred @ np.linalg.svd(centred, full_matrices=False)[2][:4].T
    known = np.hstack([np.ones((n_point, 1)), places])
    return Scene(
        process=name,
        axes="simplex" if corners else "principal",
        corners=corners,
        words=words,
        belief=[int(i) for i in index],
        weight=[1 / n_point] * n_point,
        dimension=places.shape[1],
        places=packed(places),
        states=states,
        belief_map=np.linalg.lstsq(known, beliefs, rcond=None)[0].tolist(),
    )


def sample_pictures(scene: Scene, predictor: str, seed: int | None, score: float) -> list[Picture]:
    """Of two sites, trained and at two checkpoints before; worse before training, and at the other site."""
    found = []
    for site, share in ((best_site(predictor), 1.0), ("final", 0.8)):
        for step, learned in ((None, 1.0), *((step, 0.3 + step / 100) for step in STEPS)):
            rng = np.random.default_rng([len(predictor), seed or 0, step or 0, len(site)])
            r2, true = score * share * learned, scene.true
            noise = rng.standard_normal(true.shape) * np.sqrt(r2 * (1 - r2)) * true.std(0)
            probed = packed(true.mean(0) + r2 * (true - true.mean(0)) + noise)
            best = site == best_site(predictor)
            found.append(Picture(scene.process, predictor, seed, site, step, best, r2, probed))
    return found


def _drawn(T: np.ndarray, length: int, n_seq: int, rng: np.random.Generator) -> tuple[list[str], np.ndarray]:
    """Histories of 1 .. length symbols along sampled sequences, and the beliefs after them, (row, state)."""
    belief = np.full((n_seq, T.shape[1]), 1 / T.shape[1])
    if len(T) == 2:
        belief[:] = [1 / 3, 1 / 6, 1 / 6, 1 / 6, 1 / 6]  # stationary
    stop = rng.integers(1, length + 1, n_seq)
    final, symbols = belief.copy(), np.empty((n_seq, length), int)
    for t in range(length):
        joint = np.einsum("ni,xij->nxj", belief, T)
        p = joint.sum(2)
        symbol = (rng.random((n_seq, 1)) > p.cumsum(1)).sum(1).clip(0, len(T) - 1)
        belief = joint[np.arange(n_seq), symbol]
        belief /= belief.sum(1, keepdims=True)
        symbols[:, t] = symbol
        final[stop == t + 1] = belief[stop == t + 1]
    return ["".join(map(str, row[:n])) for row, n in zip(symbols, stop, strict=True)], final


def _mess3(x: float = 0.05, a: float = 0.85) -> np.ndarray:
    b, y = (1 - a) / 2, 1 - 2 * x
    T = np.empty((3, 3, 3))
    for symbol, i, j in itertools.product(range(3), repeat=3):
        T[symbol, i, j] = (y if i == j else x) * (a if symbol == j else b)
    return T


def _rrxor() -> np.ndarray:
    T = np.zeros((2, 5, 5))
    T[0, 0, 1] = T[1, 0, 2] = T[0, 1, 4] = T[1, 1, 3] = T[0, 2, 3] = T[1, 2, 4] = 0.5
    T[1, 3, 0] = T[0, 4, 0] = 1.0
    return T
