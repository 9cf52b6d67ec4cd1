"""The headline numbers: what is ranked, against what, and what never is."""

from dataclasses import replace

import pytest

from probes.headline import (
    MODEL_FREE,
    best_model_free,
    beyond_dimensions,
    control_scores,
    headline,
    headline_target,
    layer_of,
    networks,
    predictors,
    scored,
    site_kind,
    site_scores,
    why_nothing_beyond,
)
from probes.results import Comparison, Row
from tests.probes.sample_comparison import BEYOND, EMPTY, MESS3, RRXOR, sample_comparison


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return sample_comparison(n_point=50)


def a_row(comparison: Comparison, **wanted: object) -> Row:
    defaults = {"process": RRXOR, "target": "beyond", "split": "history", "weighting": "probability", "control": ""}
    (row,) = comparison.only(**(defaults | wanted))
    return row


def with_rows(comparison: Comparison, *rows: Row) -> Comparison:
    return replace(comparison, rows=[*comparison.rows, *rows])


@pytest.mark.parametrize("predictor", list(BEYOND))
def test_best_site_is_the_highest_held_out_score_by_probability(comparison: Comparison, predictor: str) -> None:
    rows = comparison.only(
        process=RRXOR, predictor=predictor, target="beyond", control="", split="history", weighting="probability"
    )
    best = max((row for row in rows if row.site != "output"), key=lambda row: row.score or -9.0)
    found = headline(comparison, RRXOR, predictor, "beyond")
    assert found.best is not None
    assert (found.best.site, found.best.value) == (best.site, best.score)
    assert found.best.value == pytest.approx(BEYOND[predictor])
    for beside, asked in (
        (found.uniform, {"weighting": "uniform"}),
        (found.permuted, {"control": "permuted-classes"}),
    ):
        assert beside is not None
        assert beside.rows == (a_row(comparison, predictor=predictor, site=best.site, **asked),)


def test_difference_is_to_the_best_model_free_baseline(comparison: Comparison) -> None:
    found = headline(comparison, RRXOR, "gru", "beyond")
    free = [s.value for name in MODEL_FREE for s in control_scores(comparison, RRXOR, "beyond", name)]
    assert found.baseline is not None
    assert found.baseline.value == max(free) == 0.79
    assert found.difference == pytest.approx(0.998 - 0.79)


def test_ceilings_are_never_subtracted(comparison: Comparison) -> None:
    ceiling = a_row(comparison, process=MESS3, target="belief", predictor="", control="true-p")
    found = headline(comparison, MESS3, "gru", "belief")
    assert found.baseline is not None
    assert found.baseline.value is not None
    assert ceiling.score is not None
    assert ceiling.score > found.baseline.value
    assert found.baseline.control == "suffix-grams"


def test_in_sample_rows_are_never_ranked(comparison: Comparison) -> None:
    best = headline(comparison, RRXOR, "mamba", "beyond").best
    real = a_row(comparison, predictor="mamba", site="layer.0")
    planted = [
        replace(real, split="none", control="in-sample", score=1.0, probe="ols"),
        replace(real, split="none", control="", score=1.0, probe="ols"),
        replace(real, split="none", control="suffix-grams", predictor="", score=1.0),
    ]
    assert headline(with_rows(comparison, *planted), RRXOR, "mamba", "beyond").best == best
    # and it would win if it were held out
    held = replace(real, site="layer.9", score=1.0)
    again = headline(with_rows(comparison, held), RRXOR, "mamba", "beyond").best
    assert again is not None
    assert again.site == "layer.9"


def test_random_features_of_another_width_are_not_its_baseline(comparison: Comparison) -> None:
    best = headline(comparison, RRXOR, "gru", "beyond").best
    assert best is not None
    width = best.rows[0].width
    made = replace(a_row(comparison, predictor="", control="random-features"), score=0.9)
    wider, as_wide = replace(made, width=width + 1), replace(made, width=width)
    others = with_rows(comparison, wider)
    assert headline(others, RRXOR, "gru", "beyond") == headline(comparison, RRXOR, "gru", "beyond")
    assert headline(with_rows(others, as_wide), RRXOR, "gru", "beyond").baseline == scored([as_wide])
    assert best_model_free(others, RRXOR, "beyond", width + 1) == scored([wider])
    assert (
        best_model_free(with_rows(others, as_wide), RRXOR, "beyond", None)
        == headline(comparison, RRXOR, "gru", "beyond").baseline
    )


