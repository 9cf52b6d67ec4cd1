"""A whole comparison in small: what every table must hold, and that nothing but the seed decides it."""

import json
import math
from dataclasses import asdict, dataclass, replace

import numpy as np
import pytest

from compmech import zoo
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.presets import STEPS
from probes.results import Comparison, Row, Run
from probes.rows import across_seeds


def small_spec(*predictors: str, seeds: int = 1, processes: tuple[str, ...] = ("z1r",)) -> ComparisonSpec:
    """Short trainings on short words. Beyond has a dimension on Z1R, none on the golden mean."""
    chosen = []
    for word in predictors:
        networks = {
            "gru": {"width": 8},
            "lstm": {"width": 8},
            "mamba": {"width": 8, "n_layer": 1},
            "transformer": {"width": 8, "n_layer": 1, "n_head": 1, "head_width": 4, "mlp_width": 8},
        }
        chosen.append(candidate(word, networks.get(word)))
    subjects = tuple(Subject(name, f"{name}(p=0.5)", zoo.get(name)(), 6) for name in processes)
    return ComparisonSpec(subjects, tuple(chosen), seeds=seeds, steps=40, batch=16)


@dataclass(frozen=True)
class Finished:
    comparison: Comparison
    checkpoints: dict[tuple[str, str, int | None], bytes]


def run(spec: ComparisonSpec, seed: int = 0, workers: int = 1) -> Finished:
    checkpoints: dict[tuple[str, str, int | None], bytes] = {}

    def keep(run: Run, checkpoint: bytes | None) -> None:
        if checkpoint is not None:
            checkpoints[run.process, run.predictor, run.seed] = checkpoint

    return Finished(compare(spec, rng=np.random.default_rng(seed), workers=workers, done=keep), checkpoints)


def timeless(row: Row) -> Row:
    return replace(row, seconds=None)


@pytest.fixture(scope="module")
def finished() -> Finished:
    return run(small_spec("gru", "k-gram", "uniform", "bayes", seeds=2, processes=("golden_mean", "z1r")))


@pytest.fixture(scope="module")
def comparison(finished: Finished) -> Comparison:
    return finished.comparison


@pytest.mark.parametrize("process", ["golden_mean", "z1r"])
def test_exact_bayes_is_the_ceiling(comparison: Comparison, process: str) -> None:
    (run_of_bayes,) = [r for r in comparison.runs if r.process == process and r.predictor == "bayes"]
    assert run_of_bayes.kl == pytest.approx(0.0, abs=1e-14)  # rounding of one filter against another
    (row,) = comparison.only(
        process=process,
        predictor="bayes",
        site="belief",
        target="belief",
        control="",
        split="history",
        weighting="probability",
    )
    assert row.score == pytest.approx(1.0, abs=1e-6)  # ridge with its smallest penalty


def test_the_uniform_predictor_is_as_far_away_as_enumeration_says(comparison: Comparison) -> None:
    # KL to a uniform predictor is log 2 - H[X_t | history]: for Z1R averaged over rows 1 .. 6
    process = zoo.z1r()
    words = np.array(list(np.ndindex(*(2,) * 6)))
    p = np.exp(process.log_prob(words))
    predicted = process.predict(words[p > 0])[:, 1:]
    entropy = -np.sum(predicted * np.log(np.where(predicted > 0, predicted, 1)), axis=-1)
    expected = float(p[p > 0] @ (math.log(2) - entropy).mean(axis=1))
    (found,) = [r.kl for r in comparison.runs if r.process == "z1r" and r.predictor == "uniform"]
    assert found == pytest.approx(expected, rel=1e-12)


def test_every_control_of_the_table_has_rows(comparison: Comparison) -> None:
    ours = {row.control for row in comparison.rows if row.process == "z1r"}
    assert ours >= {
        "",
        "untrained",
        "shuffled",
        "permuted-classes",
        "random-features",
        "last-k",
        "suffix-grams",
        "position",
        "true-p",
        "true-log-p",
        "in-sample",
        "in-sample shuffled",
        "in-sample gaussian",
    }
    assert {row.weighting for row in comparison.rows} == {"probability", "uniform"}
    assert {row.target for row in comparison.rows} == {"belief", "next", "beyond"}
    assert {row.split for row in comparison.rows} == {"history", "class", "none"}


