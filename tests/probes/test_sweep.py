"""Cells of a sweep: one that fails stops no other, one that was stopped goes on, and what is asked is its name."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compmech import zoo
from compmech.stored_cells import finished_cells
from probes.candidates import Candidate, candidate
from probes.comparison import CellsFailed, ComparisonSpec, Subject, compare
from probes.further import Further
from probes.recalled import recalled
from probes.results import Comparison
from probes.store import Store, key_of
from probes.sweep import under_way
from probes.sweep.engine import Advance, Here
from probes.sweep.loggers import Begun, EndedCell, FailedCell, JsonLines
from probes.sweep.plan import planned
from probes.sweep.slots import slots_of
from probes.sweep.under_way import Taken
from probes.sweep.work import Busy, Finished, Work, carry_out

DIVERGES = Candidate("wild", "gru", {"width": 4, "n_layer": 1}, 9e37)
SPEC = ComparisonSpec(
    subjects=(Subject("golden_mean", "golden_mean(p=0.5)", zoo.golden_mean(), 5),),
    candidates=(candidate("gru", {"width": 4, "n_layer": 1}),),
    steps=20,
    batch=4,
)


class Told:
    """A logger that remembers."""

    def __init__(self) -> None:
        self.events: list[Begun | EndedCell | FailedCell | str] = []

    def begin(self, sweep: Begun) -> None:
        self.events.append(sweep)

    def cell(self, ended: EndedCell) -> None:
        self.events.append(ended)

    def failed(self, failure: FailedCell) -> None:
        self.events.append(failure)

    def close(self) -> None:
        self.events.append("closed")


def run(spec: ComparisonSpec, store: Store | None = None, **more: object) -> Comparison:
    return compare(spec, rng=np.random.default_rng(0), store=store, **more)  # type: ignore[arg-type]


def timeless(found: Comparison) -> Comparison:
    return replace(
        found,
        rows=[replace(row, seconds=None) for row in found.rows],
        runs=[replace(run, seconds=0.0) for run in found.runs],
        budgets=[replace(row, seconds=0.0) for row in found.budgets],
    )


# ------------------------------------------------------------------------------------------------------------- failing


def test_a_failing_cell_is_told_at_the_end_and_stops_no_other(tmp_path: Path) -> None:
    told, store = Told(), Store(tmp_path / "store")
    with pytest.raises(CellsFailed, match=r"1 of 4 cells failed: golden_mean, wild, seed 0: TrainingDiverged") as error:
        run(replace(SPEC, candidates=(DIVERGES, *SPEC.candidates)), store, loggers=[told])
    assert [failure.name for failure in error.value.failures] == ["golden_mean, wild, seed 0"]
    rest = error.value.comparison
    assert rest is not None
    assert timeless(replace(rest, notes=[], spec={})) == timeless(replace(run(SPEC), notes=[], spec={}))
    assert any(note.startswith("failed: golden_mean, wild, seed 0: TrainingDiverged") for note in rest.notes)
    assert [type(event).__name__ for event in told.events].count("FailedCell") == 1
    assert told.events[-1] == "closed"
    (failed,) = (tmp_path / "store" / "failed").iterdir()
    noted = json.loads(failed.read_text())
    assert noted["spec"]["predictor"]["label"] == "wild"
    assert "Traceback" in noted["trace"]
    assert len(store) == 3


def test_where_no_predictor_is_left_there_is_no_comparison() -> None:
    with pytest.raises(CellsFailed) as error:
        run(replace(SPEC, candidates=(DIVERGES,)))
    assert error.value.comparison is None


def test_a_failure_is_forgotten_when_the_cell_is_finished(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    words = {"process": {"label": "x"}}
    store.note_failure(words, "ValueError: of yesterday", "")
    found = run(SPEC)
    store.keep(words, found)
    assert list((store.folder / "failed").iterdir()) == []


# --------------------------------------------------------------------------------------------------------- under way


class Stopping(BaseException):
    """Not an error that a cell may end in: as Ctrl-C, it comes through."""


@pytest.mark.parametrize("checkpoints", [0, 3])
def test_a_stopped_training_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoints: int
) -> None:
    monkeypatch.setattr(under_way, "SAVED_EVERY", 0.0)
    spec = replace(SPEC, further=Further(checkpoints=checkpoints))
    weights: dict[str, bytes | None] = {}

    def stopping(after: int) -> Callable[[int], None]:
        done = [0]

        def advance(steps: int) -> None:
            done[0] += steps
            if done[0] >= after:
                raise Stopping

        return advance

    plain = run(spec, done=lambda run, content: weights.update(plain=content))
    store = Store(tmp_path / "store")
    with pytest.raises(Stopping):
        run(spec, store, advance=stopping(13))
    assert len(store) == 1  # what is known of the process
    steps: list[int] = []
    found = run(spec, store, advance=steps.append, done=lambda run, content: weights.update(again=content))
    assert next(filter(None, steps)) == 12  # evaluations, and states, are every other step
    assert sum(steps) == 20
    assert timeless(found) == timeless(plain)
    assert weights["again"] == weights["plain"]
    assert list((store.folder / "partial").iterdir()) == []


@pytest.mark.parametrize("damage", ["state.safetensors", "environment.json"])
def test_states_that_are_damaged_or_of_other_versions_are_not_gone_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(under_way, "SAVED_EVERY", 0.0)
    store = Store(tmp_path / "store")

    def stop_late(steps: int) -> None:
        late.append(steps)
        if sum(late) == 3:
            raise Stopping

    late: list[int] = []
    with pytest.raises(Stopping):
        run(SPEC, store, advance=stop_late)
    (partial,) = (store.folder / "partial").iterdir()
    (partial / damage).write_bytes(b"{}")
    (partial / "state.previous.safetensors").unlink(missing_ok=True)
    steps: list[int] = []
    found = run(SPEC, store, advance=steps.append)
    assert next(filter(None, steps)) == 1
    assert timeless(found) == timeless(run(SPEC))


def test_a_cell_is_done_by_one_process_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "partial" / "key"
    with (
        under_way.under_way(folder, {}, wait=False),
        pytest.raises(Taken),
        under_way.under_way(folder, {}, wait=False),
    ):
        pytest.fail("taken twice")
    assert not folder.exists()
    with under_way.under_way(folder, {}, wait=True):
        assert folder.is_dir()


def test_a_cell_that_another_process_is_at_comes_later(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    words = {"any": "words"}
    found = run(SPEC)

    def unasked(ground: object) -> None:
        pytest.fail("done twice")

    work = Work(unasked, None, words, store.folder)  # type: ignore[arg-type]
    with under_way.under_way(store.partial(words), {}, wait=False):
        assert carry_out(work, print) == Busy()
        store.keep(words, found)
    # what was finished meanwhile is found, and not done again
    ended = carry_out(replace(work, wait=True), print)
    assert isinstance(ended, Finished)
    assert ended.found == found


# -------------------------------------------------------------------------------------------------- names and records


def test_a_cell_is_named_as_it_was_in_stores_that_are_there() -> None:
    # keys of the version before cells had budgets of their own: stores must go on being found
    spec = replace(SPEC, subjects=(replace(SPEC.subjects[0], length=6),))
    keys = {slot.kind: key_of(slot.words(7) | {"version": "0.1.0"}) for slot in slots_of(spec)}
    assert keys["predictor"] == "0d61dea81016b0329fb31db8d4f26b3ef112ec52a0df2c0c5007d969531e70ec"
    assert keys["controls"] == "92b7449286f0d9d45ed2a969404b865c2ee1eb98c16bd5c2bce0fc11c28782e7"


def test_a_budget_of_its_own_is_another_cell() -> None:
    own = replace(SPEC, candidates=(replace(SPEC.candidates[0], steps=21, batch=5),))
    (plain,) = [slot for slot in slots_of(SPEC) if slot.kind == "predictor"]
    (other,) = [slot for slot in slots_of(own) if slot.kind == "predictor"]
    assert (other.training.steps, other.training.batch) == (21, 5)  # type: ignore[union-attr]
    assert other.words(0)["predictor"] == {**plain.words(0)["predictor"], "steps": 21, "batch": 5}
    assert key_of(plain.words(0)) != key_of(other.words(0))


def test_named_seeds_are_those_of_a_longer_run(tmp_path: Path) -> None:
    both, second = run(replace(SPEC, seeds=2)), run(replace(SPEC, seeds=(1,)))
    assert [run.seed for run in second.runs] == [1]
    assert replace(second.runs[0], seconds=0.0) == replace(both.runs[1], seconds=0.0)


@pytest.mark.parametrize(("seeds", "complaint"), [((), "got none"), ((0, -1), "got -1"), ((1, 1), "each seed once")])
def test_impossible_seeds_are_refused(seeds: tuple[int, ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(SPEC, seeds=seeds)


def test_a_comparison_is_recalled_from_its_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    found = run(replace(SPEC, seeds=2), store, command="compmech compare x.toml", source="seeds = 2")
    (experiment,) = store.experiments()
    assert (experiment.command, experiment.source) == ("compmech compare x.toml", "seeds = 2")
    assert recalled(store, experiment) == (found, 0)
    run(replace(SPEC, seeds=2), store, command="the same, asked otherwise")
    assert [one.command for one in store.experiments()] == ["the same, asked otherwise"]

    key = next(cell.key for cell in finished_cells(store.folder) if "predictor" in cell.spec())
    (store.folder / "cells" / key / "DONE").unlink()
    rest, missing = recalled(store, experiment)
    assert missing == 1
    assert len(rest.runs) == 1
    with pytest.raises(ValueError, match="no finished predictor"):
        recalled(Store(tmp_path / "other"), experiment)


def test_json_lines_tell_all_of_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    run(SPEC, store, loggers=[JsonLines(store.log)])
    run(SPEC, store, loggers=[JsonLines(store.log)])
    events = [json.loads(line) for line in store.log.read_text().splitlines()]
    assert [event["event"] for event in events] == ["begin", "cell", "cell", "cell", "end", "begin", "end"]
    assert (events[0]["found"], events[5]["found"]) == (0, 3)
    (network,) = [event for event in events if event["event"] == "cell" and event["name"] == "golden_mean, gru, seed 0"]
    assert network["metrics"]["cell_seconds"] > network["metrics"]["seconds"] > 0
    assert network["asked"]["config.width"] == 4
    assert network["asked"]["training.steps"] == 20
    assert len(network["curve"]) == 11
    assert network["metrics"]["kl"] == network["curve"][-1][1] or network["metrics"]["kl"] > 0


# ---------------------------------------------------------------------------------------------------------------- plan


def test_a_plan_knows_what_is_finished_and_what_the_rest_costs(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    run(SPEC, store)
    more = (candidate("lstm", {"width": 4, "n_layer": 1}), candidate("bayes"))
    spec = replace(SPEC, seeds=2, candidates=(*SPEC.candidates, *more))
    cells = {cell.name: cell for cell in planned(spec, store, rng=np.random.default_rng(0))}
    # the controls are those of sites as wide as these
    assert [cell.finished for cell in cells.values()] == [True, False, False, False, False, True]
    gru, lstm, bayes = (cells[f"golden_mean, {name}"] for name in ("gru, seed 1", "lstm, seed 1", "bayes"))
    assert gru.symbols == 20 * 4 * 6
    assert gru.how == "store"  # of seed 0
    assert gru.seconds > 0
    assert lstm.how == "training"
    assert lstm.seconds > 0
    # six rows of 4 gates with 2 * 4 * 4 products and 4 more, and a readout of 2 * 4; forward and backward
    assert gru.flops == pytest.approx(3 * 2 * (3 * 2 * 16 + 4 + 8) * 6 * 4 * 20)
    assert (bayes.symbols, bayes.flops, bayes.how) == (0, None, "")


def fail_on_odd(item: int, advance: Advance) -> int:
    if item % 2:
        raise ZeroDivisionError(str(item))
    return item


def test_an_engine_raises_what_a_function_does() -> None:
    with pytest.raises(ZeroDivisionError):
        list(Here().run(fail_on_odd, [0, 1, 2], print))
