"""Watching a training: planted networks whose belief forms, turns or stays, and what is said of each."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from compmech import zoo
from predictors import Predictor, ProcessPredictor, Site, UnknownSite, observe, untouched
from predictors.predictor import visit
from probes import Target, belief_target, beyond_target, next_target
from probes.dynamics import Moment, appearance, watch
from tests.probes.ground_for_tests import Ground

WIDTH = 8


class Holds:
    """Predicts exactly, and shows the image of its belief under a matrix, with a distraction beside it, at site h."""

    first_row = 0
    sites: Mapping[str, Site] = {"h": Site(WIDTH, (WIDTH,), "what is planted")}

    def __init__(self, process: Any, image: np.ndarray) -> None:
        self.exact, self.image = ProcessPredictor(process), torch.from_numpy(image)
        self.n_symbol = self.exact.n_symbol

    def log_probs(self, tokens: Tensor, *, tap: Any = untouched) -> Tensor:
        told, found = observe(self.exact, tokens, ["belief"])
        rows = range(tokens.shape[1] + 1)
        position = torch.arange(len(rows), dtype=torch.float64)[:, None].cos()
        distraction = torch.cat([torch.zeros(len(rows), WIDTH - 1, dtype=torch.float64), position], dim=1)
        visit(tap, "h", rows, found["belief"] @ self.image + distraction)
        return told

    def init_carry(self, n_seq: int, *, tap: Any = untouched) -> Any:
        return self.exact.init_carry(n_seq)

    def advance(self, tokens: Tensor, carry: Any, *, tap: Any = untouched) -> Any:
        return self.exact.advance(tokens, carry)

    def step(self, tokens_t: Tensor, carry: Any, *, tap: Any = untouched) -> Any:
        return self.exact.step(tokens_t, carry)


@pytest.fixture(scope="module")
def ground() -> Ground:
    return Ground(zoo.rrxor(), 8)


def targets(ground: Ground) -> tuple[Target, ...]:
    h = ground.histories
    return belief_target(ground.process, h), next_target(h), beyond_target(ground.process, h, weighting="uniform")


def planted(ground: Ground, images: Mapping[int, np.ndarray]) -> list[tuple[int, Callable[[], Predictor]]]:
    return [(step, partial(Holds, ground.process, image)) for step, image in images.items()]  # type: ignore[misc]


def plane(n: int, seed: int = 0) -> np.ndarray:
    """Orthonormal rows for five states, in the first seven coordinates."""
    rows = np.linalg.qr(np.random.default_rng(seed).standard_normal((WIDTH - 1, n)))[0].T
    return np.hstack([rows, np.zeros((n, 1))])


def test_a_belief_that_stays_where_it_forms_is_read_by_the_last_probe(ground: Ground) -> None:
    image = plane(5)
    seen = watch(
        planted(ground, {0: 1e-9 * image, 10: image, 100: image}),
        ground.histories, targets(ground), ["h"], split=ground.split, weighting="uniform",
    )  # fmt: skip
    for name in ("belief", "next", "beyond"):
        curve = seen.series("h", name)
        assert [m.step for m in curve] == [0, 10, 100]
        assert curve[1].fixed == pytest.approx(curve[2].fixed)
        assert min(curve[1].refitted, curve[1].fixed) > 0.99
        assert curve[0].fixed < 0.5
        assert curve[1].angle == pytest.approx(0, abs=1e-4)
        assert max(m.kl for m in curve) < 1e-12
    assert seen.pictured == ("h", "belief")
    assert set(seen.pictures) == {0, 10, 100}
    with pytest.raises(KeyError, match="next was not watched at embed"):
        seen.series("embed", "next")


def test_a_belief_that_spins_is_read_by_its_own_probes_alone(ground: Ground) -> None:
    seen = watch(
        planted(ground, {1: plane(5, 1), 2: plane(5, 2)}),
        ground.histories, targets(ground)[:1], ["h"], split=ground.split, weighting="uniform",
    )  # fmt: skip
    turned, last = seen.series("h", "belief")
    assert turned.refitted > 0.99
    assert turned.fixed < 0.5
    assert turned.angle is not None
    assert turned.angle > 20
    assert last.fixed > 0.99
    first, final = seen.turns
    assert first.aligned > 0.99  # a rotation undoes it
    assert first.unturned < 0.6
    assert first.angle > 10
    assert (final.aligned, final.unturned) == (pytest.approx(1), pytest.approx(1))


def test_what_appears_later_is_said_to(ground: Ground) -> None:
    """Planted: the next symbol first, what lies beyond it later."""
    h = ground.histories
    ahead = next_target(h).Y
    weights = np.linalg.lstsq(h.belief, ahead, rcond=None)[0]
    only_next = np.hstack([weights, np.zeros((5, WIDTH - 2))])
    both = only_next + plane(5, 3)
    images = {0: 1e-9 * both, 10: only_next, 100: only_next, 1000: both}
    seen = watch(planted(ground, images), h, targets(ground)[1:], ["h"], split=ground.split, weighting="uniform")
    first, later = (appearance(seen.series("h", name)) for name in ("next", "beyond"))
    assert first is not None
    assert later is not None
    assert first < 10 < 100 < later


def moments(*curve: tuple[int, float]) -> Sequence[Moment]:
    return [Moment(step, "h", "belief", r2, r2, None, 0.0) for step, r2 in curve]


def test_appearance_is_interpolated_in_the_logarithm() -> None:
    assert appearance(moments((1, 0.0), (100, 0.8))) == pytest.approx(10)
    assert appearance(moments((0, 0.9), (100, 0.8))) == 1
    assert appearance(moments((10, 0.0), (1000, 0.5), (10**4, 1.0))) == pytest.approx(1000)
    assert appearance(moments((1, 0.0), (10, -0.1))) is None
    with pytest.raises(ValueError, match="share"):
        appearance(moments((1, 1.0)), share=0)
    with pytest.raises(ValueError, match="moment"):
        appearance([])


@pytest.mark.parametrize(
    ("steps", "complaint"), [((5,), "two or more"), ((5, 1), "in the order"), ((1, 1), "in the order")]
)
def test_checkpoints_that_make_no_course_are_refused(ground: Ground, steps: tuple[int, ...], complaint: str) -> None:
    given = [(step, partial(Holds, ground.process, plane(5))) for step in steps]
    with pytest.raises(ValueError, match=complaint):
        watch(given, ground.histories, targets(ground), ["h"], split=ground.split)  # type: ignore[arg-type]


def test_nothing_to_watch_is_refused(ground: Ground) -> None:
    course = planted(ground, {1: plane(5), 2: plane(5)})
    empty = Target("beyond", np.empty((len(ground.histories), 0)), "it is empty")
    with pytest.raises(ValueError, match="it is empty"):
        watch(course, ground.histories, [empty], ["h"], split=ground.split)
    with pytest.raises(ValueError, match="no site"):
        watch(course, ground.histories, targets(ground), [], split=ground.split)
    with pytest.raises(UnknownSite):
        watch(course, ground.histories, targets(ground), ["layer.9"], split=ground.split)
