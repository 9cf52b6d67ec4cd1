"""Effects of edits over seeds, and their figure: every mark where its number says."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest
from matplotlib.axes import Axes
from numpy.testing import assert_allclose
from scipy.stats import ttest_1samp

from probes.intervention import EditEffect
from probes.report import save_figures, save_page
from probes.report.effect_panels import drawn_kind, effects_figure
from probes.seed_effects import EVERYTHING, ONE_SITE, SeedEffects, seed_effects
from tests.probes.sample_comparison import RRXOR, sample_comparison


def row(effect: float | None, seed: int | None = 0, **more: Any) -> EditEffect:
    given = {
        "process": RRXOR, "predictor": "gru", "seed": seed, "site": None, "edit": "carry", "kind": "belief",
        "horizon": 1, "kl_to_injected": 0.1, "kl_to_original": 0.5, "effect": effect, "control": "", "low": 0.85,
        "high": 0.95, "verdict": "as Bayes", "strength": 1.0, "later": 0.3, "moved": 0.2, "due": 0.2,
        "start": "own belief", "row": 8, "cases": 64, "excluded": 0.0, "through": "encoding", "depth": 4,
    }  # fmt: skip
    return EditEffect(**(given | more))  # type: ignore[arg-type]


def edited(effect: dict[int, float | None], **more: Any) -> SeedEffects:
    given = {
        "predictor": "gru", "edit": "carry", "site": EVERYTHING, "kind": "belief", "through": "encoding", "horizon": 1,
        "control": "", "verdicts": ("as Bayes",),
    }  # fmt: skip
    return SeedEffects(**(given | more), effect=effect)  # type: ignore[arg-type]


def panels(effects: list[SeedEffects], names: list[str]) -> list[Axes]:
    return list(effects_figure(effects, names, "RRXOR").get_axes())


def marks(axes: Axes, marker: str) -> list[tuple[float, float]]:
    lines = [line for line in axes.lines if line.get_marker() == marker and len(line.get_xdata()) == 1]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]


def test_rows_of_one_edit_go_together_and_nothing_else_does() -> None:
    rows = [
        row(0.9),
        row(0.7, 1, verdict="part of the way"),
        row(0.1, control="wrong-belief"),
        row(0.0, control="before", strength=0.0),
        row(0.4, strength=2.0),
        row(0.2, site="layer.0", edit="row t"),
        row(0.3, 1, site="layer.1", edit="row t"),
        row(1.0, None, predictor="bayes"),
    ]
    found = {(e.edit, e.site, e.control): e for e in seed_effects(rows)}
    assert {key: dict(e.effect) for key, e in found.items()} == {
        ("carry", EVERYTHING, ""): {0: 0.9, 1: 0.7},
        ("carry", EVERYTHING, "wrong-belief"): {0: 0.1},
        ("carry", EVERYTHING, "before"): {0: 0.0},
        ("row t", ONE_SITE, ""): {0: 0.2, 1: 0.3},
    }
    assert found["carry", EVERYTHING, ""].verdicts == ("as Bayes", "part of the way")
    assert found["row t", ONE_SITE, ""].later == {0: 0.3, 1: 0.3}


def test_intervals_are_of_t_over_seeds_and_within_a_single_one() -> None:
    several = edited({0: 0.2, 1: 0.5, 2: 0.3})
    low, high = ttest_1samp([0.2, 0.5, 0.3], 0).confidence_interval(0.95)
    assert (several.mean, *several.interval) == pytest.approx((1 / 3, low, high))
    (alone,) = seed_effects([row(0.9)])
    assert (alone.mean, alone.interval) == (0.9, (0.85, 0.95))
    for missing in (edited({0: 0.5, 1: None}), edited({0: 0.5, 1: -inf})):
        assert missing.mean is None
        assert missing.interval == (None, None)


def test_marks_stand_at_their_means_with_controls_beside_them_and_arrows_below() -> None:
    effects = [
        edited({0: 0.8, 1: 0.6}),
        edited({0: 0.5, 1: 0.3}, horizon=2),
        edited({0: 0.1, 1: 0.1}, control="wrong-belief", verdicts=("",)),
        edited({0: -3.0, 1: -4.0}, control="random-direction", verdicts=("",)),
        edited({0: -inf, 1: 0.0}, control="untrained", verdicts=("",)),
        edited({0: 1.0, 1: 1.0}, kind="transplant", through="probe"),
        edited({0: 0.9, 1: 0.9}, predictor="rnn", edit="row t", site=ONE_SITE),
        edited({0: 0.2, 1: 0.4}, predictor="rnn", edit="row t", site=ONE_SITE, horizon=2, later={0: 0.1, 1: 0.3}),
    ]
    gru, rnn, gru_row, rnn_row = panels(effects, ["gru", "k-gram", "rnn"])  # k-gram was not edited: no column
    assert_allclose(marks(gru, "D"), [(1, 0.7), (2, 0.4)])
    assert [y for _, y in marks(gru, "s")] == pytest.approx([0.1])
    assert [y for _, y in marks(gru, "v")] == [-0.5, -0.5]
    assert [t.get_text() for t in gru.texts] == ["as Bayes"]
    for empty in (rnn, gru_row):
        assert [t.get_text() for t in empty.texts] == ["not edited"]
    assert_allclose(marks(rnn_row, "P"), [(1, 0.9), (2, 0.3)])
    (later,) = [line for line in rnn_row.lines if line.get_linestyle() == ":"]
    assert later.get_ydata() == pytest.approx([0.2])


def test_seeds_that_do_not_agree_are_said_not_to() -> None:
    (axes,) = panels([edited({0: 0.8, 1: 0.2}, verdicts=("as Bayes", "not as Bayes"))], ["gru"])
    assert [" ".join(t.get_text().split()) for t in axes.texts] == ["seeds do not agree"]


def test_the_belief_by_its_encoding_is_drawn_where_there_is_that() -> None:
    one, other = edited({0: 0.5}, through="probe"), edited({0: 0.5}, kind="visible-at-2")
    whole = edited({0: 0.5}, kind="transplant", through="probe")
    assert drawn_kind([one, edited({0: 0.5})]) == ("belief", "encoding")
    assert drawn_kind([whole, other]) == ("visible-at-2", "encoding")
    assert drawn_kind([whole]) == ("transplant", "probe")
    with pytest.raises(ValueError, match="there is no edit to draw"):
        drawn_kind([edited({0: 0.5}, control="untrained")])


def test_a_comparison_with_edits_has_the_figure(tmp_path: Any) -> None:
    comparison = sample_comparison(n_point=50)
    runs = [run for run in comparison.runs if run.predictor == "gru"]
    bare = replace(comparison, processes=comparison.processes[1:], runs=runs, rows=[], pictures=[], suffix_curves=[])
    comparison = replace(bare, edits=[row(0.9), row(0.8, horizon=2)])
    paths = save_figures(comparison, tmp_path)
    assert f"{RRXOR}-edits.png" in [path.name for path in paths]
    page = save_page(comparison, tmp_path, paths).read_text()
    assert "edits-0" in page
    assert "No edit was made" not in page
    assert "No edit was made" in save_page(replace(comparison, edits=[]), tmp_path, paths).read_text()
