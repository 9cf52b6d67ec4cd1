"""The table and the figure of edits: what they say of rows that are known."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from matplotlib.axes import Axes
from planted_predictors import Planted

from compmech import zoo
from probes import EditEffect, causal_effects, causal_share, histories
from probes.report import edit_figure, edit_table
from probes.report.edit_table import verdict_runs
from probes.report.numerals import signed

PROCESS = zoo.rrxor()
PLANTED = Planted(PROCESS, decoy=True)
FOUND = histories(PROCESS, 6)


@pytest.fixture(scope="module")
def rows() -> tuple[EditEffect, ...]:
    found = []
    for kind in ("visible-at-2", "transplant"):
        found += causal_effects(
            PLANTED, PROCESS, FOUND, "used", edit="carry", kind=kind, rng=np.random.default_rng(0), n_case=20,
            strengths=[1.0, 0.5], names=("rrxor", "gru", 0), horizon=3,
        )  # fmt: skip
    return tuple(found)


def panels(rows: tuple[EditEffect, ...]) -> list[Axes]:
    return [axes for axes in edit_figure(rows).axes if axes.get_title(loc="left")]


def test_the_table_has_a_line_for_each_horizon_and_fits_a_terminal(rows: tuple[EditEffect, ...]) -> None:
    shares = causal_share(PLANTED, PROCESS, FOUND, "decoy", edit="carry", rng=np.random.default_rng(0), n_case=20)
    told = edit_table(rows, shares)
    lines = told.splitlines()
    assert max(map(len, lines)) <= 80
    assert "carry, used, t = 3" in lines
    assert "  visible-at-2: 1 stays; 2-3 as Bayes" in lines
    assert sum(line.startswith("  visible-at-2, strength 0.5: ") for line in lines) == 1
    start = lines.index("  transplant: as Bayes")
    assert [line.split()[0] for line in lines[start + 1 : start + 4]] == ["1", "2", "3"]
    assert "+1.000" in lines[start + 1]
    assert "share of the whole state's effect, decoy by carry, encoding" in lines
    assert any(line.startswith("stays: ") for line in lines)
    assert not any(line.startswith("recomputes: ") for line in lines)  # only verdicts that occur are explained


def test_verdicts_of_neighbouring_horizons_are_told_together(rows: tuple[EditEffect, ...]) -> None:
    some = [replace(rows[0], horizon=k, verdict=v) for k, v in enumerate(["stays", "stays", "as Bayes"], 1)]
    assert verdict_runs(some) == ["1-2 stays", "3 as Bayes"]
    assert verdict_runs(some[::-1]) == ["1-2 stays", "3 as Bayes"]
    assert verdict_runs(some[:2]) == ["stays"]


def test_the_figure_draws_what_the_rows_hold(rows: tuple[EditEffect, ...]) -> None:
    first, second = panels(rows)
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["visible-at-2", "transplant"]
    for axes, kind in ((first, "visible-at-2"), (second, "transplant")):
        for label, control, what in (
            ("edited, to injected", "", "kl_to_injected"),
            ("edited, to original", "", "kl_to_original"),
            ("before the edit, to injected", "before", "kl_to_injected"),
            ("random direction", "random-direction", "kl_to_injected"),
        ):
            chosen = [
                r for r in rows if (r.kind, r.control) == (kind, control) and (r.strength == 1 or control == "before")
            ]
            (line,) = (line for line in axes.get_lines() if line.get_label() == label)
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
            np.testing.assert_allclose(line.get_ydata(), [getattr(r, what) for r in chosen])
    assert first.texts[0].get_text() == "carry, used: 1 stays; 2-3 as Bayes"


def test_infinite_values_break_the_line_and_stand_on_top(rows: tuple[EditEffect, ...]) -> None:
    broken = tuple(replace(r, kl_to_original=inf) if not r.control and r.horizon == 2 else r for r in rows)
    (first, _) = panels(broken)
    assert sum(text.get_text() == "∞" for text in first.texts) == 1
    (line,) = (line for line in first.get_lines() if line.get_label() == "edited, to original")
    assert np.isnan(line.get_ydata()).tolist() == [False, True, False]


def test_the_untrained_twin_counts_in_nats_as_it_does_for_the_verdict(rows: tuple[EditEffect, ...]) -> None:
    """A twin that was 0.1 nats away and went 0.09 of it has gone little of the way that the trained network had to."""
    (real,) = (r for r in rows if (r.kind, r.control, r.strength, r.horizon) == ("transplant", "", 1, 1))
    (before,) = (r for r in rows if (r.kind, r.control, r.horizon) == ("transplant", "before", 1))
    twin = replace(real, control="untrained", effect=0.9, kl_to_injected=0.01, verdict="")
    assert before.kl_to_injected is not None
    (line,) = (each for each in edit_table([real, before, twin], []).splitlines() if each.startswith("    1 "))
    assert line.split()[-1] == signed(0.09 / before.kl_to_injected)
    exactly = replace(twin, effect=1.0, kl_to_injected=0.0)
    assert "+1.000" in edit_table([real, before, exactly], []).splitlines()[-4].split()[-1]
