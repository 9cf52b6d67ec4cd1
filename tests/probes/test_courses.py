"""Trainings side by side: every line is where its numbers say, and intervals are those of Student."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import ttest_1samp

from probes.dynamics import Moment, Watched
from probes.pictures import Plane
from probes.report.courses import geometry_figure, seeds_figure
from probes.report.watching import Course


def course(seed: int, r2: dict[int, float], kl: dict[int, float] | None = None) -> Course:
    loss = kl or {step: 1 / (1 + step) for step in r2}
    moments = tuple(Moment(step, "layer.0", "belief", value, value, None, loss[step]) for step, value in r2.items())
    pictures: dict[int, Any] = dict.fromkeys(r2, (np.empty((0, 2)), np.empty((0, 2))))
    watched = Watched(moments, (), pictures, ("layer.0", "belief"))
    nowhere = Plane(np.empty((0, 2)), np.zeros(2), np.eye(2), "principal", (), np.empty((0, 3)))
    return Course(f"gru on z1r, seed {seed}", "gru on z1r", watched, nowhere, np.empty(0, int), np.empty(0))


def test_geometry_stands_against_loss_and_the_end_has_a_ring() -> None:
    figure = geometry_figure([course(0, {0: 0.1, 10: 0.9}), course(1, {0: -3.0, 10: 0.8})], ["belief"], ["layer.0"])
    ax = figure.get_axes()[0]
    lines = [line for line in ax.lines if len(line.get_xdata()) > 1 and line.get_marker() == "o"]
    assert_allclose([line.get_xdata() for line in lines], [[1, 1 / 11], [1, 1 / 11]])
    assert_allclose([line.get_ydata() for line in lines], [[0.1, 0.9], [-0.2, 0.8]])  # -3 is at the edge
    rings = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert_allclose([line.get_ydata() for line in rings], [[0.9], [0.8]])
    left, right = ax.get_xlim()
    assert left > right  # training goes to the right
    assert figure.get_suptitle() == "gru on z1r: what is read, against loss"
    alone = geometry_figure([course(3, {0: 0.1, 10: 0.9})], ["belief"], ["layer.0"])
    assert alone.get_suptitle() == "gru on z1r, seed 3: what is read, against loss"


def test_the_optimum_itself_has_no_place_on_a_log_axis() -> None:
    figure = geometry_figure([course(0, {0: 0.1, 10: 1.0}, {0: 0.5, 10: 0.0})], ["belief"], ["layer.0"])
    line = next(line for line in figure.get_axes()[0].lines if line.get_marker() == "o")
    assert list(line.get_xdata()) == [0.5]


def test_seeds_have_their_mean_and_interval_where_all_were_looked_at() -> None:
    trained = [course(0, {0: 0.0, 10: 0.2, 30: 0.9}), course(1, {0: 0.1, 10: 0.5}), course(2, {0: 0.0, 10: 0.3})]
    figure = seeds_figure(trained, ["belief"], "layer.0")
    scores, loss = figure.get_axes()[:2]
    (mean,) = [line for line in scores.lines if line.get_marker() == "o"]
    assert list(mean.get_xdata()) == [0.5, 10]
    assert_allclose(mean.get_ydata(), [0.1 / 3, 1 / 3])
    low, high = ttest_1samp([0.2, 0.5, 0.3], 0).confidence_interval(0.95)
    (bars,) = scores.collections
    assert_allclose(bars.get_segments()[1], [[10, low], [10, high]])
    thin = [line for line in scores.lines if line.get_alpha() == 0.6]
    assert [len(line.get_xdata()) for line in thin] == [3, 2, 2]
    assert loss.get_yscale() == "log"


def test_one_training_and_trainings_that_share_nothing_have_no_interval() -> None:
    with pytest.raises(ValueError, match="needs two or more; got 1"):
        seeds_figure([course(0, {0: 0.1})], ["belief"], "layer.0")
    with pytest.raises(ValueError, match="none that all share"):
        seeds_figure([course(0, {0: 0.1}), course(1, {1: 0.1})], ["belief"], "layer.0")
