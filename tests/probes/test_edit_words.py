"""What is said of edits and of ranks follows the rows, and never more than they show."""

from dataclasses import replace

import pytest

from probes.intervention import VERDICTS, EditEffect
from probes.ranking import with_ranks
from probes.report import save_page
from probes.report.edit_words import edit_scale, edit_words
from probes.report.rank_words import rank_words
from probes.results import Comparison
from probes.tables import ShareRow
from tests.probes.sample_comparison import RRXOR, sample_comparison


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return sample_comparison(n_seed=2, n_point=50)


def edited(predictor: str, verdict: str, effect: float | None = 0.9, **more) -> EditEffect:
    given = {
        "process": RRXOR, "predictor": predictor, "seed": 0, "site": None, "edit": "carry", "kind": "transplant",
        "horizon": 4, "kl_to_injected": 0.1, "kl_to_original": 0.5, "effect": effect, "control": "", "low": 0.85,
        "high": 0.95, "verdict": verdict, "strength": 1.0, "later": 0.3, "moved": 0.2, "due": 0.2,
        "start": "own belief", "row": 8, "cases": 64, "excluded": 0.0, "through": "encoding", "depth": 4,
    }  # fmt: skip
    return EditEffect(**(given | more))


def shared(share: float | None, through: str = "encoding", **more) -> ShareRow:
    given = {
        "process": RRXOR, "predictor": "gru", "seed": 0, "site": None, "edit": "carry", "through": through,
        "horizon": 4, "share": share, "low": 0.7, "high": 0.9, "component": 0.5, "whole": 0.6, "row": 8, "cases": 64,
    }  # fmt: skip
    return ShareRow(**(given | more))


def said(comparison: Comparison, *rows: EditEffect, shares: tuple[ShareRow, ...] = ()) -> dict[str, str]:
    with_edits = replace(comparison, edits=list(rows), shares=list(shares))
    return {name: " ".join(told) for name, told in edit_words(with_edits, with_edits.processes[1]).items()}


def test_nothing_is_said_without_edits(comparison: Comparison) -> None:
    assert said(comparison) == {}
    assert edit_scale(comparison, comparison.processes[1]) == ""
    assert said(comparison, edited("gru", "as Bayes", control="wrong-belief")) == {}
    elsewhere = replace(comparison, edits=[edited("gru", "as Bayes")])
    assert edit_words(elsewhere, elsewhere.processes[0]) == {}


def test_an_edit_that_moved_the_predictions_is_said_with_its_interval(comparison: Comparison) -> None:
    rows = [edited("gru", "as Bayes"), edited("gru", "stays", horizon=1, effect=0.1)]
    assert said(comparison, *rows) == {
        "GRU": "Predictions went to those of the injected belief on exchanging the whole of everything carried "
        "(0.90, 0.85 to 0.95)."
    }
    scale = edit_scale(replace(comparison, edits=rows), comparison.processes[1])
    assert "After 8 symbols" in scale
    assert "next 4 symbols" in scale
    assert "with bootstrap intervals over histories" in scale
    scale = edit_scale(replace(comparison, edits=[*rows, replace(rows[0], seed=1)]), comparison.processes[1])
    assert "means over 2 seeds with t intervals" in scale


def test_what_could_not_move_is_never_called_robust(comparison: Comparison) -> None:
    by = said(
        comparison,
        edited("transformer", "recomputes", edit="row t", site="layer.0", later=0.01),
        edited("gru", "cannot change the future", edit="row t", site="layer.0", later=-0.001),
    )
    assert (
        "the whole of row t of layer.0 (later 0.00) cannot change the future: nothing after row t reads it" in by["GRU"]
    )
    assert "The network recomputes the whole of row t of layer.0 (later 0.01)" in by["Transformer"]
    assert "does not say that the belief is not used" in by["Transformer"]
    for text in by.values():
        assert "robust" not in text.replace("That is no robustness", "")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_a_sentence_of_its_own(comparison: Comparison, verdict: str) -> None:
    text = said(comparison, edited("lstm", verdict))["LSTM"]
    assert "everything carried (0.90, 0.85 to 0.95)" in text
    others = {said(comparison, edited("lstm", other))["LSTM"] for other in VERDICTS if other != verdict}
    assert text not in others


