"""Edits, ranks and budgets of a comparison: what they hold, and that the standing rows stay byte for byte."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from compmech import zoo
from predictors import ProcessPredictor, flops
from predictors.recurrent import GRUConfig
from probes.baselines import known_at_once
from probes.budget import training_flops
from probes.candidates import candidate
from probes.causal import causal_rows
from probes.comparison import ComparisonSpec, Subject, compare
from probes.further import Further
from probes.ground import prepare
from probes.headline import headline_target, networks
from probes.intervention import VERDICTS
from probes.ranking import headline_scores, paired_differences, ranking, with_ranks
from probes.report.figures import save_figures
from probes.report.numerals import decimal
from probes.report.table import terminal_table
from probes.results import Comparison
from probes.tables import BudgetRow
from tests.probes.sample_comparison import sample_comparison

EDITS = ("carry", "rows<=t", "row t")


def asked(further: Further | None = None) -> Comparison:
    spec = ComparisonSpec(
        (Subject("z1r", "z1r", zoo.z1r(), 4),),
        (candidate("gru", {"width": 4, "n_layer": 1}),),
        seeds=2,
        steps=10,
        batch=8,
        sites=("layer.0", "layer.0.carry"),
        further=further or Further(),
    )
    return compare(spec, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def plain() -> Comparison:
    return asked()


@pytest.fixture(scope="module")
def full() -> Comparison:
    return asked(Further(edits=EDITS, edit_cases=8, checkpoints=4))


def timeless(comparison: Comparison) -> str:
    return replace(comparison, rows=[replace(row, seconds=None) for row in comparison.rows]).to_csv()


def test_no_byte_of_the_standing_rows_changes(plain: Comparison, full: Comparison) -> None:
    assert timeless(plain) == timeless(full)
    assert plain.ranks == full.ranks
    assert not plain.edits
    assert not plain.shares
    assert not plain.budgets
    assert "further" not in plain.spec
    assert all("checkpoints" in run.training and run.training["checkpoints"] == [] for run in plain.runs)


def test_the_three_edits_stay_apart(full: Comparison) -> None:
    real = [row for row in full.edits if not row.control]
    assert {(row.edit, row.site) for row in real} == {
        ("carry", None),
        ("carry", "layer.0.carry"),
        ("rows<=t", real[-1].site),
        ("row t", real[-1].site),
    }
    assert {(row.kind, row.through) for row in real} == {
        ("transplant", "probe"),
        ("belief", "probe"),
        ("belief", "encoding"),
    }
    assert {(row.predictor, row.seed) for row in real} == {(p, s) for p in networks(full, "z1r") for s in (0, 1)}
    assert all(row.verdict in VERDICTS and row.verdict for row in real if row.effect is not None)
    controls = {row.control for row in full.edits}
    assert controls >= {"", "before", "untrained", "random-direction", "shuffled-probe"}
    assert all(row.cases <= 8 for row in full.edits)
    assert {(row.edit, row.site, row.through) for row in full.shares} == {
        (row.edit, row.site, through) for row in real for through in ("probe", "encoding")
    }
    for share in full.shares:
        assert (share.share is None) == bool(share.reason), share


def test_of_exact_bayes_all_goes_through_the_belief() -> None:
    process = zoo.mess3()
    further = Further(edits=("carry",), edit_kinds=("transplant",), edit_cases=16)
    ground = prepare(process, 4, max_histories=None, further=further, rng=np.random.default_rng(1))
    exact = ProcessPredictor(process)
    (site,) = exact.sites
    found = causal_rows(
        exact, exact, process, ground, {site: 1.0}, names=("mess3", "exact", None), rng=np.random.default_rng(0)
    )
    # the probe of so few histories, and random directions, leave the simplex, which exact Bayes refuses
    assert all(note.endswith("an edit must stay where predictions are nonnegative") for note in found.notes)
    exactly = [share for share in found.shares if share.through == "encoding"]
    assert {(share.site, share.horizon) for share in exactly} == {(s, k) for s in (None, site) for k in (1, 2, 3)}
    assert all(share.share == pytest.approx(1, abs=1e-6) for share in exactly)


def test_what_cannot_be_edited_is_a_note() -> None:
    ground = prepare(zoo.z1r(), 4, max_histories=None, further=Further(edits=EDITS), rng=np.random.default_rng(1))
    uniform = known_at_once("uniform", zoo.z1r())
    assert uniform is not None
    found = causal_rows(
        uniform, uniform, zoo.z1r(), ground, {}, names=("z1r", "uniform", None), rng=np.random.default_rng(0)
    )
    assert not found.effects
    (note,) = found.notes  # nothing was probed, so that the other two edits have no site
    assert note.startswith("uniform on z1r: no edit carry of everything carried: nothing that this predictor carries")


def test_the_last_checkpoint_is_the_trained_network_and_the_first_its_untrained_twin(full: Comparison) -> None:
    target = headline_target(full.processes[0])
    for run in full.runs:
        own = [row for row in full.budgets if (row.predictor, row.seed) == (run.predictor, run.seed)]
        assert [row.step for row in own] == [0, 1, 3, 10]
        first, last = own[0], own[-1]
        assert (last.symbols_seen, last.parameters, last.seconds) == (run.symbols_seen, run.parameters, run.seconds)
        assert last.kl == pytest.approx(run.kl, rel=1e-6)
        assert (first.symbols_seen, first.seconds, first.flops) == (0, 0, 0)
        for row, control in ((first, "untrained"), (last, "")):
            (standing,) = full.only(
                process="z1r", predictor=run.predictor, seed=run.seed, site=row.site, target=target, control=control,
                probe="ridge", split="history", weighting="probability",
            )  # fmt: skip
            assert row.score == pytest.approx(standing.score, abs=1e-9)
            assert row.target == target


def test_operations_are_three_forward_passes() -> None:
    spec = ComparisonSpec((Subject("z1r", "z1r", zoo.z1r(), 6),), (candidate("gru", None),), batch=8)
    training, _ = spec.training_of(spec.subjects[0], spec.candidates[0])
    config = GRUConfig(n_symbol=2, width=8)
    assert training_flops(config, training, 5) == pytest.approx(3 * flops(config, 6) * 6 * 8 * 5)
    assert training_flops("a network of somebody else's", training, 5) is None


def test_ranks_are_those_of_the_headline_scores() -> None:
    found = with_ranks(sample_comparison(n_seed=3, n_point=50))
    for summary in found.processes:
        target = headline_target(summary)
        scores = headline_scores(found, summary.process, target)
        assert len(scores) == 4
        rows = [row for row in found.ranks if row.process == summary.process]
        for row, rank in zip(rows, ranking(scores), strict=True):
            assert (row.predictor, dict(row.by_seed), row.highest, row.lowest, row.among) == (
                rank.predictor, rank.by_seed, rank.highest, rank.lowest, 4,
            )  # fmt: skip
            assert (row.mean, row.low, row.high, row.target) == (rank.mean, rank.low, rank.high, target)
        pairs = [row for row in found.differences if row.process == summary.process]
        for difference, pair in zip(pairs, paired_differences(scores), strict=True):
            assert (difference.one, difference.other, dict(difference.by_seed)) == (pair.one, pair.other, pair.by_seed)
            assert (difference.low, difference.mean, difference.high) == (pair.low, pair.mean, pair.high)
            assert (difference.p, difference.p_adjusted) == (pair.p, pair.p_adjusted)


def test_one_seed_is_not_ranked_and_too_few_are_told() -> None:
    assert with_ranks(sample_comparison(n_point=50)).ranks == []
    several = sample_comparison(n_seed=3, n_point=50)
    lost = [
        replace(row, score=None, reason="refused") if row.predictor == "gru" and row.seed else row
        for row in several.rows
    ]
    found = with_ranks(replace(several, rows=lost))
    assert {rank.predictor for rank in found.ranks} == {"transformer", "lstm", "mamba"}
    assert "rrxor: not ranked, as fewer than two seeds have a score: gru" in found.notes
    keep = {"gru": (0, 1), "lstm": (1, 2)}
    apart = [
        replace(row, score=None, reason="refused") if row.seed not in keep.get(row.predictor, (0, 1, 2, None)) else row
        for row in several.rows
    ]
    unpaired = with_ranks(replace(several, rows=apart))
    assert unpaired.ranks == []
    assert any("rrxor: not ranked: " in note and "share 1 seeds" in note for note in unpaired.notes)


def test_it_comes_back_from_json_and_from_csv(full: Comparison) -> None:
    back = Comparison.from_json(full.to_json())
    for name in ("edits", "shares", "ranks", "differences", "budgets"):
        assert getattr(back, name) == getattr(full, name)
        assert getattr(back, name) or name == "differences"  # of one network there are none
    several = sample_comparison(n_seed=3, n_point=50)
    ranked = replace(with_ranks(several), rows=[], pictures=[])
    back = Comparison.from_json(ranked.to_json())
    assert (back.ranks, back.differences) == (ranked.ranks, ranked.differences)
    older = json.loads(full.to_json())
    for name in ("edits", "shares", "ranks", "differences", "budgets"):
        del older[name]
    assert Comparison.from_json(json.dumps(older)).tables() == {}
    tables = full.tables()
    assert set(tables) == {"edits.csv", "shares.csv", "ranks.csv", "budgets.csv"}
    assert set(ranked.tables()) == {"ranks.csv", "differences.csv"}
    read = {name: list(csv.DictReader(io.StringIO(text))) for name, text in tables.items()}
    assert len(read["edits.csv"]) == len(full.edits)
    assert float(read["budgets.csv"][-1]["score"]) == full.budgets[-1].score
    pairs = [pair.split(":") for pair in read["ranks.csv"][0]["by_seed"].split()]
    assert [(int(seed), float(score)) for seed, score in pairs] == full.ranks[0].by_seed


@pytest.mark.parametrize("width", [40, 80, 100])
def test_the_blocks_fit_and_show_every_seed(full: Comparison, width: int) -> None:
    many = with_ranks(sample_comparison(n_seed=3, n_point=50))
    for comparison, start in ((full, "Of the whole state's effect"), (many, "Ranks by R² of")):
        text = terminal_table(comparison, width)
        assert max(map(len, text.splitlines())) <= width
        assert text.count(f"\n{start}") == len(comparison.processes)
    for rank in many.ranks:
        assert all(f"{value:.3f}" in text for _, value in (*rank.by_seed, (0, rank.mean)) if value < 0.9995)


def test_the_shares_shown_are_those_of_the_longest_horizon(full: Comparison) -> None:
    lines = terminal_table(full, 120).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("network")) + 2
    longest = max(share.horizon for share in full.shares)
    for line, seed in zip(lines[first : first + 2], (0, 1), strict=True):
        cells = line.split()
        assert cells[:2] == ["gru", str(seed)]
        shown = [share for share in full.shares if (share.seed, share.site, share.horizon) == (seed, None, longest)]
        values = ["empty" if share.share is None else decimal(share.share) for share in shown]
        assert [share.through for share in shown] == ["encoding", "probe"]
        assert [cells[2], cells[4]] == values


def test_only_processes_with_budgets_have_the_figure(
    full: Comparison, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("figures")
    names = {path.name for path in save_figures(full, folder)}
    assert "z1r-budget.png" in names
    assert (folder / "z1r-budget.png").read_bytes().startswith(b"\x89PNG")
    foreign = [replace(row, flops=None, predictor="yours") for row in full.budgets]
    assert all(isinstance(row, BudgetRow) for row in foreign)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"edits": ("carries",)}, "there is no edit 'carries'; there are carry, rows<=t, row t"),
        ({"edits": ("carry", "carry")}, "each edit once: carry is given 2 times"),
        ({"edit_kinds": ("transplants",)}, "there is no kind of replacement 'transplants'"),
        ({"edit_cases": 0}, "edit_cases must be an integer of at least 1"),
        ({"checkpoints": 1}, "checkpoints are two or more"),
        ({"checkpoints": -1}, "checkpoints must be an integer of at least 0"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Further(**wrong)  # type: ignore[arg-type]
