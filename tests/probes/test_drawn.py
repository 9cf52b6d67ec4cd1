"""What of many networks and seeds is drawn and told: the best, all their seeds, and it is said."""

from dataclasses import replace

import pytest

from probes.headline import headline, networks
from probes.ranking import with_ranks
from probes.report.drawn import drawn, of_process
from probes.report.overview import headline_lines, latex_table, markdown_table
from probes.results import Comparison
from tests.probes.sample_comparison import NETWORKS, RRXOR, sample_comparison


def many(n_seed: int) -> Comparison:
    """Every network of the sample four times, each time a little worse."""
    one = sample_comparison(n_seed=n_seed, n_point=20)
    own = of_process(one, one.processes[1])
    parts = []
    for i in range(4):
        names = {name: f"{name}-{i}" for name in NETWORKS}
        rows = [
            replace(row, predictor=names.get(row.predictor, row.predictor), score=row.score and row.score - 0.01 * i)
            for row in own.rows
            if row.predictor in names or i == 0
        ]
        runs = [
            replace(r, predictor=names.get(r.predictor, r.predictor))
            for r in own.runs
            if r.predictor in names or i == 0
        ]
        parts.append((runs, rows))
    return with_ranks(replace(own, runs=[r for p in parts for r in p[0]], rows=[r for p in parts for r in p[1]]))


def test_a_small_comparison_is_drawn_whole() -> None:
    whole = sample_comparison(n_point=20)
    own = of_process(whole, whole.processes[0])
    assert {row.process for row in own.rows} == {"mess3"}
    found = drawn(own, own.processes[0], n_process=2)
    assert (found.told, found.comparison, found.note) == (own, own, "")


def test_of_many_networks_the_best_are_drawn_and_it_is_said() -> None:
    comparison = many(n_seed=2)
    summary = comparison.processes[0]
    found = drawn(comparison, summary)
    kept = networks(found.told, RRXOR)
    scores = {name: headline(comparison, RRXOR, name, "beyond").best.value for name in networks(comparison, RRXOR)}  # type: ignore[union-attr]
    assert len(scores) == 16
    assert set(kept) == set(sorted(scores, key=lambda name: -scores[name])[:12])  # type: ignore[operator]
    assert found.note == (
        "Told and drawn are the 12 of 16 networks with the highest R²; the tables and results.csv have all."
    )
    assert {rank.predictor for rank in found.told.ranks} <= set(kept)
    assert all({pair.one, pair.other} <= set(kept) for pair in found.told.differences)
    assert "bayes" in found.told.named(RRXOR)
    assert len(networks(drawn(comparison, summary, n_process=16).told, RRXOR)) == 4


def test_of_many_seeds_the_first_are_lines_and_all_are_told() -> None:
    comparison = many(n_seed=5)
    found = drawn(comparison, comparison.processes[0])
    assert {run.seed for run in found.comparison.runs} == {None, 0, 1, 2}  # 36 lines of 12 networks
    assert {run.seed for run in found.told.runs} == {None, 0, 1, 2, 3, 4}
    assert found.comparison.rows == found.told.rows
    assert "3 of 5 seeds as lines" in found.note


@pytest.mark.parametrize("table", [markdown_table, latex_table])
def test_the_tables_hold_the_headline_of_all(table) -> None:  # type: ignore[no-untyped-def]
    whole = sample_comparison(n_point=20)
    lines = headline_lines(whole)
    assert [(line.process, line.predictor) for line in lines[:2]] == [("Mess3", "Transformer"), ("Mess3", "LSTM")]
    assert len(lines) == 14
    text = table(lines)
    found = headline(whole, RRXOR, "mamba", "beyond").best
    assert found is not None
    assert f"{found.value:.3f}" in text
    assert "layer.1.ssm" in text
    body = [line for line in text.splitlines() if "Mamba" in line]
    assert len(body) == 2
    separator = " | " if table is markdown_table else " & "
    assert {line.count(separator) for line in body} == {9}


def test_latex_has_no_sign_that_it_cannot_set() -> None:
    whole = sample_comparison(n_point=20)
    named = replace(whole, processes=[replace(p, title="a_b 50 % & more (x = 1)") for p in whole.processes])
    text = latex_table(headline_lines(named))
    assert text.isascii(), sorted({c for c in text if not c.isascii()})
    assert r"a\_b 50 \% \& more" in text
    assert r"$6.0\times10^{-4}$" in text
    assert r"$\infty$" in text
