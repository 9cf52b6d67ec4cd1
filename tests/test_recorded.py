"""What is recorded under docs/results agrees with what the code uses and what the README shows."""

import json
import runpy
from dataclasses import fields
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from compmech import zoo
from predictors import CONFIGS, SweepRow, best_setting
from probes.learning import learning_table
from probes.presets import BATCH, CLIPPED, CLIPS, LEARNING_RATES, RATES, STEPS
from probes.report import terminal_table
from probes.results import Comparison

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "docs" / "results" / "learning-rates.json"
DEMO = ROOT / "docs" / "results" / "demo" / "results.json"


def tried(process: str, architecture: str) -> list[dict[str, Any]]:
    rows = json.loads(RECORDED.read_text())["rows"]
    return [row for row in rows if (row["process"], row["predictor"]) == (process, architecture)]


def test_the_presets_are_the_recorded_best() -> None:
    recorded = json.loads(RECORDED.read_text())["best"]
    assert recorded == {
        process: {name: {"lr": rate, "clip": CLIPPED[process][name]} for name, rate in rates.items()}
        for process, rates in LEARNING_RATES.items()
    }


def test_the_best_follows_from_a_full_grid_at_equal_budget() -> None:
    for process, rates in LEARNING_RATES.items():
        for architecture, rate in rates.items():
            rows = tried(process, architecture)
            assert {(row["steps"], row["batch"]) for row in rows} == {(STEPS[process], BATCH)}
            names = [field.name for field in fields(SweepRow)]
            best = best_setting([SweepRow(**{name: row[name] for name in names}) for row in rows])
            assert best == (rate, CLIPPED[process][architecture])


FULL_GRID = ("transformer", "lstm", "gru", "mamba")
"""Architectures of the demo; the others were tried with four rates or more and one clip, one seed each."""


def test_every_setting_of_an_architecture_was_tried_with_the_same_seeds() -> None:
    for process, rates in LEARNING_RATES.items():
        for architecture in rates:
            found = [(row["rate"], row["clip"], row["seed"]) for row in tried(process, architecture)]
            assert sorted(found) == sorted(product(*({entry[i] for entry in found} for i in range(3))))
            tried_rates, clips = ({entry[i] for entry in found} for i in (0, 1))
            if architecture in FULL_GRID:
                assert tried_rates >= set(RATES)
                assert clips == set(CLIPS)
            else:
                assert len(tried_rates) >= 4
                assert clips == {CLIPS[0]}


LEARNING = ROOT / "docs" / "results" / "learning.json"


def test_the_page_on_learning_shows_its_record_and_every_network_learned_every_process() -> None:
    rows = json.loads(LEARNING.read_text())["rows"]
    shown = (ROOT / "docs" / "learning.md").read_text().split("```text\n")[1].split("\n```")[0]
    assert shown == learning_table(rows)
    networks = {(row["process"], row["predictor"]) for row in rows if row["parameters"]}
    assert networks == set(product({row["process"] for row in rows}, CONFIGS))
    steps = {row["steps"] for row in rows}
    assert len(steps) == 1, "one budget"
    # exact Bayes is the floor, up to the rounding of float64
    assert all(max(map(abs, row["kl_nats"])) < 1e-9 for row in rows if row["predictor"] == "bayes")


@pytest.fixture(scope="module")
def demo() -> Comparison:
    return Comparison.from_json(DEMO.read_text())


def test_the_readme_shows_the_recorded_demo(demo: Comparison) -> None:
    text = (ROOT / "README.md").read_text()
    shown = text.split("<!-- demo table -->")[1].split("<!-- end of demo table -->")[0]
    assert shown.strip().removeprefix("```text").removesuffix("```").strip() == terminal_table(demo).strip()


def test_the_recorded_demo_was_run_at_the_preset_budget(demo: Comparison) -> None:
    assert {p["label"]: p["steps"] for p in demo.spec["processes"]} == dict(STEPS)
    for run in demo.runs:
        if run.training:
            assert run.training["lr"] == LEARNING_RATES[run.process][run.predictor]
            assert run.training["clip"] == CLIPPED[run.process][run.predictor]
            assert run.training["batch"] == BATCH


