"""The command as a user meets it: what it prints, its exit status, what it leaves behind when it fails."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from compmech import zoo
from compmech.cli import _status, app

COMPMECH = [sys.executable, "-c", "from compmech.cli import main; main()"]
TINY = ["--predictor", "gru:width=8", "--length", "4", "--steps", "5", "--batch", "4", "--workers", "1"]


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, from any folder."""
    return subprocess.run([*COMPMECH, *arguments], capture_output=True, text=True, cwd=cwd, env=environment())


def environment() -> dict[str, str]:
    here = str(Path(__file__).parents[2])
    return os.environ | {"PYTHONPATH": here, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture
def status(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """The command in this process, from an empty folder: for what ends before anything is computed."""
    monkeypatch.setattr(app, "registered_callback", None)  # the checker of types refuses the context of --version
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: _status(list(arguments))


def one_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    assert lines[0].startswith("compmech: ")
    return lines[0]


# --------------------------------------------------------------------------------------------------- describing


def test_stats_in_json_are_the_golden_ones() -> None:
    done = run("stats", "rrxor", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    for key, value in zoo.entry("rrxor").golden.items():
        assert found[key] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-9, abs=1e-9)), key
    assert found["how"]["entropy_rate"] == "exact"


def test_stats_of_a_file_are_those_of_the_process(tmp_path: Path) -> None:
    T = zoo.golden_mean(p=0.3).T
    path = tmp_path / "machine.json"
    path.write_text(json.dumps({"alphabet": [0, 1], "matrices": {"0": T[0].tolist(), "1": T[1].tolist()}}))
    from_file = run("stats", "--file", str(path), "--json")
    by_name = run("stats", "golden_mean", "--param", "p=0.3", "--json")
    assert from_file.returncode == by_name.returncode == 0
    assert json.loads(from_file.stdout) == json.loads(by_name.stdout)


def test_the_table_fits_a_terminal_and_says_how_it_knows() -> None:
    done = run("stats", "golden_mean")
    assert done.returncode == 0
    assert "entropy rate" in done.stdout
    assert "0.666666667" in done.stdout
    assert "exact" in done.stdout


def test_bounds_that_print_alike_are_one_number_and_a_width() -> None:
    lines = run("stats", "sns").stdout.splitlines()
    assert any(line.split()[:5] == ["excess", "entropy", "0.147231942,", "within", "1e-11"] for line in lines), lines
    lines = run("stats", "leaky_rrxor").stdout.splitlines()
    assert any("inf" not in line and " .. " in line for line in lines), lines


def test_processes_are_listed_with_parameters_and_sources() -> None:
    done = run("processes", "--json")
    listed = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert set(listed) == set(zoo.names())
    assert listed["mess3"]["parameters"][0]["name"] == "x"
    assert all(entry["source"] for entry in listed.values())
    text = run("processes").stdout
    assert all(name in text for name in zoo.names())


@pytest.mark.parametrize("arguments", [["stats", "rrxor", "--json"], ["processes"], ["--help"], ["compare", "--help"]])
def test_describing_never_loads_torch(arguments: list[str]) -> None:
    code = (
        "import sys; from compmech.cli import _status; "
        f"status = _status({arguments!r}); "
        "heavy = {'torch', 'matplotlib', 'sklearn', 'pandas', 'predictors', 'probes'} & set(sys.modules); "
        "sys.exit(f'{status} {sorted(heavy)}' if status or heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr


def test_a_version_is_told() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("compmech 0.")


# ------------------------------------------------------------------------------------------------------- misuse


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["stats", "rrxorr"], "did you mean 'rrxor'"),
        (["stats"], "name one process"),
        (["stats", "rrxor", "--file", "x.json"], "name one process"),
        (["stats", "--file", "absent.json"], "absent.json"),
        (["stats", "golden_mean", "--param", "p=2"], "p must be in [0, 1]"),
        (["stats", "golden_mean", "--param", "p"], "not a setting"),
        (["stats", "golden_mean", "--param", "q=0.5"], "golden_mean"),
        (["stats", "rrxor", "--jsn"], "--json"),
        (["stast", "rrxor"], "stast"),
        (["compare", "--process", "rrxor", *TINY], "--out"),
        (["compare", "--process", "rrxorr", *TINY, "-o", "out"], "did you mean 'rrxor'"),
        (["compare", "--process", "rrxor", *TINY, "--predictor", "gnu", "-o", "out"], "did you mean 'gru'"),
        (["compare", "--process", "rrxor", *TINY, "--length", "0", "-o", "out"], "length"),
        (["compare", "--process", "rrxor", *TINY, "--edits", "cary", "-o", "out"], "there is no edit 'cary'"),
        (["compare", "--process", "rrxor", *TINY, "--checkpoints", "1", "-o", "out"], "two or more"),
        (["compare", "--process", "rrxor", *TINY, "--probe", "lasso", "-o", "out"], "there is no probe 'lasso'"),
        (["compare", "--process", "rrxor", *TINY, "--target", "last-K", "-o", "out"], "as in last-3"),
        (["compare", "--process", "rrxor", *TINY, "--transfer", "evn", "-o", "out"], "did you mean 'even'"),
        (["compare", "--process", "rrxor", *TINY, "--length", "ten", "-o", "out"], "'--length'"),
        (["compare", "--process", "rrxor", *TINY, "--seeds", "0", "-o", "out"], "seeds"),
        (["compare", "--process", "rrxor", *TINY, "--lr", "-1", "-o", "out"], "lr"),
        (["compare", "--process", "rrxor", *TINY, "--device", "abacus", "-o", "out"], "abacus"),
        (["compare", "--process", "rrxor", *TINY, "--site", "layer.7", "-o", "out"], "layer.7"),
        (["compare", "--process", "rrxor", "--process", "rrxor", *TINY, "-o", "out"], "rrxor"),
        (["rates", "--process", "rrxor", "-o", "rates.json"], "NAME@LENGTH"),
        (["rates", "--process", "rrxor@²", "-o", "rates.json"], "NAME@LENGTH"),
        (["rates", "--predictor", "bayes", "-o", "rates.json"], "bayes"),
        (["rates", "--predictor", "gru:lr=0.1", "-o", "rates.json"], "leave it out"),
        (["rates", "--rate", "-1", "-o", "rates.json"], "lr must be positive"),
        (["rates", "--clip", "0", "-o", "rates.json"], "clip must be positive"),
        (["compare", "--process", "rrxor", *TINY, "--length", "1", "-o", "out"], "cannot make 5 folds"),
        (["compare", "--process", "biased_coin", *TINY, "-o", "out"], "the same belief"),
        (["compare", "--process", "rrxor", *TINY, "--device", "meta", "-o", "out"], "meta"),
    ],
)
def test_misuse_is_one_line_and_status_2(
    status: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    complaint: str,
) -> None:
    assert status(*arguments) == 2
    assert complaint in one_line(capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "empty"),
        ("{", "line 1"),
        ('{"alphabet": [0]}', "matrices"),
        ('{"alphabet": [0, 1], "matrices": {"0": [[0.5]], "1": [[0.4]]}}', "0.9"),
        ('{"alphabet": [0, 1], "matrices": {"0": [[0.5]], "1": [["half"]]}}', "half"),
        ('{"alphabet": [0, 1], "matrices": {"0": [[0.5]], "1": [[0.5]]}, "stat": [1]}', "stat"),
    ],
)
def test_a_malformed_machine_file_is_one_line_and_status_2(
    status: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "machine.json"
    path.write_text(content)
    assert status("stats", "--file", str(path)) == 2
    line = one_line(capsys.readouterr().err)
    assert complaint in line
    assert "machine.json" in line


# ----------------------------------------------------------------------------------------------------- comparing


def test_a_comparison_leaves_its_files_and_names_them(tmp_path: Path) -> None:
    done = run("compare", "--process", "z1r", *TINY, "--predictor", "bayes", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    for name in ("report.html", "results.csv", "results.json"):
        assert (out / name).stat().st_size > 0
        assert f"out/{name}" in done.stdout
    figures = sorted((out / "figures").glob("*.png"))
    assert figures
    for figure in figures:
        assert figure.read_bytes().startswith(b"\x89PNG")
        assert f"out/figures/{figure.name}" in done.stdout
    assert [p.name for p in (out / "checkpoints").iterdir()] == ["z1r-gru-width8-0.safetensors"]
    with open(out / "results.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    asked = (
        "process predictor seed length parameters symbols_seen seconds site target probe weighting control score low "
        "high "
        "rows width rank kl"
    )
    assert set(asked.split()) <= set(rows[0])
    assert {row["predictor"] for row in rows} == {"gru-width8", "bayes", ""}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]

    again = run("compare", "--process", "z1r", *TINY, "-o", "out", cwd=tmp_path)
    assert again.returncode == 2
    assert "--overwrite" in one_line(again.stderr)


def test_what_is_asked_for_has_tables_of_its_own(tmp_path: Path) -> None:
    asked = ["--edits", "carry", "--edit-kind", "transplant", "--edit-cases", "4", "--checkpoints", "2", "--seeds", "2"]
    rival = ["--predictor", "rnn:width=4,n_layer=1", "--site", "layer.0.carry"]
    done = run("compare", "--process", "z1r", *TINY, *rival, *asked, "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    for name in ("edits", "shares", "ranks", "differences", "budgets"):
        assert f"out/{name}.csv" in done.stdout
        with open(tmp_path / "out" / f"{name}.csv", newline="") as stream:
            assert len(list(csv.DictReader(stream))) == len(found[name]) > 0
        assert f"{name}.csv" in found["files"]
    assert "out/figures/z1r-budget.png" in done.stdout
    assert "Ranks by R² of" in done.stdout
    assert "Of the whole state's effect" in done.stdout


def test_json_goes_to_standard_output(tmp_path: Path) -> None:
    done = run(
        "compare", "--process", "z1r", "--predictor", "uniform", "--length", "4", "-o", "out", "--json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "out" / "results.json").read_text())


def test_a_comparison_that_was_killed_goes_on_from_its_store(tmp_path: Path) -> None:
    asked = ["compare", "--process", "z1r", *TINY, "--seeds", "3", "--store", "kept"]
    cells = tmp_path / "kept" / "cells"
    killed = subprocess.Popen(
        [*COMPMECH, *asked, "-o", "never"], cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    )
    assert killed.stderr is not None
    killed.stderr.readline()  # one network has ended
    killed.kill()
    killed.communicate()
    finished = {place.name: (place / "DONE").stat().st_mtime_ns for place in cells.iterdir() if place.name[0] != "."}
    assert finished
    assert not (tmp_path / "never").exists()

    done = run(*asked, "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    # three seeds, the controls, and what is known of the process
    assert len([place for place in cells.iterdir() if place.name[0] != "."]) == 5
    assert {name: (cells / name / "DONE").stat().st_mtime_ns for name in finished} == finished

    again = run(*asked, "-o", "again", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    for name in ("results.csv", "ranks.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    networks = sorted((tmp_path / "out" / "checkpoints").iterdir())
    assert len(networks) == 3
    for network in networks:
        assert (tmp_path / "again" / "checkpoints" / network.name).read_bytes() == network.read_bytes()


def test_a_folder_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    done = run("compare", "--process", "z1r", *TINY, "--store", "mine", "-o", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "mine holds 'letter.txt' and no store.json" in one_line(done.stderr)
    (tmp_path / "file").write_text("")
    done = run("compare", "--process", "z1r", *TINY, "--store", "file/kept", "-o", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot write to the store file/kept" in one_line(done.stderr)


def test_an_unwritable_folder_is_refused_before_any_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    started = time.monotonic()
    done = run("compare", "--process", "rrxor", *TINY, "--steps", "1000000", "-o", "file/out", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot write" in one_line(done.stderr)
    assert time.monotonic() - started < 120  # a million steps take hours
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_sweep_tries_the_rates_and_clips_that_are_named(tmp_path: Path) -> None:
    named = ["--rate", "0.01", "--rate", "0.001", "--clip", "0.5"]
    small = [
        "--process",
        "golden_mean@4",
        "--predictor",
        "gru:width=4",
        "--steps",
        "2",
        "--batch",
        "4",
        "--workers",
        "1",
    ]
    done = run("rates", *small, *named, "-o", "rates.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "rates.json").read_text())["rows"]
    assert sorted((row["rate"], row["clip"]) for row in rows) == [(0.001, 0.5), (0.01, 0.5)]


def test_a_sweep_that_cannot_be_written_is_refused_before_any_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("rates", "--steps", "1000000", "-o", "file/rates.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot write" in one_line(done.stderr)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [["stats", "rrxor"], ["processes"]])
def test_a_full_disk_is_said_in_one_line(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMPMECH, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, env=environment()
        )
    assert done.returncode == 1
    assert "No space left" in one_line(done.stderr)


def test_a_process_that_does_not_start_stationary_is_compared(tmp_path: Path) -> None:
    T = zoo.even().T
    machine = {"alphabet": ["0", "1"], "matrices": {"0": T[0].tolist(), "1": T[1].tolist()}, "start": [1.0, 0.0]}
    (tmp_path / "begun.json").write_text(json.dumps(machine))
    done = run("compare", "--process", "begun.json", *TINY, "--length", "6", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert "not stationary" in found["processes"][0]["statistics"]["how"]["entropy_rate"]


def test_divergence_is_a_failed_run(tmp_path: Path) -> None:
    done = run("compare", "--process", "z1r", *TINY, "--steps", "200", "--lr", "9e37", "-o", "out", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    *log, last = done.stderr.splitlines()
    assert "diverged" in one_line(last)
    assert [line for line in log if line.startswith("failed: ")] == log[-1:]  # in the log when it happened
    assert list(tmp_path.iterdir()) == []


MANY = [word for width in range(8, 14) for word in ("--predictor", f"gru:width={width}")]


@pytest.mark.parametrize(
    ("workers", "number", "again", "status", "line"),
    [
        ("1", signal.SIGINT, False, 130, "compmech: stopped by Ctrl-C; nothing was written"),
        ("2", signal.SIGINT, True, 130, "compmech: stopped by Ctrl-C; nothing was written"),
        ("2", signal.SIGTERM, False, 143, "compmech: stopped by SIGTERM; nothing was written"),
    ],
)
def test_a_signal_in_mid_training_leaves_nothing(
    tmp_path: Path, workers: str, number: int, again: bool, status: int, line: str
) -> None:
    arguments = ["compare", "--process", "rrxor", *MANY, "--length", "8", "--steps", "1000000"]
    arguments += ["--workers", workers, "-o", "out"]
    running = subprocess.Popen(
        [*COMPMECH, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
        start_new_session=True,
        # a test run in the background of a script has Ctrl-C ignored, and would hand that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        wait_for_training(running.pid)
        assert running.poll() is None
        assert [p.name for p in tmp_path.iterdir()] != []  # the folder in the making
        if number == signal.SIGINT:
            os.killpg(running.pid, number)  # as a terminal does: to every process of the group
        else:
            running.send_signal(number)
        while again and running.poll() is None:  # as a user does who sees no effect within a blink
            time.sleep(0.02)
            os.killpg(running.pid, number)
        output, errors = running.communicate(timeout=60)
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
    assert running.returncode == status, errors
    assert errors.splitlines() == [line]
    assert output == ""
    assert list(tmp_path.iterdir()) == []


def wait_for_training(pid: int) -> None:
    """Until the group of processes has used far more processor time than starting up takes."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        if sum(seconds_used(member) for member in group(pid)) > 15:
            return
        time.sleep(0.5)
    pytest.fail("training did not begin")


def group(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == leader:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


def seconds_used(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
