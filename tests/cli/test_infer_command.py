"""`compmech infer` as a user meets it: every kind of file, every way in which one can be wrong, and what is printed."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inference_keys import KEYS

from compmech import epsilon_machine, load, zoo
from compmech.cli import _status
from compmech.cli.failure import Misused
from compmech.cli.series_files import Brought, read_series
from compmech.inference import inferred, isomorphism

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals and large topologies are not looked at here."""
    monkeypatch.setattr(inferred, "_MOST_STATES", {1: 1, 2: 3, 3: 2, 4: 2})
    monkeypatch.setattr(inferred, "_DRAWS", 8)
    monkeypatch.setattr(inferred, "_COSTLY", 2)


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """2,000 symbols of the golden mean as text, in lines of 60."""
    text = "".join(map(str, zoo.golden_mean().sample(1, 2_000, rng=np.random.default_rng(0))[0]))
    return written(tmp_path / "golden.txt", "\n".join(text[i : i + 60] for i in range(0, len(text), 60)))


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def one_line(capsys: Captured) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("compmech: ")
    return lines[0]


def codes_of(brought: Brought) -> list[Any]:
    names = brought.series.alphabet
    return [None if code < 0 else names[code] for code in brought.series.codes]


# ------------------------------------------------------------------------------------------------------- the command


