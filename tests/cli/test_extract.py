"""`compmech extract` as a user meets it: what it prints, draws and refuses, on networks trained and untrained."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from inference_keys import KEYS

from compmech import EpsilonMachine, epsilon_machine, load, zoo
from compmech.cli import _status
from compmech.cli.extraction_table import extraction_table
from compmech.inference import isomorphism

GOOD = ["golden_mean:p=0.4", "--predictor", "gru:width=8,n_layer=1", "--length", "6", "--lr", "0.02"]
GOOD += ["--steps", "200", "--batch", "64", "--targets", "exact", "--clip", "1"]
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


def test_nothing_but_the_network_and_the_seed_goes_into_what_is_found(good: Path, document: dict[str, Any]) -> None:
    """Again with the same seed, and beside another process: the same numbers but for the comparison."""
    other = found(good, "--process", "even")
    beside = other["diagnostics"].pop("process")
    assert other == document | {"diagnostics": {k: v for k, v in document["diagnostics"].items() if k != "process"}}
    assert other["n_causal_states"]["value"] == 2
    assert (beside["name"], beside["isomorphic"], beside["undertrained"]) == ("even(p=0.5)", False, True)


def test_people_get_the_machine_the_table_and_a_picture(
    good: Path, document: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    picture = tmp_path / "new" / "machine.svg"
    assert _status(["extract", str(good), *FEW, "--seed", "4", "-o", str(picture)]) == 0
    told = capsys.readouterr().out
    assert max(len(line) for line in told.splitlines()[:-1]) <= 80
    assert "2 recurrent causal states say what the predictor says" in told
    assert "isomorphic to the machine of the process" in told
    assert "left out: B on 1" in told
    assert "statistical complexity" in told
    assert f"{document['entropy_rate']['value']:.6f}" not in told  # another seed, other histories
    assert "<svg" in picture.read_text()


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
    fine, picture = ["--tolerance", "1e-7", "--horizon", "2"], tmp_path / "curve.png"
    document = found(good, *fine, "-o", str(picture))
    assert document["method"] == "spectral"
    assert document["n_causal_states"] is None
    assert document["diagnostics"]["process"]["isomorphic"] is False
    told = "\n".join(extraction_table(document, "a network"))
    assert "no finite machine" in told
    assert "states needed" in told
    assert picture.read_bytes()[:4] == b"\x89PNG"
    capsys.readouterr()
    assert _status(["extract", str(good), *FEW, *fine, "-o", str(tmp_path / "curve.dot")]) == 2
    assert "there is none to write as .dot" in one_line(capsys)


def copy_of(run: Path, to: Path, **changed: Any) -> Path:
    to.mkdir()
    (to / "model.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    said = json.loads((run / "training.json").read_text()) | changed
    (to / "training.json").write_text(json.dumps(said))
    return to


def test_a_run_on_a_file_names_its_symbols_and_is_compared_with_no_process(good: Path, tmp_path: Path) -> None:
    """As `train --data` records it: the symbols of the file, and no process.json."""
    document = found(copy_of(good, tmp_path / "copy", process="text.txt", symbols=["n", "y"]))
    assert document["machine"]["alphabet"] == ["n", "y"]
    assert [each["symbol"] for each in document["diagnostics"]["dropped"]] == ["y"]
    told = "\n".join(extraction_table(document, "a network"))
    assert "not compared with any process" in told
    assert "2 recurrent causal states" in told


def refused(capsys: pytest.CaptureFixture[str], run: Path, *more: str) -> str:
    """The one line that says why."""
    capsys.readouterr()
    assert _status(["extract", str(run), *more]) == 2
    return one_line(capsys)


def test_what_is_no_run_is_refused(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "holds no training.json: give the folder that compmech train -o wrote" in refused(capsys, tmp_path / "no")
    begun = tmp_path / "begun"
    begun.mkdir()
    (begun / "run.json").write_text("{}")
    assert "holds a run that has not ended: go on with compmech train --resume" in refused(capsys, begun)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "config.json").write_text('{"model_type": "gpt2"}')
    assert "holds no training.json" in refused(capsys, foreign)
    removed = copy_of(good, tmp_path / "removed")
    (removed / "model.safetensors").unlink()
    assert "does not hold model.safetensors" in refused(capsys, removed)
    damaged = copy_of(good, tmp_path / "damaged")
    weights = (good / "model.safetensors").read_bytes()
    for left in (b"no weights", weights[:-40], weights[:-1] + bytes([weights[-1] ^ 1])):
        (damaged / "model.safetensors").write_bytes(left)
        assert "model.safetensors: damaged" in refused(capsys, damaged)
    (damaged / "process.json").write_text('{"alphabet": ')
    assert "process.json: not JSON" in refused(capsys, damaged)
    (damaged / "training.json").write_text("[1")
    assert "is no record of a run" in refused(capsys, damaged)
    for number, odd in enumerate(({"config": {}}, {"symbols": 3}, {"symbols": [["a"], ["b"]]})):
        assert "is no record of a run" in refused(capsys, copy_of(good, tmp_path / f"odd-{number}", **odd))
    three = copy_of(good, tmp_path / "three", process="text.txt", symbols=["a", "b", "c"])
    assert "predicts 2 symbols, and text.txt has 3" in refused(capsys, three)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "machine.docx"], ".docx"),
        (["--drop-below", "0.7"], "drop_below must be at least 0 and below one in 2; got 0.7"),
        (["--drop-below", "nan"], "drop_below must be"),
        (["--horizon", "30"], "the horizon must be"),
        (["--tolerance", "0"], "tolerance must be above 0, and finite, in bits a symbol; got 0.0"),
        (["--tolerance", "inf"], "tolerance must be above 0, and finite"),
        (["--sequences", "1"], "--sequences"),
        (["--symbols", "1"], "--symbols"),
        (["--process", "mess3"], "predicts 2 symbols, and mess3(x=0.05, a=0.85) has 3"),
        (["--process", "nosuch"], "unknown process 'nosuch'"),
        (["--process", "no/such.json"], "No such file"),
    ],
)
def test_what_cannot_be_is_refused(
    good: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert said in refused(capsys, good, *options)


def test_a_network_that_cannot_read_so_far_says_which_option_is_to_be_less(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    reader = ["--predictor", "transformer:width=8,n_layer=1,n_head=1", "--length", "6", "--steps", "1", "--batch", "2"]
    assert _status(["train", "golden_mean", *reader, "-o", str(run)]) == 0
    said = refused(capsys, run)
    assert "reads at most 6 symbols: 24 and 2 more for their futures do not fit" in said
    assert "at most 4 symbols (n_time, --symbols)" in said


def test_the_machine_is_an_epsilon_machine_with_letters(document: dict[str, Any]) -> None:
    assert document["machine"]["states"] == ["A", "B"]
    assert document["machine"]["start"][0] > document["machine"]["start"][1]
    T = document["machine"]["matrices"]
    emit = [[sum(T[x][i]) for x in ("0", "1")] for i in range(2)]
    after = [[T[x][i].index(max(T[x][i])) if sum(T[x][i]) else -1 for x in ("0", "1")] for i in range(2)]
    assert EpsilonMachine(after, emit).n_state == 2
