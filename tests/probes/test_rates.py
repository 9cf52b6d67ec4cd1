"""The sweep behind the preset learning rates: its grid, what it concludes, and how files are brought up to date."""

from typing import Any

import pytest

from compmech import zoo
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject
from probes.presets import CLIPPED, CLIPS, LEARNING_RATES, OTHER_STEPS, RATES, STEPS, clip, learning_rate, steps
from probes.rates import RateTrial, concluded, replaced, sweep, widened


def spec() -> ComparisonSpec:
    subject = Subject("golden_mean", "golden_mean", zoo.golden_mean(), 4)
    chosen = (candidate("gru", {"width": 4, "n_layer": 1}), candidate("bayes"))
    return ComparisonSpec((subject,), chosen, steps=3, batch=4)


def row(process: str, predictor: str, rate: float, kl: float | None, clip: float = 1.0) -> dict[str, Any]:
    diverged = 7 if kl is None else None
    outcome = {"loss": kl, "kl": kl, "symbols_seen": 10, "seconds": 1.0, "diverged": diverged}
    return {"process": process, "predictor": predictor, "rate": rate, "clip": clip, "seed": 0, **outcome}


def test_the_grid_has_every_rate_and_seed_but_no_baselines() -> None:
    trials = RateTrial.grid(spec(), seeds=[1, 2])
    assert [(t.candidate.label, t.training.lr, t.training.clip, t.seed) for t in trials] == [
        ("gru", rate, bound, seed) for rate in RATES for bound in CLIPS for seed in (1, 2)
    ]


def test_rates_of_one_seed_start_alike_and_end_apart() -> None:
    told: list[str] = []
    trials = RateTrial.grid(spec(), seeds=[1], rates=(1e-3, 1e-1), clips=(1.0,))
    found = sweep(trials, workers=1, advance=lambda amount: None, done=told.append)
    assert [r["rate"] for r in found] == [1e-3, 1e-1]
    assert {(r["process"], r["predictor"], r["steps"], r["batch"], r["symbols_seen"]) for r in found} == {
        ("golden_mean", "gru", 3, 4, 60)
    }
    assert found[0]["kl"] != found[1]["kl"]
    assert len(told) == 2


def test_the_best_is_the_least_kl_and_an_edge_is_said() -> None:
    rows = [row("p", "gru", r, kl) for r, kl in ((0.1, 3.0), (0.2, 1.0), (0.3, None))]
    rows += [row("p", "lstm", r, kl) for r, kl in ((0.1, 1.0), (0.2, 2.0), (0.3, 3.0))]
    found = concluded(rows)
    assert found["best"] == {"p": {"gru": {"lr": 0.2, "clip": 1.0}, "lstm": {"lr": 0.1, "clip": 1.0}}}
    inside, edge = found["best_lines"]
    assert "edge" not in inside
    assert "edge" in edge


def test_new_rows_replace_those_of_their_process_and_predictor_only() -> None:
    old = [row("p", "gru", 0.1, 1.0), row("p", "lstm", 0.1, 1.0), row("q", "gru", 0.1, 1.0)]
    new = [row("p", "gru", 0.2, 2.0)]
    assert replaced(old, new) == [old[1], old[2], new[0]]


def test_preset_rates_say_where_they_come_from() -> None:
    rate, where = learning_rate("rrxor", "gru")
    assert rate == LEARNING_RATES["rrxor"]["gru"]
    assert "recorded sweep on rrxor" in where
    rate, where = learning_rate("nemo", "gru")
    assert rate == pytest.approx((LEARNING_RATES["rrxor"]["gru"] * LEARNING_RATES["mess3"]["gru"]) ** 0.5)
    assert where == "the geometric mean over the recorded sweeps on mess3 and rrxor"
    rate, where = learning_rate("nemo", "lru")
    assert rate == pytest.approx(LEARNING_RATES["mess3"]["lru"])
    assert where == "the best of the recorded sweep on mess3"
    assert "default" in learning_rate("rrxor", "plug-in")[1]


def test_preset_clips_are_recorded_or_the_smallest_recorded() -> None:
    assert clip("rrxor", "transformer") == CLIPPED["rrxor"]["transformer"]
    assert clip("nemo", "transformer") == min(CLIPPED["rrxor"]["transformer"], CLIPPED["mess3"]["transformer"])
    assert clip("rrxor", "plug-in") in CLIPS


def test_the_clip_is_chosen_with_the_rate() -> None:
    rows = [row("p", "gru", r, kl, clip=bound) for r, bound, kl in ((0.1, 0.1, 1.5), (0.1, 1.0, 2.0))]
    rows += [row("p", "gru", r, kl, clip=bound) for r, bound, kl in ((0.2, 0.1, 0.5), (0.2, 1.0, 0.4))]
    rows += [row("p", "gru", r, kl, clip=bound) for r, bound, kl in ((0.4, 0.1, 0.39), (0.4, 1.0, 3.0))]
    found = concluded(rows)
    assert found["best"] == {"p": {"gru": {"lr": 0.2, "clip": 1.0}}}  # .40 is within a tenth of .39
    assert "lr 0.4, clip 0.1 gives 0.39, no better by the rule" in found["best_lines"][0]


def test_preset_steps() -> None:
    assert steps("rrxor") == STEPS["rrxor"]
    assert steps("nemo") == OTHER_STEPS


def test_a_grid_grows_where_its_best_rate_is_at_the_edge() -> None:
    trials = RateTrial.grid(spec(), seeds=[1, 2], rates=(0.1, 0.2, 0.4), clips=(1.0,))
    high = [row("golden_mean", "gru", r, kl) for r, kl in ((0.1, 3.0), (0.2, 2.0), (0.4, 1.0))]
    found = widened(trials, high)
    assert [(t.training.lr, t.seed, t.training.steps) for t in found] == [(pytest.approx(0.8), s, 3) for s in (1, 2)]
    low = [row("golden_mean", "gru", r, kl) for r, kl in ((0.1, None), (0.2, None), (0.4, None))]
    assert [t.training.lr for t in widened(trials, low)] == [pytest.approx(0.05)] * 2
    inside = [*high, row("golden_mean", "gru", 0.8, 2.0)]
    assert widened(trials, inside) == []


def test_the_number_of_seeds_is_stated() -> None:
    rows = [row("p", "gru", r, 1.0 + r) | {"seed": seed} for r in (0.1, 0.2, 0.3) for seed in (1, 2, 3)]
    (line,) = concluded(rows)["best_lines"]
    assert "over 3 seeds" in line
