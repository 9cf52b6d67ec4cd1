"""`compmech extract` as a user meets it: what it prints, draws and refuses, on networks trained and untrained."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from compmech import EpsilonMachine, epsilon_machine, load, zoo
from compmech.cli import _status
from compmech.inference import isomorphism

GOOD = ["golden_mean:p=0.4", "--predictor", "gru:width=8,n_layer=1", "--length", "6", "--lr", "0.02"]
GOOD += ["--steps", "200", "--batch", "64", "--targets", "exact", "--clip", "1"]
KEYS = [
    "method",
    "n_causal_states",
    "entropy_rate",
    "statistical_complexity",
    "excess_entropy",
    "held_out_bits_per_symbol",
    "machine",
    "p_structure",
    "diagnostics",
]
FEW = ["--sequences", "60"]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned its process."""
    out = tmp_path_factory.mktemp("runs") / "good"
    assert _status(["train", *GOOD, "-o", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that has learned nothing."""
    out = tmp_path_factory.mktemp("runs") / "raw"
    assert (
        _status(["train", "rrxor", "--predictor", "gru:width=8", "--length", "6", "--steps", "1", "-o", str(out)]) == 0
    )
    return out


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("compmech: ")
    return lines[0]


def found(run: Path, *more: str) -> dict[str, Any]:
    told = io.StringIO()
    with redirect_stdout(told):
        assert _status(["extract", str(run), *FEW, "--json", *more]) == 0
    document: dict[str, Any] = json.loads(told.getvalue())
    return document


@pytest.fixture(scope="module")
def document(good: Path) -> dict[str, Any]:
    """What is found in the good network."""
    return found(good)


def test_json_has_the_keys_of_inference_and_a_machine_that_can_be_loaded(
    document: dict[str, Any], tmp_path: Path
) -> None:
    assert list(document) == KEYS
    for key in KEYS[1:5]:
        assert document[key]["low"] <= document[key]["value"] <= document[key]["high"]
    (tmp_path / "machine.json").write_text(json.dumps(document["machine"]))
    machine = epsilon_machine(load(tmp_path / "machine.json"))
    match = isomorphism(machine, epsilon_machine(zoo.golden_mean(p=0.4)))
    assert match is not None
    assert match.largest_difference < 0.02
    beside = document["diagnostics"]["process"]
    assert beside["isomorphic"] is True
    assert beside["name"] == "golden_mean(p=0.4)"
    assert document["diagnostics"]["run"]["length"] == 6
    assert document["diagnostics"]["rollout"]["length"] == 24
    [dropped] = document["diagnostics"]["dropped"]
    assert (dropped["symbol"], 0 < dropped["probability"] < 0.01) == ("1", True)


def test_the_same_seed_gives_the_same_numbers(good: Path, document: dict[str, Any]) -> None:
    assert found(good, "--seed", "0") == document
    assert found(good, "--seed", "4")["entropy_rate"] != document["entropy_rate"]


def test_people_get_the_machine_the_table_and_a_picture(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert _status(["extract", str(good), *FEW, "-o", str(tmp_path / "new" / "machine.svg")]) == 0
    told = capsys.readouterr().out
    assert max(len(line) for line in told.splitlines()[:-1]) <= 80
    assert "2 recurrent causal states say what the predictor says" in told
    assert "isomorphic to the machine of the process" in told
    assert "left out: B on 1" in told
    assert "statistical complexity" in told
    assert "<svg" in (tmp_path / "new" / "machine.svg").read_text()


def test_an_untrained_network_is_called_so(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _status(["extract", str(raw), *FEW]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "undertrained: the network is 0.0" in told
    assert "not the machine of the process" in told
    assert "one state: every history has the same future" in told


def test_where_there_is_no_finite_machine_the_curve_is_shown(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a tolerance finer than the network's own error, every number of states is as good as the next."""
    fine = ["--tolerance", "1e-7", "--horizon", "2"]
    document = found(good, *fine)
    assert document["method"] == "spectral"
    assert document["n_causal_states"] is None
    assert document["diagnostics"]["process"]["isomorphic"] is False
    picture = tmp_path / "curve.png"
    assert _status(["extract", str(good), *FEW, *fine, "-o", str(picture)]) == 0
    told = capsys.readouterr().out
    assert "no finite machine" in told
    assert "states needed" in told
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert _status(["extract", str(good), *FEW, *fine, "-o", str(tmp_path / "curve.dot")]) == 2
    assert "there is none to write as .dot" in one_line(capsys)


def test_another_process_can_be_compared_with(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = found(good, "--process", "even")
    assert document["n_causal_states"]["value"] == 2
    assert document["diagnostics"]["process"]["isomorphic"] is False
    assert document["diagnostics"]["process"]["undertrained"] is True
    assert _status(["extract", str(good), "--process", "mess3"]) == 2
    assert "predicts 2 symbols, and mess3(x=0.05, a=0.85) has 3" in one_line(capsys)


def copy_of(run: Path, to: Path, **changed: Any) -> Path:
    to.mkdir()
    (to / "model.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    said = json.loads((run / "training.json").read_text()) | changed
    (to / "training.json").write_text(json.dumps(said))
    return to


def test_a_run_without_a_process_is_compared_with_none(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert _status(["extract", str(copy_of(good, tmp_path / "copy", process="text.txt")), *FEW]) == 0
    told = capsys.readouterr().out
    assert "not compared with any process" in told
    assert "2 recurrent causal states" in told


def test_what_is_no_run_is_refused(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(run: Path, said: str) -> None:
        capsys.readouterr()
        assert _status(["extract", str(run)]) == 2
        assert said in one_line(capsys)

    refused(tmp_path / "nowhere", "holds no training.json: give the folder that compmech train -o wrote")
    unfinished = copy_of(good, tmp_path / "unfinished")
    (unfinished / "model.safetensors").unlink()
    refused(unfinished, "does not hold model.safetensors")
    damaged = copy_of(good, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"no weights")
    refused(damaged, "damaged, or no safetensors file")
    (damaged / "training.json").write_text("[1")
    refused(damaged, "is no record of a run")
    refused(copy_of(good, tmp_path / "odd", config={}), "is no record of a run")
    capsys.readouterr()
    assert _status(["extract", str(good), "-o", str(tmp_path / "machine.docx")]) == 2
    assert ".docx" in one_line(capsys)
    assert _status(["extract", str(good), "--drop-below", "0.7"]) == 2
    assert "drop_below must be" in one_line(capsys)
    assert _status(["extract", str(good), "--horizon", "30"]) == 2
    assert "the horizon must be" in one_line(capsys)


def test_the_machine_is_an_epsilon_machine_with_letters(document: dict[str, Any]) -> None:
    assert document["machine"]["states"] == ["A", "B"]
    assert document["machine"]["start"][0] > document["machine"]["start"][1]
    T = document["machine"]["matrices"]
    emit = [[sum(T[x][i]) for x in ("0", "1")] for i in range(2)]
    after = [[T[x][i].index(max(T[x][i])) if sum(T[x][i]) else -1 for x in ("0", "1")] for i in range(2)]
    assert EpsilonMachine(after, emit).n_state == 2