def test_seeds_are_averaged_and_where_they_do_not_agree_counted(comparison: Comparison) -> None:
    one = edited("gru", "as Bayes", 0.8, kind="belief", site="layer.0.carry")
    two = edited("gru", "as Bayes", 0.9, kind="belief", site="layer.1.carry", seed=1)
    gru = said(comparison, one, two)["GRU"]
    # 0.85 and 12.7062 (t of 97.5 % with one degree of freedom) times 0.05
    assert "carried layer.0.carry or layer.1.carry (encoding 0.85, 0.21 to 1.49)" in gru
    gru = said(comparison, one, replace(two, verdict="part of the way"))["GRU"]
    assert "Seeds do not agree on the belief component of the carried layer.0.carry or layer.1.carry" in gru
    assert "“as Bayes” in 1 and “part of the way” in 1 of 2." in gru


def test_both_ways_to_find_the_component_stand_side_by_side(comparison: Comparison) -> None:
    rows = [edited("gru", "part of the way", 0.3 + 0.1 * i, kind="belief", through=w) for i, w in enumerate(WAYS)]
    gru = said(comparison, *rows, shares=(shared(0.8), shared(0.6, "probe"), shared(0.1, edit="row t", site="x")))[
        "GRU"
    ]
    assert "(encoding 0.30, 0.85 to 0.95; probe 0.40, 0.85 to 0.95)" in gru
    assert gru.endswith(
        "through the belief component of everything carried: 0.80, 0.70 to 0.90 as the encoding finds it and 0.60, "
        "0.70 to 0.90 as the probe finds it."
    )
    gru = said(comparison, *rows, shares=(shared(None, reason="none"),))["GRU"]
    assert "hardly an effect of which that of everything carried could be a share" in gru


WAYS = ("encoding", "probe")


def test_infinite_effects_are_not_averaged(comparison: Comparison) -> None:
    rows = [
        edited("gru", "not as Bayes", float("-inf"), low=None, high=None),
        edited("gru", "not as Bayes", 0.2, seed=1),
    ]
    assert "(−∞ and 0.20)" in said(comparison, *rows)["GRU"]


def test_ranks_say_who_is_surely_above_whom_or_that_nothing_is() -> None:
    several = with_ranks(sample_comparison(n_seed=5, n_point=50))
    rrxor = several.processes[1]
    (text,) = rank_words(several, rrxor)
    sure = [d for d in several.differences if d.process == RRXOR and d.p_adjusted <= 0.05]
    assert sure
    assert "With 95 % confidence in all of it together" in text
    assert "Means over 5 seeds of R² of beyond" in text
    lstm = next(d for d in sure if {d.one, d.other} == {"lstm", "transformer"})
    assert f"by {abs(lstm.mean):.3f}" in text
    assert text.index("LSTM above") < text.index("Mamba above")
    assert "Transformer above" not in text
    unsure = replace(several, differences=[replace(d, p_adjusted=0.06) for d in several.differences])
    (text,) = rank_words(unsure, rrxor)
    assert text.endswith("Nothing is sure: no network is above another with 95 % confidence.")
    assert rank_words(replace(several, ranks=several.ranks[:1]), several.processes[0]) == []


def test_the_page_holds_both(comparison: Comparison, tmp_path) -> None:
    ranked = with_ranks(replace(comparison, edits=[edited("gru", "as Bayes")]))
    text = save_page(ranked, tmp_path, []).read_text(encoding="utf-8")
    assert "Predictions went to those of the injected belief" in text
    assert "Means over 2 seeds of R²" in text