def test_every_empty_score_has_a_reason_and_every_number_is_a_number(comparison: Comparison) -> None:
    for row in comparison.rows:
        assert (row.score is None) == bool(row.reason), row
        for value in asdict(row).values():
            assert not (isinstance(value, float) and math.isnan(value)), row
    empty = comparison.only(process="golden_mean", target="beyond")
    assert empty
    assert all(row.score is None for row in empty)


def test_what_only_knows_the_next_symbol_knows_nothing_beyond_it(comparison: Comparison) -> None:
    (row,) = comparison.only(
        process="z1r",
        predictor="bayes",
        site="output",
        target="beyond",
        control="",
        split="history",
        weighting="uniform",
    )
    assert row.score is not None
    assert row.score < 0.05


def test_rows_carry_the_budget_and_the_kl_of_their_run(comparison: Comparison) -> None:
    for row in comparison.only(predictor="gru", control="", seed=1):
        (own,) = [r for r in comparison.runs if (r.process, r.predictor, r.seed) == (row.process, "gru", 1)]
        assert (row.parameters, row.symbols_seen, row.kl) == (own.parameters, own.symbols_seen, own.kl)
        assert own.kl == pytest.approx(np.mean(own.kl_by_row))


def test_a_short_training_has_a_learning_curve(comparison: Comparison) -> None:
    for own in comparison.runs:
        if own.predictor == "gru":
            assert own.training["eval_every"] == 4  # of 40 steps
            assert len(own.learning["kl"]) == len(own.learning["symbols"]) == 11


def test_the_preset_budgets_are_evaluated_every_100_steps() -> None:
    subject = Subject("mess3", "Mess3", zoo.mess3(), 6)
    gru = candidate("gru", None)
    for steps, every in ((1, 1), (5, 1), (99, 10), (100, 10), *((steps, 100) for steps in STEPS.values())):
        spec = ComparisonSpec((subject,), (gru,), steps=steps)
        assert spec.training_of(subject, gru)[0].eval_every == every


def test_the_learning_curve_ends_near_the_final_kl(comparison: Comparison) -> None:
    # the curve is measured on a sample of words, the run on all histories
    for own in comparison.runs:
        if own.predictor == "gru":
            assert own.learning["kl"][-1] == pytest.approx(own.kl, rel=0.25)
            assert own.learning["kl"][-1] < own.learning["kl"][0]


def test_means_across_seeds_are_means(comparison: Comparison) -> None:
    rows = comparison.only(
        process="z1r", predictor="gru", site="final", target="belief", control="", split="history", weighting="uniform"
    )
    assert [row.seed for row in rows] == [0, 1]
    first, second = (row.score for row in rows)
    assert first is not None
    assert second is not None
    mean, half = (first + second) / 2, 12.706204736432095 * abs(first - second) / 2  # t of one degree of freedom
    for row in rows:
        assert row.seeds_mean == pytest.approx(mean)
        assert row.seeds_high == pytest.approx(mean + half)


def test_one_seed_has_no_mean_across_seeds(comparison: Comparison) -> None:
    alone = [replace(row, seeds_mean=None, seeds_low=None, seeds_high=None) for row in comparison.rows if row.seed == 0]
    assert all(row.seeds_mean is None for row in across_seeds(alone))


def test_the_results_survive_their_file(comparison: Comparison) -> None:
    assert Comparison.from_json(comparison.to_json()) == comparison


def test_the_same_seed_gives_the_same_rows_and_bytes_however_many_workers(finished: Finished) -> None:
    again = run(small_spec("gru", "bayes", seeds=2), workers=2)
    assert len(again.checkpoints) == 2
    assert again.checkpoints.items() <= finished.checkpoints.items()
    for predictor in ("gru", "bayes", ""):
        before = finished.comparison.only(process="z1r", predictor=predictor)
        assert [timeless(row) for row in again.comparison.only(predictor=predictor)] == [timeless(r) for r in before]
    pictures = [p for p in finished.comparison.pictures if p.process == "z1r" and p.predictor in ("gru", "bayes")]
    assert again.comparison.pictures == pictures


