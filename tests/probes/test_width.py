"""The width question: the linear limit is one, planted memories reach it, and the bottleneck prices predictions."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import Float

from compmech import HMM, product, zoo
from compmech.bottleneck import BottleneckPoint, causal_bottleneck, pasts_of
from predictors import ProcessPredictor
from probes import Target, belief_target, factor_targets
from probes.ground import Ground, prepare
from probes.width import best_linear, kept_at, rate_needed

SCRIPT = Path(__file__).parents[2] / "docs" / "reproductions" / "width.py"
PARTS = (zoo.mess3(x=0.05, a=0.85), zoo.mess3(x=0.15, a=0.6))


@pytest.fixture(scope="module")
def process() -> HMM:
    found = product(*PARTS)
    assert isinstance(found, HMM)
    return found


@pytest.fixture(scope="module")
def ground(process: HMM) -> Ground:
    return prepare(process, 3, max_histories=400, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def targets(process: HMM, ground: Ground) -> list[Target]:
    return [belief_target(process, ground.histories), *factor_targets(ground.histories, PARTS)]


def read_from(X: Float[np.ndarray, "history width"], Y: np.ndarray, p: np.ndarray) -> float:
    """R² of the best affine prediction, by probability: least squares by the textbook."""
    root = np.sqrt(p)[:, None]
    X, Y = root * (X - p @ X), root * (Y - p @ Y)
    return 1 - float(((Y - X @ np.linalg.lstsq(X, Y, rcond=None)[0]) ** 2).sum() / (Y**2).sum())


def test_no_projection_keeps_more_of_the_belief(ground: Ground, targets: list[Target]) -> None:
    weight = ground.histories.weight("probability")
    p, Y = weight / weight.sum(), targets[0].Y
    limits = best_linear(targets[0], targets, weight)
    assert [limit.dimension for limit in limits] == list(range(1, 9))
    kept = [limit.r2["belief"] for limit in limits]
    assert kept == sorted(kept)
    for name in ("belief", "factor-1", "factor-2"):
        assert limits[-1].r2[name] == pytest.approx(1)
    rng = np.random.default_rng(1)
    for limit in limits[:-1]:
        for _ in range(20):
            projected = Y @ rng.standard_normal((Y.shape[1], limit.dimension))
            assert read_from(projected, Y, p) < limit.r2["belief"]
    # of one factor alone its own two dimensions say all: the limit is of the whole
    assert read_from(targets[2].Y, targets[2].Y, p) == pytest.approx(1)
    assert limits[1].r2["factor-2"] < 0.5


def test_an_empty_target_has_no_limit(ground: Ground, targets: list[Target]) -> None:
    empty = Target("beyond", np.empty((len(ground.histories), 0)), "nothing lies beyond")
    with pytest.raises(ValueError, match="beyond is empty: nothing lies beyond"):
        best_linear(targets[0], [empty], ground.histories.weight("probability"))


def test_exact_bayes_keeps_all_and_needs_all(process: HMM, ground: Ground, targets: list[Target]) -> None:
    exact = ProcessPredictor(process)
    (site,) = exact.sites
    found = kept_at(exact, ground, targets, site, 1)
    assert all(value == pytest.approx(1, abs=1e-3) for value in found.r2.values())
    assert found.kl_nats == pytest.approx(0, abs=1e-12)
    pasts = pasts_of(process, 1, 1)
    joint = pasts.probability[:, None] * pasts.future
    expected = float((joint * np.log2(pasts.future / joint.sum(axis=0))).sum())
    assert found.predictive_bits == pytest.approx(expected, rel=0.1)  # of a sample of histories
    with pytest.raises(ValueError, match="between 1 and the length, 3; got 4"):
        kept_at(exact, ground, targets, site, 4)


def test_a_memory_of_the_leading_components_reaches_the_limit(ground: Ground, targets: list[Target]) -> None:
    """Planted: what keeps the first factor alone is read so."""
    weight = ground.histories.weight("probability")
    p = weight / weight.sum()
    assert read_from(targets[1].Y, targets[1].Y, p) == pytest.approx(1)
    assert read_from(targets[1].Y, targets[2].Y, p) < 0.1
    limits = best_linear(targets[1], [targets[1]], weight)
    assert [limit.dimension for limit in limits] == [1, 2]
    assert limits[1].r2["factor-1"] == pytest.approx(1)


def test_bits_needed_lie_on_the_curve(process: HMM) -> None:
    curve = causal_bottleneck(pasts_of(process, 1, 1), [1.5, 3, 10, 100], rng=np.random.default_rng(0), restarts=1)
    for point in curve:
        if point.rate > 0:
            assert rate_needed(curve, point.predictive) == pytest.approx(point.rate)
    best = max(point.predictive for point in curve)
    shares = (0, 0.25, 0.5, 0.75, 1)
    amounts = [needed for share in shares if (needed := rate_needed(curve, share * best)) is not None]
    assert amounts == sorted(amounts)
    assert (len(amounts), amounts[0]) == (5, 0)
    # no memory tells more than it holds
    assert all(needed >= share * best - 1e-9 for needed, share in zip(amounts, shares, strict=True))
    assert rate_needed(curve, best + 0.01) is None
    assert rate_needed(curve, -0.3) == 0
    assert rate_needed([BottleneckPoint(2.0, 1.0, 0.5, 0.0, 2)], 0.25) == 0.5  # half of the time
    with pytest.raises(ValueError, match="no points"):
        rate_needed([], 0.1)


def test_the_script_in_small_and_what_is_done_is_not_done_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(1)
    script, out = runpy.run_path(str(SCRIPT)), tmp_path / "width.json"
    script["main"](["--small", "-o", str(out)])
    found = json.loads(out.read_text())
    assert [(row["kind"], row["width"], row["seed"]) for row in found["rows"]] == [("gru", 2, 0), ("gru", 4, 0)]
    assert [limit["dimension"] for limit in found["best_linear"]] == list(range(1, 9))
    assert "factor-2" in capsys.readouterr().out
    found["rows"][0]["kl_nats"] = 7.0  # kept as it is
    out.write_text(json.dumps(found))
    script["main"](["--small", "-o", str(out)])
    assert json.loads(out.read_text())["rows"] == found["rows"]
