"""`compmech compare FILE.toml` and `compmech runs`: what is said, what is written, and how both fail."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from stored_sweeps import refused, run_sweep

from compmech.cli import _status
from compmech.cli.engines import EXECUTORS
from compmech.cli.sweep_progress import SweepProgress
from probes.sweep.loggers import Begun, EndedCell, FailedCell
from probes.sweep.metrics import Metrics
from probes.sweep.under_way import under_way

ROOT = Path(__file__).parents[2]

SWEEP = """
seeds = 2
[[process]]
name = "z1r"
length = 4
[[predictor]]
name = "gru"
width = [4, 6]
n_layer = 1
[[predictor]]
name = "uniform"
[training]
steps = 4
batch = 4
"""
CELLS = 7
"""Two widths with two seeds each, the uniform predictor, the controls, and the process."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.toml").write_text(SWEEP)
    return tmp_path


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, once filled."""
    return run_sweep(tmp_path_factory.mktemp("filled"), "sweep.toml", SWEEP)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that does its work prints."""
    capsys.readouterr()
    status = _status(list(arguments))
    said = capsys.readouterr()
    assert status == 0, said.err
    return said.out


# ------------------------------------------------------------------------------------------------------------- compare


def test_a_file_is_all_that_a_sweep_needs(filled: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    assert sorted(path.name for path in filled.iterdir()) == ["sweep", "sweep.store", "sweep.toml"]
    found = json.loads((filled / "sweep" / "results.json").read_text())
    assert len(found["runs"]) == 5
    assert found["spec"]["seeds"] == 2
    (record,) = (filled / "sweep.store" / "experiments").iterdir()
    assert json.loads(record.read_text())["source"] == SWEEP

    # the same again does nothing again, and writes the same
    monkeypatch.chdir(filled)
    monkeypatch.setattr("probes.sweep.work.run_piece", lambda *args: pytest.fail("done again"))
    assert _status(["compare", "sweep.toml", "--workers", "1"]) == 0
    assert f"{CELLS} of {CELLS} cells were finished before" in capsys.readouterr().err
    assert json.loads((filled / "sweep" / "results.json").read_text())["rows"] == found["rows"]


def test_a_dry_run_does_nothing(folder: Path, filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, "compare", "sweep.toml", "--dry-run", "--workers", "2")
    assert re.search(r"z1r, gru-width4-n_layer1, seed 1\s+no\s+8\.0e\+01\s+\d", said)
    assert f"{CELLS} cells, 0 of them finished" in said
    assert "on 2 workers" in said
    assert [path.name for path in folder.iterdir()] == ["sweep.toml"]
    store = str(filled / "sweep.store")
    plan = json.loads(
        told(capsys, "compare", "sweep.toml", "--dry-run", "--store", store, "--set", "seeds=3", "--json")
    )
    assert (plan["cells"], plan["finished"]) == (CELLS + 2, CELLS)
    assert [cell["name"] for cell in plan["plan"] if not cell["finished"]] == [
        "z1r, gru-width4-n_layer1, seed 2",
        "z1r, gru-width6-n_layer1, seed 2",
    ]
    assert all(cell["how"] == "store" for cell in plan["plan"] if not cell["finished"])
    assert plan["seconds"] > 0


def test_a_dry_run_says_when_nothing_is_left(
    filled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(filled)
    assert told(capsys, "compare", "sweep.toml", "--dry-run").endswith(f"\n{CELLS} cells, {CELLS} of them finished\n")


def test_a_dry_run_trains_at_no_rate_and_says_what_is_too_large(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"{CELLS} cells" in told(
        capsys, "compare", "sweep.toml", "--dry-run", "--lr", "9e37"
    )  # would diverge at once
    for much in ("training.batch=100000000000", "predictor.gru.width=900000"):
        line = refused(capsys, "compare", "sweep.toml", "--dry-run", "--set", much)
        assert "z1r, gru-" in line
        assert "does not fit into memory" in line


def test_a_file_without_processes_or_predictors_is_told_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for missing, other in (("process", "predictor"), ("predictor", "process")):
        (folder / "half.toml").write_text(f'[[{other}]]\nname = "z1r"\nlength = 3\n')
        line = refused(capsys, "compare", "half.toml")
        assert f"half.toml: there is no {missing}: write [[{missing}]], or give --{missing}" in line


def test_failed_cells_are_told_at_the_end_and_the_others_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = ["--set", "training.lr=[0.01, 9e37]", "--set", "seeds=1", "--set", "predictor.gru.width=4", "--workers", "1"]
    line = refused(capsys, "compare", "sweep.toml", *wild, status=1)
    assert "1 of 5 cells failed: z1r, gru-width4-n_layer1-lr9e-37, seed 0: TrainingDiverged" in line
    assert "the same command tries these again" in line
    found = json.loads((folder / "sweep" / "results.json").read_text())
    assert len(found["runs"]) == 2
    listed = json.loads(told(capsys, "runs", "sweep.store", "--json"))
    assert [failure["name"] for failure in listed["failed"]] == ["z1r, gru-width4-n_layer1-lr9e-37, seed 0"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["compare"], "nothing to compare: give an experiment file, or --process and --predictor"),
        (["compare", "absent.toml"], "absent.toml: No such file"),
        (["compare", "sweep.toml", "--steps", "0"], "--steps: steps must be an integer of at least 1"),
        (["compare", "sweep.toml", "--set", "training.stops=3"], "did you mean 'steps'?"),
        (["compare", "sweep.toml", "--executor", "slurm"], f"there are {', '.join(EXECUTORS)}"),
        (["compare", "sweep.toml", "--executor", "dask"], "needs --scheduler ADDRESS"),
        (["compare", "sweep.toml", "--scheduler", "tcp://x:1"], "--scheduler is of --executor dask"),
        (["compare", "sweep.toml", "--log", "papyrus"], "there are tensorboard, mlflow, wandb"),
        (["runs", "absent"], "absent is no store: there is no store.json in it"),
        (["runs", "sweep.toml"], "sweep.toml is no store"),
    ],
)
def test_misuse_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert complaint in refused(capsys, *arguments)
    assert {path.name for path in folder.iterdir()} <= {"sweep.toml", "sweep.store"}


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["--executor", "dask", "--scheduler", "tcp://127.0.0.1:1"], "cluster"),
        (["--log", "tensorboard"], "tensorboard"),
        (["--log", "mlflow"], "mlflow"),
        (["--log", "wandb"], "wandb"),
    ],
)
def test_a_missing_extra_is_one_line(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    extra: str,
) -> None:
    monkeypatch.setattr("compmech.cli.engines.find_spec", lambda name: None)
    assert f"pip install 'belief-geometry[{extra}]'" in refused(capsys, "compare", "sweep.toml", *arguments)