def test_widths_of_a_control_are_scores_of_their_own(comparison: Comparison) -> None:
    wide = replace(a_row(comparison, predictor="", control="last-k"), width=999, score=0.97)
    found = headline(with_rows(comparison, wide), RRXOR, "gru", "beyond").baseline
    assert found is not None
    assert (found.control, found.value, len(found.rows)) == ("last-k", 0.97, 1)


def test_output_is_ranked_only_for_predictors_without_internal_values(comparison: Comparison) -> None:
    output = a_row(comparison, predictor="gru", site="output")
    rows = [replace(row, score=1.0) if row == output else row for row in comparison.rows]
    best = headline(replace(comparison, rows=rows), RRXOR, "gru", "beyond").best
    assert best is not None
    assert best.site != "output"
    uniform = headline(comparison, RRXOR, "uniform", "beyond").best
    assert uniform is not None
    assert uniform.site == "output"


def test_nothing_beyond_is_empty_with_its_reason(comparison: Comparison) -> None:
    mess3, rrxor = comparison.processes
    assert (beyond_dimensions(mess3), headline_target(mess3)) == (0, "belief")
    assert (beyond_dimensions(rrxor), headline_target(rrxor)) == (3, "beyond")
    assert why_nothing_beyond(comparison, mess3) == EMPTY
    assert why_nothing_beyond(comparison, rrxor) == ""
    found = headline(comparison, MESS3, "gru", "beyond")
    assert found.best is not None
    assert (found.best.value, found.best.reason, found.difference) == (None, EMPTY, None)


def test_seeds_are_averaged_and_their_interval_is_across_seeds() -> None:
    comparison = sample_comparison(n_seed=3, n_point=50)
    best = headline(comparison, RRXOR, "mamba", "beyond").best
    assert best is not None
    assert [row.seed for row in best.rows] == [0, 1, 2]
    scores = [row.score for row in best.rows if row.score is not None]
    assert len(set(scores)) == 3
    assert best.value == pytest.approx(sum(scores) / 3)
    assert (best.low, best.high) == (best.rows[0].seeds_low, best.rows[0].seeds_high)
    assert best.low != best.rows[0].low


def test_a_seed_without_a_score_is_said(comparison: Comparison) -> None:
    row = a_row(comparison, predictor="gru", site="layer.0")
    found = scored([row, replace(row, seed=1, score=None, reason="too few rows")])
    assert found is not None
    assert (found.value, found.low) == (row.score, row.low)
    assert found.reason == "1 of 2 seeds have no score: too few rows"
    empty = scored([replace(row, score=None, reason="")])
    assert empty is not None
    assert (empty.value, empty.reason) == (None, "no score was recorded")
    assert scored([]) is None


def test_predictors_come_networks_first_then_baselines_then_bayes(comparison: Comparison) -> None:
    assert networks(comparison, RRXOR) == list(BEYOND)
    assert predictors(comparison, RRXOR) == [*BEYOND, "k-gram", "uniform", "bayes"]
    turned = replace(comparison, runs=comparison.runs[::-1])
    assert predictors(turned, RRXOR)[-3:] == ["uniform", "k-gram", "bayes"]


@pytest.mark.parametrize(
    ("site", "kind", "layer"),
    [
        ("embed", "stream", "embed"),
        ("layer.1", "stream", "layer.1"),
        ("layer.1.ssm", "ssm", "layer.1"),
        ("layer.10.cell", "cell", "layer.10"),
        ("final", "stream", "final"),
        ("output", "output", "output"),
        ("belief", "stream", "belief"),
    ],
)
def test_kind_and_layer_of_a_site(site: str, kind: str, layer: str) -> None:
    assert (site_kind(site), layer_of(site)) == (kind, layer)


def test_site_scores_keep_the_order_of_the_predictor(comparison: Comparison) -> None:
    sites = [score.site for score in site_scores(comparison, RRXOR, "mamba", "beyond")]
    assert sites[:4] == ["embed", "layer.0.conv", "layer.0.ssm", "layer.0"]


def test_low_scores_have_no_verdict(comparison: Comparison) -> None:
    verdicts = {name: headline(comparison, RRXOR, name, "beyond").best for name in ("transformer", "gru")}
    assert {name: score and score.verdict for name, score in verdicts.items()} == {
        "transformer": "",
        "gru": "discriminates states",
    }
