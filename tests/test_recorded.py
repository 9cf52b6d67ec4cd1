"""What is recorded under docs/results agrees with what the code uses and what the README shows."""

import json
from itertools import product
from math import inf
from pathlib import Path
from statistics import fmean

import pytest

from probes.presets import BATCH, LEARNING_RATES, RATES, STEPS
from probes.report import terminal_table
from probes.results import Comparison

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "docs" / "results" / "learning-rates.json"
DEMO = ROOT / "docs" / "results" / "demo" / "results.json"


def test_the_preset_learning_rates_are_the_recorded_best() -> None:
    recorded = json.loads(RECORDED.read_text())
    assert recorded["best"] == {process: dict(rates) for process, rates in LEARNING_RATES.items()}


def test_the_best_is_the_least_kl_of_a_full_grid_at_equal_budget() -> None:
    rows = json.loads(RECORDED.read_text())["rows"]
    for process, rates in LEARNING_RATES.items():
        for architecture, best in rates.items():
            tried = [row for row in rows if (row["process"], row["predictor"]) == (process, architecture)]
            assert {row["rate"] for row in tried} == set(RATES)
            assert {(row["steps"], row["batch"]) for row in tried} == {(STEPS[process], BATCH)}
            means = {rate: fmean(kl(row) for row in tried if row["rate"] == rate) for rate in RATES}
            assert min(means, key=lambda rate: means[rate]) == best


def kl(row: dict[str, float | None]) -> float:
    """What a training reached; divergence counts as infinite."""
    return inf if row["kl"] is None else row["kl"]


def test_every_rate_of_an_architecture_was_tried_with_the_same_seeds() -> None:
    rows = json.loads(RECORDED.read_text())["rows"]
    for process, rates in LEARNING_RATES.items():
        for architecture in rates:
            tried = [(r["rate"], r["seed"]) for r in rows if (r["process"], r["predictor"]) == (process, architecture)]
            assert sorted(tried) == sorted(product(RATES, {seed for _, seed in tried}))


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
            assert run.training["batch"] == BATCH
