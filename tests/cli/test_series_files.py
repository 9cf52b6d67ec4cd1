"""What is read from a text, a table or an array of somebody's, and every way in which such a file can be wrong."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compmech.cli.failure import Misused
from compmech.cli.series_files import Brought, read_series


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def codes_of(brought: Brought) -> list[Any]:
    names = brought.series.alphabet
    return [None if code < 0 else names[code] for code in brought.series.codes]


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
        ("a.csv", "x\n9007199254740993\n9007199254740992\n", {}, [2**53 + 1, 2**53]),
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
        (np.array([b"a", b"b"]), {}, ["a", "b"]),
        (np.array(["2024-01-01", "NaT"], dtype="M8[D]"), {}, ["2024-01-01", None]),
        (np.array([3, 4], dtype="m8[s]"), {}, ["3 seconds", "4 seconds"]),
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
        ("a.csv", "x\n1\n1e999\n", {}, "1e999 is not a finite number, so no symbol"),
        ("a.csv", "x\n1e999\nb\n", {}, "numbers and text are mixed: 1e999 and 'b'"),
        ("a.txt", "1 two", {"symbols": "sign"}, "value 2, 'two', is no number"),
        ("a.txt", "01" * 10_000, {"symbols": "sign"}, "value 1, " + "01" * 20 + "..., is not a finite number"),
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
        (np.array([np.inf, 1.0]), {}, "inf is not a finite number"),
        (np.array([1j, 1.0]), {}, "complex128 holds neither text nor numbers that can be symbols"),
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


def test_entries_of_parquet_are_text_or_numbers_or_refused(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    days = np.array(["2024-01-01", "2024-01-02"], dtype="M8[D]")
    columns = {"list": [[1], [2]], "bytes": [b"u", b"d"], "day": days, "inf": [1.0, np.inf], "big": [2**53 + 1, 2**53]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")

    def read(column: str) -> list[Any]:
        return codes_of(read_series(tmp_path / "a.parquet", column=column))

    assert read("bytes") == ["u", "d"]
    assert read("day") == ["2024-01-01", "2024-01-02"]
    assert read("big") == [2**53 + 1, 2**53]
    with pytest.raises(Misused, match=r"\[1\] is neither text nor a number"):
        read("list")
    with pytest.raises(Misused, match="inf is not a finite number"):
        read("inf")


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
