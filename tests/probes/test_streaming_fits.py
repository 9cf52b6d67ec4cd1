"""Fits of rows that come in pieces: the same numbers as in one piece, from sums that do not grow."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from probes import ProbeData, RidgeProbe, StreamingFit, TooFewRows, crossfit
from probes.moments import MomentStream, block_moments


def rows(n: int = 600, width: int = 10, seed: int = 0, shift: float = 0.0) -> ProbeData:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, width)) + shift
    Y = X @ rng.standard_normal((width, 3)) + rng.standard_normal((n, 3))
    return ProbeData(X, Y, rng.exponential(size=n), np.arange(n))


def in_pieces(data: ProbeData, fold: np.ndarray, size: int, probe: RidgeProbe | None = None) -> StreamingFit:
    stream = StreamingFit(probe or RidgeProbe(), fold)
    for start in range(0, len(data.X), size):
        stream.add(data.of(np.arange(start, min(start + size, len(data.X)))))
    return stream


@pytest.mark.parametrize("shift", [0.0, 40.0])
@pytest.mark.parametrize("size", [1, 77, 600])
def test_pieces_give_the_fit_of_the_whole(size: int, shift: float) -> None:
    data, fold = rows(shift=shift), np.random.default_rng(1).integers(-1, 5, 600)
    one, two = RidgeProbe().fit(data, folds=fold), in_pieces(data, fold, size).fit()
    assert (one.penalty, one.rank, one.rows) == (two.penalty, two.rank, two.rows)
    np.testing.assert_allclose(one.predict(data.X), two.predict(data.X), atol=1e-9)


def test_held_out_scores_from_sums_are_those_of_predictions() -> None:
    data, fold = rows(), np.random.default_rng(1).integers(-1, 5, 600)
    groups = [slice(0, 1), slice(1, 3)]
    found = in_pieces(data, fold, 100).held_out(groups)
    fit = crossfit(data.X, data.Y, data.weight, fold, RidgeProbe(), groups=groups)
    assert [[choice.penalty for choice in row] for row in found.choices] == fit.penalties.tolist()
    w, held = data.weight[fit.held], fit.held
    for group, r2 in zip(groups, found.r2, strict=True):
        error = (w @ (data.Y - fit.predicted)[held, group] ** 2).sum()
        spread = (w @ (data.Y - fit.null)[held, group] ** 2).sum()
        assert r2 == pytest.approx(1 - error / spread, abs=1e-10)


def test_equal_weights_are_a_factor() -> None:
    data = rows()
    block = np.random.default_rng(2).integers(0, 3, 600)
    equal = block_moments(data.X, data.Y, np.full(600, 0.7), block, 3)
    # one weight is a hair different, so that rows are multiplied one by one
    other = block_moments(data.X, data.Y, np.r_[0.7 + 1e-13, np.full(599, 0.7)], block, 3)
    for one, two in zip(equal.parts, other.parts, strict=True):
        np.testing.assert_allclose(one.xx, two.xx, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(one.xy, two.xy, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(one.yy, two.yy, rtol=1e-10)


def test_digits_survive_a_far_origin() -> None:
    data = rows(shift=1e6)
    near = ProbeData(data.X - 1e6, data.Y, data.weight, data.history)
    one, two = RidgeProbe((1e-3,)).fit(data), RidgeProbe((1e-3,)).fit(near)
    # X itself has lost six digits of sixteen; squares of a million would have lost twelve
    np.testing.assert_allclose(one.coefficients, two.coefficients, atol=1e-8)


def test_the_sums_do_not_grow_with_the_rows() -> None:
    data, fold = rows(2000, 40), np.random.default_rng(1).integers(0, 5, 2000)
    stream = StreamingFit(RidgeProbe(), fold)
    stream.add(data)
    tracemalloc.start()
    for _ in range(20):
        stream.add(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * data.X.nbytes  # what one piece takes to be sorted by fold, not twenty
    assert stream.blocks.total(range(6)).rows == 42_000


def test_a_file_on_disk_is_read_as_it_is(tmp_path: Path) -> None:
    data = rows(3000, 20)
    written = np.memmap(tmp_path / "features.f32", dtype=np.float32, mode="w+", shape=data.X.shape)
    written[:] = data.X
    written.flush()
    read = np.memmap(tmp_path / "features.f32", dtype=np.float32, mode="r", shape=data.X.shape)
    fold = np.arange(3000) % 5
    one = RidgeProbe().fit(ProbeData(read, data.Y, data.weight, data.history), folds=fold)
    two = RidgeProbe().fit(ProbeData(data.X.astype(np.float32), data.Y, data.weight, data.history), folds=fold)
    np.testing.assert_array_equal(one.coefficients, two.coefficients)


def test_histories_are_counted_once() -> None:
    data = rows(15)
    stream = StreamingFit(RidgeProbe((0.0,)), np.full(15, -1))
    for _ in range(3):
        stream.add(data)
    with pytest.raises(TooFewRows, match="got 15"):
        stream.fit()


def test_what_cannot_be_streamed_is_refused() -> None:
    data = rows()
    stream = StreamingFit(RidgeProbe(), np.zeros(600, dtype=int))
    with pytest.raises(ValueError, match="no rows"):
        stream.held_out()
    stream.add(data)
    with pytest.raises(ValueError, match="all rows are in fold 0"):
        stream.fit()
    with pytest.raises(ValueError, match="at least 3 folds"):
        stream.held_out()
    with pytest.raises(ValueError, match="folds for 600 histories; got history 700"):
        stream.add(ProbeData(data.X[:1], data.Y[:1], data.weight[:1], np.array([700])))
    with pytest.raises(ValueError, match="10 features and 3 targets of those before; got 9 and 3"):
        stream.add(ProbeData(data.X[:, :9], data.Y, data.weight, data.history))
    with pytest.raises(ValueError, match=r"history\[0\] is -1"):
        ProbeData(data.X[:1], data.Y[:1], data.weight[:1], np.array([-1]))
    with pytest.raises(ValueError, match="no rows"):
        MomentStream(2).blocks()
