"""Code lengths: bounded by what theory says, short for what is plainly written, and no gift to noise."""

import numpy as np
import pytest

from compmech import zoo
from probes import LogisticProbe, histories, online_code

QUICK = LogisticProbe((1e-5, 1e-2))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def softmax(z: np.ndarray) -> np.ndarray:
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def test_lengths_are_in_the_order_that_theory_gives() -> None:
    found = histories(zoo.mess3(x=0.15, a=0.6), 6)
    code = online_code(found.belief, found.belief, found.frequency, probe=QUICK, rng=rng())
    assert code.uniform == pytest.approx(np.log2(3))
    w = found.frequency
    entropy = float(-(w * (found.belief * np.log2(found.belief)).sum(axis=1)).sum())
    assert code.entropy == pytest.approx(entropy)
    assert code.entropy < code.online < code.mean < code.uniform + 0.1
    assert code.compression == pytest.approx(code.uniform / code.online)
    assert code.blocks[-1] == len(found)


def test_noise_saves_nothing_and_the_planted_signal_does() -> None:
    X = rng(1).standard_normal((1000, 6))
    Y = softmax(2 * X[:, :3])
    w = np.full(1000, 1e-3)
    planted = online_code(X, Y, w, probe=QUICK, rng=rng())
    noise = online_code(rng(2).standard_normal((1000, 6)), Y, w, probe=QUICK, rng=rng())
    assert planted.share is not None
    assert noise.share is not None
    assert planted.share > 0.7
    assert -0.2 < noise.share < 0.05
    assert planted.by_block[-1] < planted.by_block[0]


def test_what_is_plainly_written_takes_fewer_bits_than_what_is_hidden() -> None:
    """The same information, once along an axis and once among 60 columns of noise: both are read in the end."""
    Y = softmax(3 * rng(1).standard_normal((800, 2)))
    z = np.log(Y[:, :1] / Y[:, 1:])
    plain, hidden = z, np.hstack([z / 3, rng(3).standard_normal((800, 60))])
    w = np.full(800, 1 / 800)
    one, two = (online_code(X, Y, w, probe=QUICK, rng=rng()) for X in (plain, hidden))
    assert one.online < two.online - 0.02


def test_certain_targets_of_one_value_save_nothing() -> None:
    Y = np.tile([1.0, 0.0], (50, 1))
    code = online_code(rng().standard_normal((50, 2)), Y, np.ones(50), probe=QUICK, rng=rng())
    assert (code.uniform, code.entropy) == (0.0, 0.0)
    assert code.share is None


def test_an_outcome_never_seen_before_costs_a_finite_number_of_bits() -> None:
    Y = np.tile([0.5, 0.5, 0.0], (200, 1))
    Y[-1] = [0.0, 0.0, 1.0]
    code = online_code(rng().standard_normal((200, 2)), Y, np.ones(200), probe=QUICK, rng=rng())
    assert np.isfinite(code.online)


def test_fractions_and_targets_are_checked() -> None:
    X, Y, w = np.zeros((10, 1)), np.tile([0.5, 0.5], (10, 1)), np.ones(10)
    with pytest.raises(ValueError, match="increase from above 0 to 1"):
        online_code(X, Y, w, fractions=(0.5, 0.2, 1.0), rng=rng())
    with pytest.raises(ValueError, match="sum to 1"):
        online_code(X, 2 * Y, w, rng=rng())