def test_every_process_has_its_statistics_in_two_seconds_of_the_whole_command() -> None:
    """As recorded by docs/time_stats.py; the table is made by its own function, and so is its last line."""
    text = (ROOT / "docs" / "results" / "stats-seconds.txt").read_text()
    _, start_up, *rows, last = text.splitlines()
    seconds = {name: float(taken) for name, taken in (row.split() for row in rows)}
    assert set(seconds) == set(zoo.names())
    assert max(seconds.values()) < 2
    assert float(start_up.split()[-1]) < min(seconds.values())
    assert last.startswith(f"{len(seconds)} processes: ")
    assert last.endswith("0 at or above 2 s")


def test_the_check_of_the_golden_values_is_recorded_for_every_process() -> None:
    text = (ROOT / "docs" / "results" / "processes-check.txt").read_text()
    _, *rows, last = text.splitlines()
    assert {row.split()[0].split("(")[0] for row in rows} == set(zoo.names())
    assert f"{sum(int(row[38:45]) for row in rows)} golden values: 0 off" in last


def test_the_page_on_architectures_shows_its_record() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "reproductions" / "architectures.py"))
    found = json.loads((ROOT / "docs" / "results" / "architectures.json").read_text())
    text = (ROOT / "docs" / "architectures.md").read_text()
    shown = text.split(script["BEGIN"])[1].split(script["END"])[0]
    assert shown.strip() == script["tables"](found)
    assert [each["process"] for each in found["processes"]] == list(script["studies"]())
    for each in found["processes"]:
        first, beside = each["networks"][:7], [net["predictor"] for net in each["networks"][7:]]
        assert [net["predictor"] for net in first] == [*script["ARCHITECTURES"], "k-gram"]
        assert not beside or (each["process"] in script["FOUR"] and set(beside) <= set(script["BESIDE"]))
        assert {len(net["kl"]["by_seed"]) for net in each["networks"]} == {found["seeds"]}
    assert ("one seed of five" in text) == (found["seeds"] == 1)


EXTRACTED = ROOT / "docs" / "results" / "extraction.json"


def test_the_recorded_extractions_add_up_and_recover_what_they_should() -> None:
    found = json.loads(EXTRACTED.read_text())
    for process, counted in found["summary"].items():
        rows = [row for row in found["rows"] if row["process"] == process and row["steps"] is None]
        [exact] = [row for row in rows if row["seed"] is None]
        assert exact["compared"]["isomorphic"], process
        assert exact["compared"]["largest_difference"] < 1e-9
        networks = {row["seed"]: row["compared"] for row in rows if row["seed"] is not None}
        near = [seed for seed, beside in networks.items() if beside["kl_nats"] <= found["kl_nats_of_trained"]]
        good = [
            seed
            for seed in near
            if networks[seed]["isomorphic"] and networks[seed]["largest_difference"] <= found["near"]
        ]
        assert (counted["seeds"], counted["within_kl"], counted["recovered"]) == (list(networks), near, good)
        assert list(networks) == [0, 1, 2, 3, 4]
        assert len(near) == 5, "the page says that all are near enough to the optimum"
        assert len(good) == 5, "the page says that all are recovered; the least that is asked for is 4"
        for row in rows:
            assert row["rollout"]["length"] > row["rollout"]["trained_length"]
            assert all(each["probability"] < 0.01 for each in row["dropped"])


def test_the_recorded_extractions_claim_no_machine_where_there_is_none() -> None:
    rows = json.loads(EXTRACTED.read_text())["rows"]
    mess3 = [row for row in rows if row["process"] == "mess3"]
    assert {row["predictor"] for row in mess3} == {"bayes", "gru"}
    for row in mess3:
        assert row["n_causal_states"] is row["statistical_complexity"] is None
        assert "no finite machine: the number of states grows with the tolerance" in row["reason"]
        assert row["hankel"]["rank"] == 3
    early = [row["compared"] for row in rows if row["steps"] is not None]
    assert [beside["undertrained"] for beside in early] == [True, True, True, True, False]
    assert [beside["isomorphic"] for beside in early] == [False, False, False, True, True]
    kl = [beside["kl_nats"] for beside in early]
    assert kl == sorted(kl, reverse=True)


