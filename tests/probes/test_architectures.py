"""The comparison of architectures in small: its summary is what the comparison found, and a stop costs nothing."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import ttest_1samp

from probes.pieces import run_piece
from probes.ranking import with_ranks
from probes.results import Comparison
from probes.summary import over_seeds
from tests.probes.sample_comparison import sample_comparison

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "reproductions" / "architectures.py"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict, Path]:  # type: ignore[type-arg]
    """Two seeds of a network of six updates on nemo: the comparison, its summary, and the store."""
    globals_of_script = SCRIPT["run"].__globals__
    globals_of_script["FURTHER"] = replace(globals_of_script["FURTHER"], edits=("carry",), edit_cases=6)
    folder = tmp_path_factory.mktemp("architectures") / "store"
    study = replace(SCRIPT["studies"]()["nemo"], length=6, steps=6)
    store = SCRIPT["Store"](folder)
    found = SCRIPT["run"](store, {"nemo": study}, ("gru",), seeds=2, workers=1)
    return found, SCRIPT["of_process"](found["nemo"]), folder


def test_intervals_are_those_of_student() -> None:
    found = over_seeds({0: 0.2, 1: 0.5, 2: 0.3})
    low, high = ttest_1samp([0.2, 0.5, 0.3], 0).confidence_interval(0.95)
    assert (found["mean"], found["low"], found["high"]) == pytest.approx((1 / 3, low, high))
    assert over_seeds({0: 0.2, 1: None})["mean"] is None
    assert over_seeds({0: float("inf"), 1: 0.1}) == {
        "by_seed": {"0": "inf", "1": 0.1},
        "mean": None,
        "low": None,
        "high": None,
    }


def test_the_summary_is_what_was_found(small) -> None:  # type: ignore[no-untyped-def]
    found, summary, _ = small
    comparison = found["nemo"]
    json.dumps(summary, allow_nan=False)
    assert [net["predictor"] for net in summary["networks"]] == ["gru", "k-gram"]
    assert summary["target"] == "beyond"
    for net in summary["networks"]:
        runs = {str(run.seed): run.kl for run in comparison.runs if run.predictor == net["predictor"]}
        assert net["kl"]["by_seed"] == runs
        assert len(runs) == 2
    gru = next(net for net in summary["networks"] if net["predictor"] == "gru")
    rows = comparison.only(
        process="nemo", target="beyond", control="", predictor="gru", split="history", weighting="probability"
    )
    rows = [row for row in rows if row.probe == "ridge" and row.site == gru["headline"]["site"]]
    assert gru["headline"]["by_seed"] == {str(row.seed): row.score for row in rows}
    assert {edit["edit"] for edit in gru["edits"]} == {"carry"}
    one = next(
        e for e in gru["edits"] if (e["edit"], e["site"], e["kind"], e["control"]) == ("carry", "all", "transplant", "")
    )
    effects = [
        row
        for row in comparison.edits
        if (row.predictor, row.edit, row.site, row.kind, row.control, row.horizon, row.through)
        == ("gru", "carry", None, "transplant", "", one["horizon"], one["through"])
    ]
    assert one["effect"]["by_seed"] == {str(row.seed): row.effect for row in effects}


def test_the_tables_show_every_network(small) -> None:  # type: ignore[no-untyped-def]
    text = SCRIPT["tables"]({"processes": [small[1]]})
    lines = [line for line in text.splitlines() if line.startswith("| gru")]
    assert len(lines) == 2  # what is read, and what edits do
    value = next(net for net in small[1]["networks"] if net["predictor"] == "gru")["headline"]["mean"]
    assert f"{value:.3f} (" in lines[0]
    assert not any(line.startswith("| k-gram") for line in text.splitlines()[-3:])  # nothing of it can be edited


def test_what_is_in_the_store_is_not_done_again(small, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    _, summary, folder = small
    monkeypatch.setattr("probes.sweep.work.run_piece", lambda *args: pytest.fail("done again"))
    study = replace(SCRIPT["studies"]()["nemo"], length=6, steps=6)
    again = SCRIPT["run"](SCRIPT["Store"](folder), {"nemo": study}, ("gru",), seeds=2, workers=1)
    assert SCRIPT["of_process"](again["nemo"]) == summary


def test_mamba_2_is_as_small_as_mamba() -> None:
    spec = SCRIPT["specification"]("rrxor", SCRIPT["studies"]()["rrxor"], ("mamba", "mamba2"), 1)
    mamba, mamba2 = (next(c for c in spec.candidates if c.label == name) for name in ("mamba", "mamba2"))
    assert mamba.settings == {}  # the preset ones
    assert mamba2.settings == dict(SCRIPT["SIZES"]["mamba"])
    rates = [spec.training_of(spec.subjects[0], one)[0].lr for one in (mamba, mamba2)]
    assert rates[0] == rates[1]


def test_what_stands_beside_leaves_the_others_as_they_were(small, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    _, summary, folder = small
    monkeypatch.setitem(SCRIPT["run"].__globals__, "FOUR", ("nemo",))
    study = replace(SCRIPT["studies"]()["nemo"], length=6, steps=6)
    store, done = SCRIPT["Store"](folder), []
    monkeypatch.setattr("probes.sweep.work.run_piece", lambda *args: done.append(args[0]) or run_piece(*args))
    more = SCRIPT["run"](store, {"nemo": study}, ("gru",), beside=("mingru",), seeds=1, workers=1)
    names = [piece.candidate.label for piece in done if hasattr(piece, "candidate")]
    assert names == ["mingru"]  # nothing of the others is done again
    both = SCRIPT["of_process"](more["nemo"])["networks"]
    assert [net["predictor"] for net in both] == ["gru", "k-gram", "mingru"]
    for net, before in zip(both, summary["networks"], strict=False):
        assert net["kl"]["by_seed"] == {"0": before["kl"]["by_seed"]["0"]}
    assert both[2]["above"] is not None


def test_two_comparisons_together_are_the_one_of_all_networks() -> None:
    whole = replace(sample_comparison(n_seed=3, n_point=50), ranks=[], differences=[])

    def of(names: set[str]) -> Comparison:
        return replace(
            whole,
            runs=[run for run in whole.runs if run.predictor in names],
            rows=[row for row in whole.rows if not row.predictor or row.predictor in names],
            pictures=[picture for picture in whole.pictures if picture.predictor in names],
        )

    names = {run.predictor for run in whole.runs}
    wider = [
        replace(row, width=999)
        for row in whole.rows
        if row.control == "random-features" and row.process == whole.processes[0].process
    ]
    other = of({"mamba"})
    found = SCRIPT["together"](of(names - {"mamba"}), replace(other, rows=other.rows + wider))
    key = str
    assert sorted(found.rows, key=key) == sorted([*whole.rows, *wider], key=key)
    assert found.ranks == with_ranks(whole).ranks
    assert {(each.one, each.other) for each in found.differences} >= {("gru", "mamba")}


def test_ranks_and_sure_differences_stand_in_the_page() -> None:
    comparison = sample_comparison(n_seed=5, n_point=50)
    rrxor = comparison.processes[1]
    only = replace(
        comparison,
        processes=[rrxor],
        runs=[run for run in comparison.runs if run.process == rrxor.process],
        spec={"processes": [{"steps": 7}]},
    )
    each = SCRIPT["of_process"](with_ranks(only))
    for rank in each["ranks"]:
        said = f"{rank['highest']}-{rank['lowest']}" if rank["highest"] != rank["lowest"] else f"{rank['highest']}"
        (line,) = (text for text in SCRIPT["_reading"](each).splitlines() if text.startswith(f"| {rank['predictor']} "))
        assert line.split(" | ")[3] == said
    (told,) = SCRIPT["_ranking"](each)
    assert "With 95 % confidence in all of it together" in told
    assert SCRIPT["_ranking"]({**each, "ranks": [], "differences": []}) == []


def test_the_page_is_made_anew_from_the_file(small, tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    file, page = tmp_path / "found.json", tmp_path / "page.md"
    file.write_text(json.dumps({"processes": [small[1]]}))
    page.write_text(f"before\n{SCRIPT['BEGIN']}\nold\n{SCRIPT['END']}\nafter\n")
    SCRIPT["main"](["-o", str(file), "--page", str(page)])
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "```{figure} _figures/edits_by_horizon-nemo.png\n:alt: Edits on nemo, by horizon" in text
    assert capsys.readouterr().out.count("| gru |") == 2
