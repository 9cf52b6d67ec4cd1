"""`compmech train` and `compmech learn` as a user meets them: what they write, what they refuse, how they go on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from compmech.cli import _status
from compmech.cli.run_folder import RunFolder
from predictors import CONFIGS, GRUConfig, UniformPredictor, flops, load
from predictors.snapshot_folder import SnapshotFolder

TINY = ["--predictor", "gru:width=8,n_layer=1", "--length", "4", "--steps", "12", "--batch", "4"]


def tiny(out: Path, *more: str, process: str = "golden_mean") -> int:
    return _status(["train", process, *TINY, "-o", str(out), *more])


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("compmech: ")
    return lines[0]


# ---------------------------------------------------------------------------------------------------------------- train


def test_a_run_leaves_weights_record_and_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tiny(tmp_path / "out", "--checkpoints", "4", "--json") == 0
    told = capsys.readouterr()
    found = json.loads((tmp_path / "out" / "training.json").read_text())
    assert json.loads(told.out) == found
    assert found["process"] == "golden_mean(p=0.5)"
    assert found["record"]["stopped"] == "steps"
    assert found["record"]["symbols_seen"] == 12 * 4 * 5
    assert len(found["record"]["evaluations"][-1]["kl"]) == 4
    assert "geometric mean" in found["lr_from"]
    assert found["command"].split()[0] == "compmech"
    names = sorted(p.name for p in (tmp_path / "out" / "checkpoints").iterdir())
    assert names == [f"step-{step:08d}.safetensors" for step in found["config"]["checkpoints"]]
    last = (tmp_path / "out" / "checkpoints" / "step-00000012.safetensors").read_bytes()
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == last
    load(tmp_path / "out" / "model.safetensors")


def test_the_same_seed_gives_the_same_bytes_and_people_get_a_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        assert tiny(tmp_path / name, "--seed", seed) == 0
    weights = {name: (tmp_path / name / "model.safetensors").read_bytes() for name in "abc"}
    assert weights["a"] == weights["b"] != weights["c"]
    assert "KL to the optimum" in capsys.readouterr().out


def test_settings_reach_the_training(tmp_path: Path) -> None:
    options = ["--optimiser", "muon", "--momentum", "0.5", "--schedule", "linear", "--targets", "exact"]
    options += ["--lr", "0.01", "--dtype", "float64"]
    assert tiny(tmp_path / "out", *options, "--stop-at-kl", "9") == 0
    found = json.loads((tmp_path / "out" / "training.json").read_text())
    config = found["record"]["config"]
    told = [config[key] for key in ("optimiser", "momentum", "schedule", "targets", "lr")]
    assert told == ["muon", 0.5, "linear", "exact", 0.01]
    assert found["lr_from"] == "chosen by the user"
    assert found["record"]["stopped"] == "kl"
    assert next(load(tmp_path / "out" / "model.safetensors").parameters()).element_size() == 8


def test_budgets_become_steps(tmp_path: Path) -> None:
    base = ["train", "golden_mean", "--predictor", "gru:width=8,n_layer=1", "--length", "4", "--batch", "4", "-o"]
    assert _status([*base, str(tmp_path / "symbols"), "--symbols", "110"]) == 0
    assert json.loads((tmp_path / "symbols" / "run.json").read_text())["config"]["steps"] == 5
    assert _status([*base, str(tmp_path / "flops"), "--flops", "1e6"]) == 0
    done = json.loads((tmp_path / "flops" / "training.json").read_text())
    forward = flops(GRUConfig(n_symbol=2, width=8, n_layer=1), 4)
    assert done["config"]["steps"] == 1e6 // (3 * forward * 4 * 5)
    assert done["flops"] == pytest.approx(3 * forward * done["record"]["symbols_seen"])
    assert done["flops"] <= 1e6
    assert done["flops_from"] == "three times the forward pass"


COMPMECH = [sys.executable, "-c", "from compmech.cli import main; main()"]


def test_a_run_that_is_killed_and_stopped_goes_on_to_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--snapshot-every", "1", "--eval-every", "150", "--steps", "300"]
    assert tiny(tmp_path / "whole", *more) == 0
    out = tmp_path / "out"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    state = out / "state" / "state.safetensors"

    def stopped_by(number: signal.Signals, *resume: str) -> tuple[int, str]:
        before = state.stat().st_mtime_ns if state.exists() else 0
        arguments = ["train", "golden_mean", *TINY, "-o", str(out), *more, *resume]
        running = subprocess.Popen(
            [*COMPMECH, *arguments],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
        )
        while not state.exists() or state.stat().st_mtime_ns == before:
            assert running.poll() is None
            time.sleep(0.005)
        running.send_signal(number)
        return running.wait(), running.communicate()[1]

    assert stopped_by(signal.SIGKILL)[0] == -signal.SIGKILL
    capsys.readouterr()
    assert tiny(out, *more) == 2
    assert "go on with --resume, begin anew with --overwrite" in one_line(capsys)
    status, said = stopped_by(signal.SIGINT, "--resume")
    assert status == 130
    assert "stopped by Ctrl-C" in said
    assert "--resume goes on from there" in said
    assert not (out / "training.json").exists()
    assert tiny(out, *more, "--resume") == 0
    assert (out / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()
    records = [json.loads((tmp_path / name / "training.json").read_text())["record"] for name in ("whole", "out")]
    for record in records:
        record.pop("seconds")
    assert records[0] == records[1]


def test_a_run_that_is_done_is_done_again_at_once_or_begun_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert tiny(out) == 0
    before = {name: (out / name).read_bytes() for name in ("model.safetensors", "training.json")}
    assert tiny(out, "--resume") == 0
    assert (out / "model.safetensors").read_bytes() == before["model.safetensors"]
    assert tiny(out, "--overwrite", "--seed", "5") == 0
    assert (out / "model.safetensors").read_bytes() != before["model.safetensors"]
    capsys.readouterr()
    assert tiny(out, "--resume", "--seed", "6") == 2
    assert "holds another run: seed was 5, now it is 6" in one_line(capsys)
    assert tiny(out, "--resume", "--seed", "5", "--lr", "0.5") == 2
    assert "now it is" in one_line(capsys)


def test_damaged_states_are_said_and_the_one_before_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert tiny(out, "--snapshot-every", "4") == 0
    whole = (out / "model.safetensors").read_bytes()
    state = out / "state" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-5])
    capsys.readouterr()
    assert tiny(out, "--snapshot-every", "4", "--resume") == 0
    assert "state.safetensors: damaged" in one_line(capsys)
    assert (out / "model.safetensors").read_bytes() == whole
    (out / "run.json").write_text("[" * 100_000)
    assert tiny(out, "--resume") == 2
    assert "is no description of a run" in one_line(capsys)


def test_divergence_is_status_1_and_the_last_good_weights_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny(tmp_path / "out", "--lr", "1e38") == 1
    said = one_line(capsys)
    assert "training diverged" in said
    assert said.endswith("last-good.safetensors holds them.")
    load(tmp_path / "out" / "last-good.safetensors")
    assert not (tmp_path / "out" / "training.json").exists()


def test_that_a_foreign_network_has_no_checkpoints_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path, {})
    for name in ("checkpoints/step-00000000.safetensors", "model.safetensors"):
        folder.save(UniformPredictor(2), name)
    assert "UniformPredictor is no network of this package: its weights are in" in one_line(capsys)
    assert folder.written == []


def test_two_runs_in_one_folder_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("fcntl")
    assert tiny(tmp_path / "out") == 0
    with SnapshotFolder(tmp_path / "out" / "state").alone():
        assert tiny(tmp_path / "out", "--resume") == 2
        assert "another process is training in it" in one_line(capsys)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--predictor", "bayes"], "bayes is not trained by gradient"),
        (["--predictor", "gnu"], "did you mean 'gru'"),
        (["--length", "0"], "length and batch must be at least 1"),
        (["--steps", "0"], "steps must be an integer of at least 1"),
        (["--optimiser", "adam"], "optimiser must be one of adamw, sgd, muon"),
        (["--schedule", "steps"], "schedule must be one of cosine"),
        (["--targets", "soft"], "targets must be one of"),
        (["--dtype", "bfloat16"], "--dtype is float32 or float64"),
        (["--device", "abacus"], "abacus"),
        (["--symbols", "1000"], "one budget, please: --steps and --symbols are given"),
        (["--checkpoints", "1"], "n >= 2"),
        (["--resume"], "holds no run to resume"),
        (["--resume", "--overwrite"], "give one of them"),
        (["--lr", "-1"], "lr must be positive"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_misuse_is_one_line_and_status_2(
    more: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny(tmp_path / "out", *more) == 2
    assert complaint in one_line(capsys)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert tiny(tmp_path / "file") == 1
    assert "cannot write to the output folder" in one_line(capsys)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    assert tiny(tmp_path / "full") == 2
    assert "is not empty" in one_line(capsys)


# ---------------------------------------------------------------------------------------------------------------- learn


def learnt(out: Path, *more: str) -> int:
    small = ["--process", "golden_mean@4", "--process", "frdn@3", "--steps", "6", "--batch", "4", "--workers", "1"]
    return _status(["learn", "-o", str(out), *small, *more])


def rows(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(out.read_text())["rows"]
    return found


def test_learning_is_recorded_by_position(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "learning.json"
    chosen = ["--predictor", "gru:width=8,n_layer=1", "--predictor", "uniform", "--predictor", "k-gram"]
    assert learnt(out, *chosen, "--predictor", "bayes", "--seeds", "2") == 0
    found = rows(out)
    assert [(r["process"], r["predictor"], r["seed"]) for r in found[:5]] == [
        ("golden_mean", "gru-width8-n_layer1", 0),
        ("golden_mean", "gru-width8-n_layer1", 1),
        ("golden_mean", "uniform", 0),
        ("golden_mean", "k-gram", 0),
        ("golden_mean", "bayes", 0),
    ]
    assert len(found) == 10
    for row in found:
        assert len(row["kl_nats"]) == row["length"]
        assert row["mean_kl_nats"] == pytest.approx(sum(row["kl_nats"]) / row["length"])
    network, _, uniform, _, bayes = found[:5]
    assert network["symbols_seen"] == 6 * 4 * 5
    assert network["seconds"] > 0
    assert network["cpu_seconds"] > 0
    assert network["parameters"] > 0
    assert network["curve"]["symbols"][0] == 0
    assert "geometric mean" in network["lr_from"]
    assert max(map(abs, bayes["kl_nats"])) < 1e-12
    # every row of the stationary golden mean: log 2 less the mean entropy of (1/2, 1/2) two times in three
    assert uniform["mean_kl_nats"] == pytest.approx(0.6931 / 3, abs=0.01)
    assert "frdn@3" in capsys.readouterr().out


def test_what_is_done_is_not_done_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "learning.json"
    assert learnt(out, "--predictor", "gru:width=8,n_layer=1") == 0
    first = rows(out)
    assert learnt(out, "--predictor", "gru:width=8,n_layer=1", "--predictor", "uniform", "--resume") == 0
    second = rows(out)
    assert [row for row in second if row["predictor"] != "uniform"] == first  # seconds included: not made anew
    assert [row["process"] for row in second] == ["golden_mean", "golden_mean", "frdn", "frdn"]
    assert len(json.loads(out.read_text())["commands"]) == 2
    out.write_text("{")
    capsys.readouterr()
    assert learnt(out, "--predictor", "uniform", "--resume") == 2
    assert "no file of an earlier run" in one_line(capsys)


def test_a_network_that_diverges_is_a_row_that_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "learning.json"
    assert learnt(out, "--predictor", "gru:width=8,n_layer=1", "--lr", "9") in (0, 2)
    if out.exists():
        assert all((row["diverged"] is None) == (row["kl_nats"] is not None) for row in rows(out))
    capsys.readouterr()


def test_the_six_processes_exist_and_every_architecture_is_tried() -> None:
    from compmech.cli.comparing import parse_subject, specification
    from compmech.cli.learning import LEARNT
    from probes.baselines import BASELINES
    from probes.learning import LearningTrial

    spec = specification([parse_subject(word) for word in LEARNT], [*CONFIGS, *BASELINES], seeds=2)
    trials = LearningTrial.grid(spec, entropy=0)
    assert len(trials) == 6 * (2 * len(CONFIGS) + len(BASELINES))
    assert {trial.label for trial in trials} == {"mess3", "rrxor", "z1r", "even", "frdn", "parity_check-n3"}
    assert max(trial.training.length for trial in trials if trial.label == "rrxor") == 64


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--process", "rrxor"], "NAME@LENGTH"),
        (["--predictor", "gnu"], "did you mean 'gru'"),
        (["--steps", "0"], "steps"),
    ],
    ids=range(3),
)
def test_misuse_of_learn(more: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert learnt(tmp_path / "learning.json", *more) == 2
    assert complaint in one_line(capsys)
    assert list(tmp_path.iterdir()) == []
