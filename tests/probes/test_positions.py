"""Scores by position add up to the score, and the synchronisation curve is the process's own."""

import numpy as np
import pytest

from compmech import GHMM, HMM, statistics, zoo
from probes import (
    LogisticProbe,
    Target,
    score,
    score_by_position,
    standard_targets,
    state_target,
    synchronisation_curve,
    with_distributions,
)
from tests.probes.ground_for_tests import Ground, in_other_coordinates


@pytest.fixture(scope="module")
def rrxor() -> Ground:
    return Ground(zoo.rrxor(), 7)


@pytest.mark.parametrize("weighting", ["probability", "uniform"])
@pytest.mark.parametrize("probe", [None, LogisticProbe((1e-3,))])
def test_rows_add_up_to_the_score(rrxor: Ground, weighting, probe) -> None:  # type: ignore[no-untyped-def]
    h = rrxor.histories
    targets = standard_targets(rrxor.process, h, weighting=weighting)
    targets = with_distributions(rrxor.process, h, targets)
    X = np.tanh(h.belief @ np.random.default_rng(0).standard_normal((5, 9)))
    whole = score(X, targets, h, weighting=weighting, split=rrxor.split, probe=probe)
    by_row = score_by_position(X, targets, h, weighting=weighting, split=rrxor.split, probe=probe)
    for one, rows in zip(whole, by_row, strict=True):
        assert one.target == rows.target
        assert one.score == pytest.approx(np.nansum(rows.share * rows.r2), abs=1e-9)
        assert rows.share.sum() == pytest.approx(1)


def test_a_probe_that_is_late_is_seen_to_be(rrxor: Ground) -> None:
    h = rrxor.histories
    belief = standard_targets(rrxor.process, h, weighting="probability")[0]
    late = h.belief * (h.row > 4)[:, None]
    (found,) = score_by_position(late, [belief], h, weighting="probability", split=rrxor.split)
    assert (found.r2[4:] > 0.9).all()
    assert (found.r2[:4] < 0.5).all()


def test_targets_that_are_not_read_are_left_out(rrxor: Ground) -> None:
    bare = Target("length", rrxor.histories.row[:, None].astype(float))
    X = rrxor.histories.belief
    arguments = {"weighting": "uniform", "split": rrxor.split, "probe": LogisticProbe((1e-3,))}
    assert score_by_position(X, [bare], rrxor.histories, **arguments) == ()
    both = score_by_position(X, [bare, state_target(rrxor.histories)], rrxor.histories, **arguments)
    assert [one.target for one in both] == ["state"]
    from dataclasses import replace

    with pytest.raises(ValueError, match="nothing to score: too few"):
        score_by_position(X, [bare], rrxor.histories, weighting="uniform", split=replace(rrxor.split, reason="too few"))


def test_the_curve_sums_to_the_synchronisation_information() -> None:
    for process, length in ((zoo.golden_mean(), 6), (zoo.even(), 24)):
        ground = Ground(process, length)
        curve = synchronisation_curve(process, ground.histories)
        stats = statistics(process).to_dict()
        assert curve.of == "causal"
        assert len(curve.bits) == length + 1
        assert curve.bits[0] == pytest.approx(stats["statistical_complexity"])
        # of Even the tail after 24 symbols is below 1e-3
        assert curve.bits.sum() == pytest.approx(stats["synchronization_information"], abs=2e-3)
        assert (np.diff(curve.bits) <= 1e-12).all()


def test_where_there_is_no_finite_machine_the_hidden_state_is_meant() -> None:
    mess3 = Ground(zoo.mess3(), 5)
    curve = synchronisation_curve(mess3.process, mess3.histories)
    assert curve.of == "hidden"
    assert curve.bits[0] == pytest.approx(np.log2(3))
    assert curve.bits[-1] > 0.3
    started = HMM(zoo.even().T, start=[0.9, 0.1])
    assert synchronisation_curve(started, Ground(started, 4).histories).of == "hidden"
    signed = in_other_coordinates(zoo.mess3(), np.random.default_rng(0))
    assert isinstance(signed, GHMM)
    with pytest.raises(ValueError, match="coordinates of a GHMM are no states"):
        synchronisation_curve(signed, Ground(signed, 3).histories)