def test_json_has_the_keys_of_inference_and_a_machine_that_can_be_loaded(
    golden: Path, tmp_path: Path, capsys: Captured
) -> None:
    picture = tmp_path / "new" / "machine.svg"
    assert _status(["infer", str(golden), "--json", "-o", str(picture)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == KEYS
    for key in KEYS[1:5]:
        assert document[key]["low"] <= document[key]["value"] <= document[key]["high"]
    (tmp_path / "machine.json").write_text(json.dumps(document["machine"]))
    found, truth = epsilon_machine(load(tmp_path / "machine.json")), epsilon_machine(zoo.golden_mean())
    match = isomorphism(found, truth)
    assert match is not None
    assert match.largest_difference < 0.04
    assert "<svg" in picture.read_text()


def test_the_same_seed_gives_the_same_numbers(golden: Path, capsys: Captured) -> None:
    told = []
    for seed in ("0", "0", "5"):
        assert _status(["infer", str(golden), "--json", "--method", "cssr", "--seed", seed]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != told[2]


def test_people_get_a_table_that_fits(golden: Path, tmp_path: Path, capsys: Captured) -> None:
    assert _status(["infer", str(golden), "--method", "cssr", "-o", str(tmp_path / "a.dot")]) == 0
    told = capsys.readouterr().out
    assert max(len(line) for line in told.splitlines()[1:-1]) <= 80
    assert "2,000 symbols, 2 different" in told
    assert "line breaks are left out" in told
    assert "structure found: 2 causal states (p = 0.005 against shuffled symbols)" in told
    assert "chosen" in told
    assert told.splitlines()[-1] == str(tmp_path / "a.dot")


def test_no_structure_is_said_plainly(tmp_path: Path, capsys: Captured) -> None:
    values = np.random.default_rng(3).normal(size=1_000)
    table = written(tmp_path / "returns.csv", "day,gain\n" + "\n".join(f"{i},{x}" for i, x in enumerate(values)))
    arguments = [str(table), "--column", "gain", "--time", "day", "--symbols", "sign", "--method", "cssr"]
    assert _status(["infer", *arguments]) == 0
    told = capsys.readouterr().out
    assert "no structure found: one state" in told
    assert "+     x > 0" in told


def test_one_symbol_throughout_is_said(tmp_path: Path, capsys: Captured) -> None:
    assert _status(["infer", str(written(tmp_path / "a.txt", "a" * 200))]) == 0
    assert "the series is one symbol throughout" in " ".join(capsys.readouterr().out.split())


def test_one_state_although_the_past_tells_something_is_said(tmp_path: Path, capsys: Captured) -> None:
    """A chain over 40 symbols, of which 200 show no machine that holds them better than none."""
    text = "".join(chr(ord("0") + i % 40) * 2 for i in range(100))
    assert _status(["infer", str(written(tmp_path / "a.txt", text))]) == 0
    assert "more data may tell" in " ".join(capsys.readouterr().out.split())


def test_many_symbols_do_not_fill_the_screen(tmp_path: Path, capsys: Captured) -> None:
    letters = np.random.default_rng(0).integers(0, 40, size=600)
    text = "".join(chr(ord("A") + i) for i in letters) + " \u00e9"
    assert _status(["infer", str(written(tmp_path / "a.txt", text))]) == 0
    told = capsys.readouterr().out
    assert "more" in told
    assert max(len(line) for line in told.splitlines()[1:]) <= 80
    assert len(told.splitlines()) < 40


@pytest.mark.parametrize(
    ("text", "arguments", "complaint"),
    [
        ("ab" * 40, [], "there are 80 symbols: nothing can be told from fewer than 100"),
        ("", [], "there are no symbols"),
        ("ab" * 200, ["--method", "csr"], "there is no method 'csr'; there are auto, cssr, bayes"),
        ("ab" * 200 + "abcabc", ["--method", "cssr"], "'c' occurs only there"),
        ("abcdefghij" * 30, ["--method", "bayes"], "too many topologies over 10 symbols"),
        ("ab" * 200, ["-o", "machine.xyz"], ".xyz"),
        ("1 2 3", ["--symbols", "quantil:3"], "there is no symboliser 'quantil'; did you mean 'quantile'?"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tmp_path: Path, capsys: Captured, text: str, arguments: list[str], complaint: str
) -> None:
    assert _status(["infer", str(written(tmp_path / "data.txt", text)), *arguments]) == 2
    assert complaint in one_line(capsys)


def test_a_missing_file_and_an_unwritable_picture(golden: Path, tmp_path: Path, capsys: Captured) -> None:
    assert _status(["infer", str(tmp_path / "none.csv")]) == 2
    assert "none.csv: No such file" in one_line(capsys)
    (tmp_path / "file").write_text("")
    assert _status(["infer", str(golden), "--method", "cssr", "-o", str(tmp_path / "file" / "a.svg")]) == 1
    assert "cannot write" in one_line(capsys)


# --------------------------------------------------------------------------------------------------------- the files


@pytest.mark.parametrize(
    ("name", "text", "options", "codes"),
    [
        ("a.txt", "ab\nba\n", {}, list("abba")),
        ("a.txt", "ab c\nd", {}, list("ab c d")),
        ("a.txt", "the cat the\ndog", {"words": True}, ["the", "cat", "the", "dog"]),
        ("a.txt", "1.5, -2\nnan 3", {"symbols": "sign"}, ["+", "-", None, "+"]),
        ("a.csv", "x\n1\n\nNA\n2\n", {}, [1, None, 2]),
        ("a.csv", "1\n2.0\n1\n", {}, [1, 2, 1]),
        ("a.csv", "\ufeffx;y\na;1\nb;\n", {"column": "y"}, [1, None]),
        ("a.csv", "x,y\na,1\nb,2\n", {"column": "1"}, ["a", "b"]),
        ("a.csv", 'x,y\n"a,b",1\nb,2\n', {"column": "x"}, ["a,b", "b"]),
        ("a.csv", "x\n1\nb\n1\n", {}, ["1", "b", "1"]),
        ("a.tsv", "x\ty\na\t1\n", {"column": "x"}, ["a"]),
        ("a.csv", "t,x\n3,c\n1,a\n2,b\n", {"time": "t"}, ["a", "b", "c"]),
        ("a.csv", "t,x\n1,a\n2,b\n5,c\n", {"time": "t", "step": "1"}, ["a", "b", None, "c"]),
        (
            "a.csv",
            "t,x\n2024-02-28,a\n2024-02-29,b\n2024-03-02,c\n",
            {"time": "t", "step": "1d"},
            ["a", "b", None, "c"],
        ),
        ("a.csv", "t,x\n2024-01-01 06:00,b\n2024-01-01T00:00,a\n", {"time": "t", "step": "6h"}, ["a", "b"]),
        (
            "a.csv",
            "t,x\n1,1\n2,\n3,-2\n9,4\n",
            {"time": "t", "step": "1", "symbols": "sign"},
            ["+", None, "-", None, "+"],
        ),
        ("a.csv", "x\n1\n2\n3\n4\n", {"symbols": "quantile:2"}, [0, 0, 1, 1]),
        ("a.csv", "x\n1\n2\n3\n4\n", {"symbols": "threshold:2,3.5"}, [0, 1, 1, 2]),
        ("a.csv", "x\n1\n2\n3\n1\n", {"symbols": "ordinal:2"}, ["01", "10"]),
        ("a.csv", "x\n1\n2\n3\n1\n", {"symbols": "ordinal:2,1"}, ["01", "01", "10"]),
        ("a.csv", "x\n1\n2\n3\n4\n", {"symbols": "sax:2,2"}, ["a", "b"]),
    ],
)
def test_texts_and_tables(tmp_path: Path, name: str, text: str, options: dict[str, Any], codes: list[Any]) -> None:
    assert codes_of(read_series(written(tmp_path / name, text), **options)) == codes


@pytest.mark.parametrize(
    ("array", "options", "codes"),
    [
        (np.array([0, 1, 0]), {}, [0, 1, 0]),
        (np.array([[0, 1], [1, 0]]), {}, [0, 1, None, 1, 0]),
        (np.array([[0, 5], [1, 6]]), {"column": "2"}, [5, 6]),
        (np.array([1.0, np.nan, 2.0]), {}, [1, None, 2]),
        (np.array([0.5, np.nan, -2.0]), {"symbols": "sign"}, ["+", None, "-"]),
        (np.array([[0.5], [-1.0]]), {"symbols": "sign"}, ["+", None, "-"]),
        (np.array(["b", "a"]), {}, ["b", "a"]),
        (np.array([(1, 2.5)], dtype=[("n", int), ("x", float)]), {"column": "n"}, [1]),
    ],
)
def test_arrays(tmp_path: Path, array: np.ndarray, options: dict[str, Any], codes: list[Any]) -> None:
    np.save(tmp_path / "a.npy", array)
    assert codes_of(read_series(tmp_path / "a.npy", **options)) == codes


def test_how_a_table_was_read_is_said(tmp_path: Path) -> None:
    table = written(tmp_path / "a.csv", "t,x\n4,a\n1,7\n2,b\n")
    notes = " ".join(read_series(table, time="t", step="1").notes)
    assert "rows were put in the order of t" in notes
    assert "sampling times are missing at 1 places" in notes
    assert "numbers and text such as 'b' are mixed" in notes


@pytest.mark.parametrize(
    ("name", "text", "options", "complaint"),
    [
        ("a.csv", "close,open\n1,2\n", {"column": "clsoe"}, "no column 'clsoe'; did you mean 'close'"),
        ("a.csv", "close,open\n1,2\n", {"column": "3"}, "no column '3'; it has close, open"),
        ("a.csv", "close,open\n1,2\n", {}, "several columns: name one with --column, of close, open"),
        ("a.csv", "x,x\n1,2\n", {"column": "x"}, "several columns 'x'"),
        ("a.csv", "", {}, "is empty"),
        ("a.csv", "x\n", {}, "there are no symbols"),
        ("a.csv", "x\nNA\nnan\n", {}, "every one is missing"),
        ("a.csv", "x\nNA\nnan\n", {"symbols": "sign"}, "every one is missing"),
        ("a.csv", "x,y\n1,2\n3\n", {"column": "x"}, "line 3 has 1 fields, the first line has 2"),
        ("a.csv", 'x\n"a\n', {}, "not a table that can be read"),
        ("a.csv", "x\n1.5\n2\n", {}, "1.5 is no whole number"),
        ("a.csv", "x\n1.5\nerr\n", {}, "numbers and text are mixed: 1.5 and 'err'"),
        ("a.csv", "x\n1.5\nerr\n", {"symbols": "sign"}, "value 2, 'err', is no number"),
        ("a.csv", "x\n" + "\n".join(map(str, range(300))), {}, "300 distinct symbols in 300"),
        ("a.csv", "t,x\n1,a\n1,b\n", {"time": "t"}, "the time 1 twice"),
        ("a.csv", "t,x\n1,a\n,b\n", {"time": "t"}, "no time in row 2"),
        ("a.csv", "t,x\n1,a\nsoon,b\n", {"time": "t"}, "'soon' in row 2 is neither"),
        ("a.csv", "t,x\n1,a\n2024-01-01,b\n", {"time": "t"}, "mixes dates and numbers"),
        ("a.csv", "t,x\n1,a\n1.2,b\n", {"time": "t", "step": "1"}, "less than half of the step"),
        ("a.csv", "t,x\n1,a\n2,b\n", {"time": "t", "step": "1d"}, "without a unit"),
        ("a.csv", "t,x\n2024-01-01,a\n2024-01-02,b\n", {"time": "t", "step": "1"}, "give the step '1' a unit"),
        ("a.csv", "t,x\n1,a\n2,b\n", {"time": "t", "step": "often"}, "must be a positive number"),
        ("a.csv", "t,x\n1,a\n2,b\n", {"column": "x", "step": "1"}, "--step needs --time"),
        ("a.csv", "x\na\n", {"words": True}, "--words is for text"),
        ("a.csv", "x\n1\n2\n", {"symbols": "foo"}, "there is no symboliser 'foo'; take sign"),
        ("a.csv", "x\n1\n2\n", {"symbols": "sax:two"}, "sax takes whole numbers"),
        ("a.csv", "x\n1\n2\n", {"symbols": "sign:1"}, "write it as one of"),
        ("a.csv", "x\n1\n2\n", {"symbols": "quantile"}, "write it as one of"),
        ("a.csv", "x\n1\n1\n2\n", {"symbols": "quantile:3"}, "3 quantiles need values that differ"),
        ("a.txt", "1 two", {"symbols": "sign"}, "value 2, 'two', is no number"),
        ("a.txt", "", {"symbols": "sign"}, "there are no values"),
        ("a.txt", "abc", {"column": "x"}, "read as text, which has no columns"),
        ("a.npy", "no array", {}, "not an array that can be read"),
        ("a.npy", "", {"time": "t"}, "--time is for .csv"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tmp_path: Path, name: str, text: str, options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(Misused, match=complaint.replace("(", r"\(")):
        read_series(written(tmp_path / name, text), **options)


@pytest.mark.parametrize(
    ("array", "options", "complaint"),
    [
        (np.array([0.5, 1.0]), {}, "0.5 is no whole number"),
        (np.zeros((2, 2, 2)), {}, r"shape \(2, 2, 2\)"),
        (np.array([1, 2]), {"column": "1"}, "with --column"),
        (np.array(["a"]), {"symbols": "sign"}, "no real values"),
        (np.array([[1, 2]]), {"column": "3"}, "no column '3'"),
        (np.array([np.inf, 1.0]), {"symbols": "sign"}, r"values\[0\] is inf"),
    ],
)
def test_what_is_wrong_with_an_array_is_said(
    tmp_path: Path, array: np.ndarray, options: dict[str, Any], complaint: str
) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(Misused, match=complaint):
        read_series(tmp_path / "a.npy", **options)


def test_bytes_that_are_no_text_and_files_of_several_arrays(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"ab\xff\xfe")
    with pytest.raises(Misused, match="not text in UTF-8"):
        read_series(tmp_path / "a.txt")
    with (tmp_path / "a.npy").open("wb") as file:
        np.savez(file, a=np.zeros(2), b=np.zeros(2))
    with pytest.raises(Misused, match="several arrays in one file"):
        read_series(tmp_path / "a.npy")


def test_parquet_without_its_extra_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Misused, match=r"needs pyarrow: pip install 'belief-geometry\[parquet\]'"):
        read_series(written(tmp_path / "a.parquet", ""))


def test_parquet_is_read_as_other_tables_are(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"t": [3, 1, 2], "x": [1.5, None, -1.0], "s": ["a", "b", None]})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert codes_of(read_series(tmp_path / "a.parquet", column="s", time="t")) == ["b", None, "a"]
    assert codes_of(read_series(tmp_path / "a.parquet", column="x", symbols="sign")) == ["+", None, "-"]
    with pytest.raises(Misused, match="no column 'z'"):
        read_series(tmp_path / "a.parquet", column="z")
    with pytest.raises(Misused, match="not a Parquet file"):
        read_series(written(tmp_path / "b.parquet", "x"), column="s")