def test_stores_that_are_none_or_of_another_version_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sweep.store").mkdir()
    (folder / "sweep.store" / "store.json").write_text('{"format": 99}')
    for command in (["compare", "sweep.toml"], ["compare", "sweep.toml", "--dry-run"], ["runs", "sweep.store"]):
        assert "is a store of format 99; this version reads format 1" in refused(capsys, *command)
    (folder / "file").write_text("")
    assert "cannot write to the store file/kept" in refused(
        capsys, "compare", "sweep.toml", "--store", "file/kept", status=1
    )


@pytest.mark.parametrize("name", ["cells", "partial", "failed", "experiments", "log.jsonl", "tensorboard"])
def test_a_store_that_leads_elsewhere_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "sweep.store").mkdir()
    (folder / "sweep.store" / "store.json").write_text('{"format": 1}')
    (folder / "sweep.store" / name).symlink_to(folder / "elsewhere" / ("log" if "." in name else ""))
    for command in (["compare", "sweep.toml"], ["runs", "sweep.store", "--prune"]):
        assert f"sweep.store/{name} is a symbolic link, and a store holds none" in refused(capsys, *command)
    assert list((folder / "elsewhere").iterdir()) == []


def test_a_file_whose_name_names_no_folder_writes_to_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "...toml").write_text(SWEEP)  # without what follows its last dot it is the folder above
    os.chdir(folder / "below")
    assert "name the folder to write: --out FOLDER" in refused(capsys, "compare", "...toml")
    assert {path.name for path in folder.rglob("*")} == {"sweep.toml", "below", "...toml"}


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(folder: Path) -> None:
    long = ["--set", "predictor.gru.steps=1000000", "--executor", "serial"]
    running = subprocess.Popen(
        [sys.executable, "-c", "from compmech.cli import main; main()", "compare", "sweep.toml", *long],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        log = folder / "sweep.store" / "log.jsonl"
        while not log.exists() and running.poll() is None:
            pass
        os.killpg(running.pid, signal.SIGINT)
        _, errors = running.communicate(timeout=100)
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
    assert running.returncode == 130, errors
    assert re.fullmatch(
        r"compmech: stopped by Ctrl-C; sweep.store keeps \d of 7 cells: the same command goes on from there",
        errors.splitlines()[-1],
    )
    assert not (folder / "sweep").exists()


class Bar:
    """What is shown of a bar on a terminal."""

    disable = False

    def __init__(self) -> None:
        self.beside: list[str] = []

    def set_postfix_str(self, text: str) -> None:
        self.beside.append(text)

    def write(self, line: str, **where: object) -> None:
        self.beside.append(line)


def test_the_bar_has_the_cells_that_ended_and_the_best_scores() -> None:
    def ended(process: str, predictor: str, score: float | None, piece: str = "predictor") -> EndedCell:
        metrics = Metrics(
            piece=piece, process=process, predictor=predictor, seed=0, length=4, steps=4, parameters=8, symbols_seen=80,
            kl=0.1, target="belief", score=score, low=None, high=None, site="final", seconds=1.0, cell_seconds=2.0,
        )  # fmt: skip
        return EndedCell(f"{process}, {predictor}", "key", {}, [], metrics)

    bar = Bar()
    progress = SweepProgress(bar)
    progress.begin(Begun(cells=6, found=1, experiment={}))
    progress.cell(ended("even", "gru", 0.5))
    progress.cell(ended("even", "lstm", 0.4))
    progress.cell(ended("even", "", 0.9, "controls"))
    progress.cell(ended("z1r", "lstm", 0.25))
    progress.failed(FailedCell("z1r, gru", "key", "Some: error"))
    assert bar.beside == [
        "1 of 6 cells were finished before",
        "1/6 cells",
        "2/6 cells; best R²: even 0.500 gru",
        "3/6 cells; best R²: even 0.500 gru",
        "4/6 cells; best R²: even 0.500 gru",
        "5/6 cells; best R²: even 0.500 gru, z1r 0.250 lstm",
        "6/6 cells; best R²: even 0.500 gru, z1r 0.250 lstm",
        "failed: z1r, gru: Some: error",
    ]


def test_a_stop_while_the_report_is_made_loses_no_cell(
    filled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(filled)
    monkeypatch.setattr("compmech.cli.comparing.write_report", stopped)
    line = refused(capsys, "compare", "sweep.toml", "--workers", "1", status=130)
    assert f"stopped by Ctrl-C; sweep.store keeps {CELLS} of {CELLS} cells: the same command goes on" in line


def test_the_example_of_the_page_runs(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "sweeps.md").read_text(), flags=re.S)
    monkeypatch.chdir(tmp_path)
    name = example.splitlines()[0].split(":")[0].removeprefix("# ")
    (tmp_path / name).write_text(example)
    plan = json.loads(told(capsys, "compare", name, "--dry-run", "--json", *_small()))
    # three processes; two architectures of three widths, and counts, with three seeds each; the controls; the process
    assert plan["cells"] == 3 * (7 * 3 + 2)
    small = [*_small(), "--set", "seeds=1", "--set", "predictor.gru.width=4", "--set", "predictor.transformer.width=8"]
    assert "written:" in told(capsys, "compare", name, *small, "--workers", "1")
    assert len(tomllib.loads(example)["process"]) == 2


def _small() -> list[str]:
    settings = ("training.steps=2", "training.batch=4", "process.rrxor.length=4", "process.mess3.length=3")
    return [word for setting in settings for word in ("--set", setting)]


# ---------------------------------------------------------------------------------------------------------------- runs


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> str:
    """A copy, to be pruned."""
    from shutil import copytree

    return str(copytree(filled / "sweep.store", tmp_path / "kept"))


def listed(capsys: pytest.CaptureFixture[str], store: str, *arguments: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(told(capsys, "runs", store, "--json", *arguments))["runs"]
    return found


def test_runs_are_listed_and_filtered(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    everything = listed(capsys, store)
    assert [(run["predictor"], run["seed"]) for run in everything] == [
        ("gru-width4-n_layer1", 0),
        ("gru-width4-n_layer1", 1),
        ("gru-width6-n_layer1", 0),
        ("gru-width6-n_layer1", 1),
        ("uniform", None),
        ("", None),
    ]
    assert all(isinstance(run["cell_seconds"], float) for run in everything)
    table = told(capsys, "runs", store).splitlines()
    assert table[0].split()[:4] == ["key", "process", "predictor", "seed"]
    assert len(table) == 7

    def seeds(*conditions: str) -> list[object]:
        return [run["seed"] for run in listed(capsys, store, *(w for c in conditions for w in ("--where", c)))]

    assert seeds("seed=1") == [1, 1]
    assert seeds("seed>=0", "predictor=gru-width4-n_layer1") == [0, 1]
    assert seeds("config.width=6") == [0, 1]
    assert seeds("predictor!=uniform", "piece=predictor") == [0, 1, 0, 1]
    assert seeds("kl<0") == []
    assert told(capsys, "runs", store, "--where", "kl<0") == "none of 6 finished runs meets --where\n"
    by_kl = listed(capsys, store, "--where", "piece=predictor", "--sort", "kl", "--limit", "3")
    values = [run["kl"] for run in by_kl]
    assert values == sorted(values)  # type: ignore[type-var]
    assert len(values) == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--where", "seed"], "write KEY=VALUE"),
        (["--where", "sed=1"], "no run has 'sed'"),
        (["--where", "kl<small"], "kl is a number, as 0."),
        (["--sort", "sed"], "there is no column 'sed'"),
        (["--compare", "0"], "two keys or more"),
        (["--compare", "zz", "--compare", "zy"], "0 runs have a key that begins with 'zz'"),
        (["--export", "rows.txt"], "must end in .csv or .parquet"),
        (["--prune", "--export", "rows.csv"], "one at a time"),
        (["--prune", "--limit", "1"], "leave --sort and --limit out"),
    ],
)
def test_what_runs_cannot_do_is_one_line(
    store: str, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert complaint in refused(capsys, "runs", store, *arguments)


def test_what_differs_between_runs_is_told(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    keys = [str(run["key"]) for run in listed(capsys, store, "--where", "seed=0")]
    both = ["--compare", keys[0][:10], "--compare", keys[1][:10]]
    found = json.loads(told(capsys, "runs", store, *both, "--json"))
    assert found["keys"] == keys
    assert found["differing"]["config.width"] == [4, 6]
    assert "seed" not in found["differing"]
    assert len(found["differing"]["kl"]) == 2
    assert re.search(r"config\.width\s+4\s+6", told(capsys, "runs", store, *both))


def test_rows_are_exported(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, "runs", store, "--where", "seed=1", "--export", str(tmp_path / "rows.csv"))
    assert "rows of 2 runs" in said
    with open(tmp_path / "rows.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["predictor"] for row in rows} == {"gru-width4-n_layer1", "gru-width6-n_layer1"}
    assert {row["seed"] for row in rows} == {"1"}
    parquet = pytest.importorskip("pyarrow.parquet")
    told(capsys, "runs", store, "--where", "seed=1", "--export", str(tmp_path / "rows.parquet"))
    table = parquet.read_table(tmp_path / "rows.parquet").to_pylist()
    assert [row["key"] for row in table] == [row["key"] for row in rows]
    assert [row["score"] for row in table] == [float(row["score"]) if row["score"] else None for row in rows]
    types = {field.name: str(field.type) for field in parquet.read_schema(tmp_path / "rows.parquet")}
    assert all(row["p_value"] is None for row in table)  # which says nothing of its type
    assert (types["p_value"], types["seed"], types["site"]) == ("double", "int64", "string")


def test_rows_of_a_damaged_cell_are_not_exported(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = Path(store) / "cells" / str(listed(capsys, store)[0]["key"])
    with (cell / "result.json").open("a") as stream:
        stream.write("more")
    line = refused(capsys, "runs", store, "--export", str(tmp_path / "rows.csv"))
    assert f"{cell.name} is damaged (result.json has changed)" in line
    assert not (tmp_path / "rows.csv").exists()


def test_a_missing_extra_for_parquet_is_one_line(
    store: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compmech.cli.engines.find_spec", lambda name: None)
    assert "belief-geometry[parquet]" in refused(capsys, "runs", store, "--export", "rows.parquet")


def test_leftovers_and_chosen_runs_are_pruned(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = (Path(store) / "cells" / name for name in (".part-x", ".part-z"))
    old.mkdir()
    new.mkdir()  # is perhaps being written
    os.utime(old, (0, 0))
    held, left = (Path(store) / "partial" / name for name in ("held", "left"))
    left.mkdir(parents=True)
    (left / "lock").touch()  # of a process that was killed
    with under_way(held, {}, wait=False):
        assert "2 leftovers and 0 runs" in told(capsys, "runs", store, "--prune")
        assert held.is_dir()
    assert not old.exists()
    assert not left.exists()
    assert new.exists()
    assert len(listed(capsys, store)) == 6
    assert "0 leftovers and 2 runs" in told(capsys, "runs", store, "--prune", "--where", "config.width=6")
    assert len(listed(capsys, store)) == 4


def test_cells_and_states_that_lie_elsewhere_are_left_alone(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    partial, elsewhere = Path(store) / "partial" / "key", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "state.safetensors").write_text("of somebody else")
    partial.parent.mkdir(exist_ok=True)
    partial.symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"), under_way(partial, {}, wait=False):
        pytest.fail("begun elsewhere")
    assert "1 leftovers" in told(capsys, "runs", store, "--prune")
    assert [path.name for path in elsewhere.iterdir()] == ["state.safetensors"]
    assert not partial.is_symlink()

    cell = sorted((Path(store) / "cells").iterdir())[0]
    cell.rename(elsewhere / "cell")
    cell.symlink_to(elsewhere / "cell")
    assert f"{cell.name} is a symbolic link" in refused(capsys, "runs", store, "--prune", "--where", "seed=0")
    assert (elsewhere / "cell" / "DONE").is_file()


def test_a_damaged_cell_is_one_line(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    cell = sorted((Path(store) / "cells").iterdir())[0]
    (cell / "metrics.json").write_text("{")
    assert f"{cell.name} is damaged" in refused(capsys, "runs", store)


def test_cells_of_a_version_without_metrics_are_listed(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = listed(capsys, store)
    for cell in (Path(store) / "cells").iterdir():
        (cell / "metrics.json").unlink()
    after = listed(capsys, store)
    assert [{**run, "cell_seconds": None} for run in before] == after


def test_listing_never_loads_torch(store: str) -> None:
    code = (
        "import sys; from compmech.cli import _status; "
        f"status = _status(['runs', {store!r}, '--where', 'config.width=4']); "
        "heavy = {'torch', 'matplotlib', 'sklearn', 'predictors', 'probes'} & set(sys.modules); "
        "sys.exit(f'{status} {sorted(heavy)}' if status or heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
