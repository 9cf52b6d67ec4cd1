"""The store: what was finished is found again, whole, by whoever asks the same; what is damaged is said."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compmech import zoo
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.further import Further
from probes.results import Comparison
from probes.store import Store, StoreError, key_of

SPEC = ComparisonSpec(
    subjects=(Subject("golden_mean", "golden_mean(p=0.5)", zoo.golden_mean(), 6),),
    candidates=(candidate("gru", {"width": 8, "n_layer": 1}), candidate("k-gram"), candidate("bayes")),
    seeds=2,
    steps=4,
    batch=8,
    further=Further(edits=("carry",), edit_cases=8, by_position=True),
)


def run(store: Store | None, spec: ComparisonSpec = SPEC, seed: int = 0) -> tuple[Comparison, list[bytes | None]]:
    weights: list[bytes | None] = []
    found = compare(
        spec, rng=np.random.default_rng(seed), store=store, done=lambda run, content: weights.append(content)
    )
    return found, weights


def without_seconds(found: Comparison) -> Comparison:
    return replace(
        found,
        rows=[replace(row, seconds=None) for row in found.rows],
        runs=[replace(run, seconds=0.0) for run in found.runs],
        budgets=[replace(row, seconds=0.0) for row in found.budgets],
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Comparison, list[bytes | None]]:
    folder = tmp_path_factory.mktemp("store") / "kept"
    found, weights = run(Store(folder))
    return folder, found, weights


@pytest.fixture
def store(filled: tuple[Path, Comparison, list[bytes | None]], tmp_path: Path) -> Store:
    """A copy, to be damaged."""
    from shutil import copytree

    return Store(copytree(filled[0], tmp_path / "copy"))


def test_a_second_run_does_nothing_again_and_gives_the_same(filled, monkeypatch):
    folder, found, weights = filled
    monkeypatch.setattr("probes.sweep.work.run_piece", lambda *args: pytest.fail("done again"))
    again, same = run(Store(folder))
    assert again == found  # seconds included: these are those of the run that did it
    assert sorted(map(str, same)) == sorted(map(str, weights))
    assert len(Store(folder)) == 7  # two GRUs, two counts, exact Bayes, what needs no predictor, and the process


def test_rows_do_not_depend_on_the_store(filled):
    plain, _ = run(None)
    assert without_seconds(plain) == without_seconds(filled[1])


def test_only_what_is_missing_is_done(store, filled, monkeypatch):
    from shutil import rmtree

    import probes.sweep.work as work

    lost = [
        kept.spec for kept in store if kept.spec["piece"] == "predictor" and kept.spec["predictor"]["kind"] == "gru"
    ]
    rmtree(store.folder / "cells" / key_of(lost[0]))
    done = []
    real = work.run_piece
    monkeypatch.setattr(work, "run_piece", lambda piece, *args: done.append(piece) or real(piece, *args))
    again, _ = run(store)
    assert [piece.seed for piece in done] == [lost[0]["seed"]]
    assert without_seconds(again) == without_seconds(filled[1])


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, steps=5),
        replace(SPEC, batch=9),
        replace(SPEC, learning_rate=0.01),
        replace(SPEC, sites=("final", "output", "belief")),
        replace(SPEC, max_histories=40),
        replace(SPEC, further=replace(SPEC.further, twins=2)),
        replace(SPEC, further=replace(SPEC.further, transfer=(("even", zoo.even()),))),
        replace(SPEC, candidates=(candidate("gru", {"width": 9, "n_layer": 1}, label="gru"),)),
        replace(SPEC, subjects=(replace(SPEC.subjects[0], process=zoo.golden_mean(p=0.4)),)),
        replace(SPEC, subjects=(replace(SPEC.subjects[0], length=7),)),
    ],
)
def test_whatever_changes_a_result_is_another_piece(store, other, monkeypatch):
    class Asked(Exception):
        pass

    def refuse(*args, **kwargs):
        raise Asked

    monkeypatch.setattr("probes.sweep.sweep.carry_out", refuse)
    with pytest.raises(Asked):
        run(store, other)
    with pytest.raises(Asked):
        run(store, seed=1)


def test_more_seeds_and_predictors_add_to_what_is_there(store, monkeypatch):
    import probes.sweep.work as work

    done = []
    real = work.run_piece
    monkeypatch.setattr(work, "run_piece", lambda piece, *args: done.append(piece) or real(piece, *args))
    run(store, replace(SPEC, seeds=3, candidates=(*SPEC.candidates, candidate("uniform"))))
    labels = [(piece.candidate.label, piece.seed) for piece in done if hasattr(piece, "candidate")]
    assert sorted(labels, key=str) == [("gru", 2), ("k-gram", 2), ("uniform", None)]


@pytest.mark.parametrize("name", ["spec.json", "metrics.json", "result.json", "weights.safetensors", "DONE"])
def test_damage_is_said(store, name):
    place = next(p for p in sorted((store.folder / "cells").iterdir()) if (p / "weights.safetensors").exists())
    content = (place / name).read_bytes()
    (place / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError, match=f"{place.name}.*remove this folder"):
        run(store)


def test_a_piece_without_done_is_done_again(store, filled):
    place = sorted((store.folder / "cells").iterdir())[0]
    (place / "DONE").unlink()
    assert len(store) == 6
    again, _ = run(store)
    assert without_seconds(again) == without_seconds(filled[1])
    assert len(store) == 7


def test_two_at_once_leave_one(store, filled):
    kept = next(iter(store))
    other = Store(store.folder)
    other.keep(kept.spec, replace(kept.found, notes=["later"]))
    assert store.find(kept.spec) == kept

    # both found nothing, both did the work, and one was first
    class Late(Store):
        first = True

        def __contains__(self, spec):
            was, self.first = self.first, False
            return False if was else super().__contains__(spec)

    Late(store.folder).keep(kept.spec, replace(kept.found, notes=["later"]))
    assert store.find(kept.spec) == kept
    assert not [p for p in (store.folder / "cells").iterdir() if p.name.startswith(".")]


def test_what_cannot_be_written_leaves_nothing(store, monkeypatch):
    kept = next(iter(store))
    spec = {**kept.spec, "entropy": -1}

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.keep(spec, kept.found)
    assert spec not in store
    assert len(store) == 7
    assert not [p for p in (store.folder / "cells").iterdir() if p.name.startswith(".")]


def test_folders_that_are_no_stores_are_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"holds 'mine\.txt'"):
        Store(tmp_path)
    (tmp_path / "store.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(StoreError, match="format 99; this version reads format 1"):
        Store(tmp_path)
    (tmp_path / "store.json").write_text("[]")
    with pytest.raises(StoreError, match=r"store\.json is no header"):
        Store(tmp_path)


def test_targets_made_by_a_function_are_refused(tmp_path):
    from probes.targets import belief_target

    process = zoo.golden_mean()
    subject = replace(SPEC.subjects[0], targets=lambda histories: [belief_target(process, histories)])
    with pytest.raises(ValueError, match="without a store"):
        run(Store(tmp_path / "s"), replace(SPEC, subjects=(subject,)))