def test_the_page_on_extraction_shows_its_record() -> None:
    tables = runpy.run_path(str(ROOT / "docs" / "reproductions" / "extraction.py"))["tables"]
    shown = (ROOT / "docs" / "extraction.md").read_text().split("```text\n")[1].split("\n```")[0]
    assert shown == tables(json.loads(EXTRACTED.read_text()))


INFERRED = ROOT / "docs" / "results" / "inference.json"


def test_the_league_of_inference_is_that_of_its_page() -> None:
    """Its table is made of the file's summary, and the summary of its rows."""
    recorded = json.loads(INFERRED.read_text())
    tools = list(dict.fromkeys(line["tool"] for line in recorded["summary"]))
    assert tools[0] == "compmech"
    right = {(line["process"], line["tool"]): line["right"] for line in recorded["summary"]}
    for (process, tool), n in right.items():
        here = [row for row in recorded["rows"] if (row["process"], row["tool"]) == (process, tool)]
        assert n == sum(row.get("right", False) for row in here)
        assert {row["seed"] for row in here} == set(range(10))
    page = (ROOT / "docs" / "inference.md").read_text()
    shown = page.split("<!-- league -->\n")[1].split("<!-- end of league -->")[0].splitlines()[2:]
    assert [line.split(" | ")[0].removeprefix("| ") for line in shown] == list(dict.fromkeys(p for p, _ in right))
    for line in shown:
        process, _, *cells = line.strip("| ").split(" | ")
        assert [int(cell) for cell in cells[: len(tools)]] == [right[process, tool] for tool in tools]


def test_the_coverage_of_intervals_is_that_of_its_page() -> None:
    """The tables are made of the file's rows, and no way of finding intervals is far from 95 %."""
    script = runpy.run_path(str(ROOT / "docs" / "reproductions" / "interval_coverage.py"))
    recorded = json.loads((ROOT / "docs" / "results" / "interval-coverage.json").read_text())
    page = (ROOT / "docs" / "inference.md").read_text()
    shown = page.split("<!-- coverage -->")[1].split("<!-- end of coverage -->")[0]
    assert shown.strip() == script["tables"](recorded)
    assert {row["process"] for row in recorded["coverage"]} == set(script["PROCESSES"])
    assert {row["source"] for row in recorded["false_alarms"]} == set(script["STRUCTURELESS"])
    for row in recorded["coverage"]:
        # three standard errors below the nominal share; more are held where h has its maximum, or C does not vary
        assert row["held"] / row["series"] > 0.95 - 3 * (0.95 * 0.05 / row["series"]) ** 0.5, row
    for row in recorded["false_alarms"]:
        assert row["several_states"] / row["series"] <= 0.05


def test_the_growth_of_mess3_is_that_of_its_page() -> None:
    """The table is made of the file's rows, and what the page says of them holds."""
    script = runpy.run_path(str(ROOT / "docs" / "reproductions" / "mess3_growth.py"))
    recorded = json.loads((ROOT / "docs" / "results" / "mess3-growth.json").read_text())
    page = (ROOT / "docs" / "inference.md").read_text()
    shown = page.split("<!-- mess3 growth -->\n")[1].split("<!-- end of mess3 growth -->")[0]
    assert shown.strip() == script["page_table"](recorded)
    seeds = {row["seed"] for row in recorded["rows"]}
    for symbols in (5_000, 20_000, 80_000):
        rows = [row for row in recorded["rows"] if row["symbols"] == symbols]
        assert {row["seed"] for row in rows} == seeds
        assert len(seeds) >= 3
        growing = sum(row["growth"]["still_growing"] is True for row in rows)
        assert growing > len(rows) / 2
        assert growing == len(rows) or symbols < 80_000
        told = [row for row in rows if not row["is_finite"]]
        assert len(told) == len(rows) or symbols == 5_000
        assert len(told) >= len(rows) / 2
        assert all((row["dimension"], row["n_free"]) == (3, 18) for row in told)
        assert all(row["bits"] < row["finite_bits"] for row in told)
        assert all(row["n_free"] < row["finite_free"] for row in rows if symbols == 80_000)