def test_another_seed_gives_other_weights(finished: Finished) -> None:
    other = run(small_spec("gru"), seed=1)
    assert other.checkpoints["z1r", "gru", 0] != finished.checkpoints["z1r", "gru", 0]


def test_a_further_predictor_changes_no_row_of_the_others(comparison: Comparison) -> None:
    more = run(small_spec("lstm", "gru")).comparison
    mine = [timeless(row) for row in more.only(process="z1r", predictor="gru")]
    before = [
        replace(timeless(row), seeds_mean=None, seeds_low=None, seeds_high=None)
        for row in comparison.only(process="z1r", predictor="gru", seed=0)
    ]
    assert mine == before


@pytest.mark.parametrize("kind", ["transformer", "lstm", "mamba"])
def test_every_architecture_goes_through(kind: str) -> None:
    found = run(small_spec(kind)).comparison
    sites = {row.site for row in found.only(predictor=kind, control="")}
    assert sites >= {"embed", "layer.0", "final", "output"}
    (own,) = found.runs
    assert own.kl is not None
    assert own.kl < own.learning["kl"][0]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"seeds": 0}, "seeds must be an integer of at least 1"),
        ({"steps": 0}, "steps must be"),
        ({"batch": 0}, "batch must be"),
        ({"max_histories": 0}, "max_histories must be an integer of at least 1"),
        ({"subjects": ()}, "at least one process"),
        ({"candidates": ()}, "at least one predictor"),
    ],
)
def test_an_impossible_specification_is_refused(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(small_spec("gru"), **change)


def test_a_site_that_no_predictor_has_is_refused_before_training() -> None:
    with pytest.raises(ValueError, match=r"site 'layer\.7'"):
        run(replace(small_spec("gru", "bayes"), sites=("belief", "layer.7")))


def test_only_the_wanted_sites_are_probed() -> None:
    found = run(replace(small_spec("gru", "bayes"), sites=("layer.0.carry",))).comparison
    assert {row.site for row in found.only(predictor="gru")} == {"layer.0.carry", "output"}
    assert {row.site for row in found.only(predictor="bayes")} == {"output"}


def test_a_length_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        Subject("z1r", "z1r", zoo.z1r(), 0)


def test_a_predictor_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="gru is given 2 times"):
        small_spec("gru", "gru")


def test_the_longest_suffix_is_recorded_with_its_curve(comparison: Comparison) -> None:
    grams = [row for row in comparison.rows if row.control == "suffix-grams" and row.score is not None]
    where = [(row.process, row.target, row.split, row.weighting) for row in grams]
    curves = comparison.suffix_curves
    assert [(c.process, c.target, c.split, c.weighting) for c in curves] == where
    for row, curve in zip(grams, curves, strict=True):
        assert len(curve.values) == row.length
        assert curve.values[0] == 0.0
        assert {int(K) for K in row.setting.removeprefix("K=").split("/")} == set(curve.chosen)
        if len(set(curve.chosen)) == 1:
            assert row.score == pytest.approx(curve.values[curve.chosen[0]], abs=1e-12)
    assert Comparison.from_json(comparison.to_json()).suffix_curves == curves
    assert {row.setting for row in comparison.rows if row.control == "last-k"} == {
        f"k={k}" for k in range(1, grams[0].length + 1)
    }


def test_random_features_are_as_wide_as_every_site(comparison: Comparison) -> None:
    for process in {row.process for row in comparison.rows}:
        of_sites = {row.width for row in comparison.only(process=process) if row.predictor not in ("", "bayes")}
        made = {row.width for row in comparison.only(process=process) if row.control == "random-features"}
        assert of_sites <= made


def test_a_record_without_curves_is_read(comparison: Comparison) -> None:
    old = json.loads(comparison.to_json())
    del old["suffix_curves"], old["files"]
    for row in old["rows"]:
        del row["setting"]
    found = Comparison.from_json(json.dumps(old))
    assert (found.suffix_curves, found.files) == ([], {})
