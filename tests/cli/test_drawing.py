"""`compmech draw` and `compmech msp` as a user meets them, and the table of `compmech stats` on a narrow terminal."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from compmech import mixed_states, save, zoo
from compmech.cli import _status, app
from compmech.hmm import HMM

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Typer hands --version's callback a context of another class than its annotation asks, which the checker of types
    refuses; the commands do not need it."""
    monkeypatch.setattr(app, "registered_callback", None)


def run(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and the one line of standard error."""
    status = _status(list(arguments))
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == (status != 0), err
    return status, out, err


MAGIC = {
    "png": b"\x89PNG",
    "svg": b"<?xml",
    "pdf": b"%PDF",
    "dot": b"digraph",
    "tex": b"\\documentclass",
    "mmd": b"flowchart",
}


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        *(("diagram", suffix) for suffix in MAGIC),
        ("simplex", "png"),
        ("blocks", "svg"),
        ("information", "pdf"),
        ("tables", "tex"),
    ],
)
def test_each_kind_is_drawn_into_its_file(tmp_path: Path, capsys: Captured, kind: str, suffix: str) -> None:
    path = tmp_path / f"golden.{suffix}"
    assert run(capsys, "draw", "golden_mean", "--param", "p=0.25", "--kind", kind, "-o", str(path)) == (
        0,
        f"{path}\n",
        "",
    )
    assert path.read_bytes().startswith(MAGIC[suffix])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_machine_file_is_drawn_and_its_labels_can_be_read(tmp_path: Path, capsys: Captured) -> None:
    save(zoo.even(p=0.25), tmp_path / "even.json")
    out = tmp_path / "new" / "even.svg"
    status, printed, _ = run(capsys, "draw", "--file", str(tmp_path / "even.json"), "-o", str(out), "--json")
    assert status == 0
    assert json.loads(printed) == {"process": str(tmp_path / "even.json"), "kind": "diagram", "file": str(out)}
    texts = ["".join(e.itertext()) for e in ElementTree.parse(out).iter("{http://www.w3.org/2000/svg}text")]
    assert {"A", "B", "0:3/4", "1:1/4", "1:1"} <= set(texts)


@pytest.mark.parametrize(("presentation", "states"), [("given", 2), ("epsilon-machine", 2), ("mixed-states", 3)])
def test_other_presentations_can_be_drawn(tmp_path: Path, capsys: Captured, presentation: str, states: int) -> None:
    path = tmp_path / "machine.dot"
    assert run(capsys, "draw", "golden_mean", "--presentation", presentation, "-o", str(path))[0] == 0
    assert path.read_text().count("fillcolor") == states


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["draw", "nemo", "-o", "x.jpg"],
            "must end in .png, .svg, .pdf, .dot, .tex or .mmd; it ends in .jpg",
        ),
        (["draw", "nemo", "-o", "x"], "it has no ending"),
        (["draw", "nemo", "--kind", "blocks", "-o", "x.dot"], "must end in .png, .svg or .pdf"),
        (["draw", "nemo", "--kind", "tables", "-o", "x.png"], "must end in .tex"),
        (["draw", "nemo", "--kind", "cake", "-o", "x.png"], "'cake'"),
        (["draw", "nemo"], "--out"),
        (["draw", "-o", "x.png"], "name one process"),
        (["draw", "nemmo", "-o", "x.png"], "did you mean 'nemo'"),
        (["draw", "nemo", "--param", "p=2", "-o", "x.png"], "p must be in [0, 1]"),
        (["draw", "--file", "absent.json", "-o", "x.png"], "absent.json"),
        (["draw", "nemo", "--max-states", "2", "-o", "x.png"], "has 3 states, which are more than max_states=2 allows"),
        (["draw", "mess3", "--presentation", "epsilon-machine", "-o", "x.png"], "no finite epsilon-machine"),
        (["draw", "nemo", "-o", "."], "is a folder"),
        (["msp", "nemo", "--depth", "-1"], "'--depth'"),
        (["msp", "nemo", "-o", "x.gif"], "x.gif"),
        (
            ["msp", "sns", "--depth", "70", "--kind", "diagram", "-o", "x.svg"],
            "states, which are more than max_states=60 allows",
        ),
        (["msp"], "name one process"),
    ],
)
def test_misuse_is_one_line_and_status_2(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert complaint in err
    assert list(tmp_path.iterdir()) == []


def test_a_start_that_is_not_stationary_has_a_diagram_but_no_entropies(tmp_path: Path, capsys: Captured) -> None:
    save(HMM(zoo.even().T, start=[0, 1]), tmp_path / "even.json")
    file = ["--file", str(tmp_path / "even.json")]
    assert run(capsys, "draw", *file, "-o", str(tmp_path / "x.svg"))[0] == 0
    status, _, err = run(capsys, "draw", *file, "--kind", "blocks", "-o", str(tmp_path / "y.svg"))
    assert status == 2
    assert "not stationary" in err


def test_what_cannot_be_written_is_status_1(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "x.png"
    for command in (["draw", "even"], ["msp", "even"]):
        status, printed, err = run(capsys, *command, "-o", str(out))
        assert (status, printed) == (1, "")
        assert err.startswith(f"compmech: cannot write {out}")


def test_a_full_disk_leaves_the_old_picture(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "x.dot"
    path.write_text("old")
    monkeypatch.setattr("os.replace", full)
    status, _, err = run(capsys, "draw", "even", "-o", str(path))
    assert status == 1
    assert "No space left on device" in err
    assert [p.name for p in tmp_path.iterdir()] == ["x.dot"]
    assert path.read_text() == "old"


def test_mixed_states_are_counted(tmp_path: Path, capsys: Captured) -> None:
    status, out, _ = run(capsys, "msp", "rrxor")
    assert status == 0
    rows = dict(line.rsplit(maxsplit=1) for line in out.splitlines()[1:])
    assert rows == {"  mixed states": "36", "  recurrent": "5", "  closed": "yes", "  depth": "7", "  lost mass": "0"}
    path = tmp_path / "sns.png"
    status, out, _ = run(capsys, "msp", "sns", "--depth", "6", "-o", str(path), "--colour", "depth")
    assert status == 0
    expected = mixed_states(zoo.sns(), depth=6)
    assert f"  lost mass     {expected.lost_mass:.6g}\n" in out
    assert "  closed        no\n" in out
    assert "ended by" not in out
    assert path.read_bytes().startswith(b"\x89PNG")


def test_what_ended_a_search_is_said(capsys: Captured) -> None:
    status, out, _ = run(capsys, "msp", "mess3", "--depth", "9", "--max-states", "50")
    assert status == 0
    assert "  mixed states  40\n" in out
    assert "  lost mass     1\n  ended by      --max-states 50: " in out


def test_the_table_of_mixed_states_is_the_presentation(capsys: Captured) -> None:
    status, out, _ = run(capsys, "msp", "even", "--json")
    assert status == 0
    table, expected = json.loads(out), mixed_states(zoo.even())
    for key in ("beliefs", "successor", "emit", "recurrent"):
        assert table[key] == getattr(expected, key).tolist()
    for key in ("n_mixed", "closed", "lost_mass", "depth", "merge_tol"):
        assert table[key] == getattr(expected, key)
    assert (table["alphabet"], table["states"]) == (["0", "1"], ["A", "B"])


def test_a_budget_that_is_too_small_is_said_and_loses_nothing(capsys: Captured) -> None:
    status, out, _ = run(capsys, "msp", "mess3", "--max-states", "50", "--json")
    table = json.loads(out)
    assert status == 0
    assert (table["n_mixed"], table["closed"], table["depth"]) == (40, False, 3)


@pytest.mark.parametrize("name", ["even", "sns", "mess3"])  # exact, bounded, with reasons that are long
def test_the_table_of_statistics_fits_80_columns(capsys: Captured, name: str) -> None:
    status, out, _ = run(capsys, "stats", name)
    assert status == 0
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "entropy rate" in out
