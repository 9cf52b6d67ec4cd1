"""What the page says first, and what it calls predictors: by what tells them apart."""

from dataclasses import replace
from typing import Any

from probes.report.in_brief import in_brief
from probes.report.plain_names import plain_names, plainly_named
from probes.results import Comparison
from probes.tables import DifferenceRow
from tests.probes.sample_comparison import sample_comparison

LONG = "gru-width16-n_layer1"


def brief(comparison: Comparison, i: int) -> str:
    return in_brief(comparison, comparison.processes[i])


def test_scores_stand_beside_what_untrained_networks_and_none_at_all_give() -> None:
    comparison = sample_comparison()
    said = brief(comparison, 1)
    assert said.startswith("3 of the belief's 4 dimensions do not show in a forecast of the next symbol; they are read")
    best = {row.predictor: 0.0 for row in comparison.only(process="rrxor", target="beyond", control="")}
    for row in comparison.only(
        process="rrxor", target="beyond", control="", probe="ridge", split="history", weighting="probability"
    ):
        best[row.predictor] = max(best[row.predictor], row.score or 0.0)
    for name, network in {"gru": "GRU", "lstm": "LSTM", "mamba": "Mamba", "transformer": "Transformer"}.items():
        assert f"{best[name]:.3f} from {network}" in said
    assert said.index("from GRU") < said.index("from LSTM") < said.index("from Mamba") < said.index("from Transformer")
    assert "against up to " in said
    assert "without any network (suffix-grams" in said
    assert "distinct beliefs a high R² may say no more than that they are told apart" in said
    assert "Is it used?" not in said
    assert "so no score here tells a network that holds the belief" in brief(comparison, 0)


def test_nothing_is_said_where_no_network_was_read() -> None:
    comparison = sample_comparison()
    assert brief(replace(comparison, runs=[], rows=[row for row in comparison.rows if not row.predictor]), 1) == ""


def test_what_seeds_bear_out_is_said() -> None:
    comparison = sample_comparison(n_seed=2, n_point=50)

    def with_p(*values: float) -> Comparison:
        pairs = [DifferenceRow("rrxor", "beyond", "gru", "lstm", [], 0.1, 0.0, 0.2, p, p) for p in values]
        return replace(comparison, differences=pairs)

    assert "means over 2 seeds" in brief(comparison, 1)
    assert "Over seeds" not in brief(comparison, 1)
    assert "Over seeds the difference between them is not sure (95 %)." in brief(with_p(0.2), 1)
    assert "Over seeds 1 of the 3 differences between networks is sure" in brief(with_p(0.2, 0.01, 0.06), 1)
    assert "Over seeds none of the 2 differences" in brief(with_p(0.2, 0.3), 1)


def predictor(label: str, kind: str, **settings: Any) -> dict[str, Any]:
    return {"label": label, "kind": kind, "settings": settings}


def test_settings_that_all_of_a_kind_have_alike_are_not_in_its_name() -> None:
    grus = [predictor(f"gru-width{n}-n_layer1-lr1e-05", "gru", width=n, n_layer=1) for n in (16, 32)]
    assert list(plain_names(grus).values()) == ["gru-width16", "gru-width32"]
    assert plain_names([predictor(LONG, "gru", width=16, n_layer=1), predictor("bayes", "bayes")]) == {LONG: "gru"}


def test_labels_that_somebody_wrote_stay() -> None:
    assert plain_names([predictor("gru-small", "gru", width=16)]) == {}
    assert plain_names([predictor("mine", "gru", width=16)]) == {}
    assert plain_names([predictor("gruff-width16", "gru", width=16)]) == {}
    # a name that would stand for two is no name
    assert plain_names([predictor(LONG, "gru", width=16, n_layer=1), predictor("gru", "mamba")]) == {}


def test_a_comparison_with_plain_names_is_the_same_otherwise() -> None:
    plain = sample_comparison(n_seed=2, n_point=50)
    assert plainly_named(replace(plain, spec={})) == replace(plain, spec={})

    def labelled(row: Any) -> Any:
        return replace(row, predictor=LONG) if row.predictor == "gru" else row

    spec = {"predictors": [predictor(LONG, "gru", width=16, n_layer=1), predictor("lstm", "lstm")]}
    long = replace(
        plain,
        spec=spec,
        runs=[labelled(run) for run in plain.runs],
        rows=[labelled(row) for row in plain.rows],
        pictures=[labelled(picture) for picture in plain.pictures],
        differences=[DifferenceRow("rrxor", "beyond", LONG, "lstm", [], 0.1, 0.0, 0.2, 0.1, 0.1)],
    )
    found = plainly_named(long)
    assert (found.rows, found.runs, found.pictures) == (plain.rows, plain.runs, plain.pictures)
    assert (found.differences[0].one, found.differences[0].other) == ("gru", "lstm")
    assert found.notes == [*plain.notes, f"in results.csv and in stores, gru is {LONG}"]
    assert found.spec == spec
