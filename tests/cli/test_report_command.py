"""`compmech report`: everything from stored results, part by part, and each way to fail in one line."""

import json
import re
import shutil
from pathlib import Path

import pytest
from stored_sweeps import refused, run_sweep

from compmech.cli import _status
from probes.recalled import recalled
from probes.results import SCHEMA, Comparison
from probes.store import Store

SWEEP = """
[[process]]
name = "z1r"
length = 4
[[predictor]]
name = "gru"
width = 4
n_layer = 1
[[predictor]]
name = "uniform"
[training]
steps = 4
batch = 4
checkpoints = 3
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, once filled, with the comparison that filled it."""
    return run_sweep(tmp_path_factory.mktemp("filled"), "small.toml", SWEEP)


@pytest.fixture
def store(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it in a folder of its own, which is the present one."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(filled / "small.store", tmp_path / "small.store")
    return Path("small.store")


def test_a_report_is_what_compare_wrote(filled: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _status(["report", str(store)]) == 0
    said = capsys.readouterr().out
    assert re.match(r"comparison [0-9a-f]{16}: 4 of 4 cells\nwritten:\n  small-report/report.html\n", said)
    made = {path.relative_to("small-report").as_posix() for path in Path("small-report").rglob("*") if path.is_file()}
    small = filled / "small"
    first = {path.relative_to(small).as_posix() for path in small.rglob("*") if path.is_file()}
    assert made == {name for name in first if not name.startswith("checkpoints/")}
    assert {"report.html", "table.md", "table.tex", "figures/z1r-kl.png", "figures/z1r-kl.svg"} <= made
    for name in made - {"results.json"}:
        assert (Path("small-report") / name).read_bytes() == (small / name).read_bytes(), name
    one, two = (json.loads((folder / "results.json").read_text()) for folder in (Path("small-report"), small))
    assert {**one, "files": {}} == {**two, "files": {}}
    assert set(one["files"]) == made - {"results.json"}
    page = Path("small-report/report.html").read_text()
    assert "<h1>GRU on z1r</h1>" in page  # its settings tell it from no other
    assert "in results.csv and in stores, gru is gru-width4-n_layer1" in page
    assert "gru-width4-n_layer1" in Path("small-report/results.csv").read_text()


def test_parts_can_be_asked_for(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _status(["report", str(store), "--part", "page", "-o", "only"]) == 0
    assert sorted(path.name for path in Path("only").iterdir()) == ["report.html", "results.json"]
    assert _status(["report", str(store), "--part", "tables", "-o", "only", "--overwrite"]) == 0
    assert "report.html" not in {path.name for path in Path("only").iterdir()}
    assert "page, figures, tables" in refused(capsys, "report", str(store), "--part", "film")


def test_json_is_the_record(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _status(["report", str(store), "--part", "tables", "--json"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["schema"] == SCHEMA
    assert printed.strip() == Path("small-report/results.json").read_text()


def test_several_comparisons_are_listed_and_chosen(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("small.toml").write_text(SWEEP.replace('[[predictor]]\nname = "gru"\nwidth = 4\nn_layer = 1\n', ""))
    assert _status(["compare", "small.toml", "--workers", "1"]) == 0
    capsys.readouterr()
    assert _status(["report", str(store), "--list", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["comparisons"]
    assert (first["cells"], second["cells"]) == (4, 3)
    assert not Path("small-report").exists()
    assert _status(["report", str(store), "--part", "tables", "--comparison", first["comparison"][:6]]) == 0
    assert "gru" in Path("small-report/table.md").read_text().lower()
    assert _status(["report", str(store), "--part", "tables"]) == 0  # the latest
    assert "gru" not in Path("small-report/table.md").read_text().lower()
    said = refused(capsys, "report", str(store), "--comparison", "zz")
    assert first["comparison"] in said
    assert second["comparison"] in said


def test_unfinished_cells_are_left_out_and_told(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    uniform = next(
        path for path in (store / "cells").iterdir() if '"predictor": "uniform"' in (path / "metrics.json").read_text()
    )
    (uniform / "DONE").unlink()
    assert _status(["report", str(store), "--part", "tables"]) == 0
    said = capsys.readouterr().out
    assert "3 of 4 cells" in said
    assert "the others are not finished: compmech" in said
    assert "uniform" not in Path("small-report/table.md").read_text()


def test_a_large_comparison_is_recalled_in_brief(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = recalled(Store(store), Store(store).experiments()[-1])
    monkeypatch.setattr("probes.recalled.LARGE", 4)
    assert _status(["report", str(store)]) == 0
    brief = Comparison.from_json(Path("small-report/results.json").read_text())
    assert 0 < len(brief.rows) < len(whole.rows)
    assert {row.target for row in brief.rows} == {"belief", "beyond"}
    assert "compmech runs --export writes all" in " ".join(brief.notes)
    assert "shuffled" in {row.control for row in whole.rows}
    assert "shuffled" not in {row.control for row in brief.rows}


def test_stores_that_cannot_be_reported_are_one_line(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is no store: there is no store.json in it" in refused(capsys, "report", "nothing")
    header = store / "store.json"
    was = header.read_bytes()
    header.write_text('{"format": 99}')
    assert "is a store of format 99; this version reads format 1" in refused(capsys, "report", str(store))
    header.write_bytes(was)
    for done in (store / "cells").glob("*/DONE"):
        done.unlink()
    assert "holds no finished predictor of this comparison" in refused(capsys, "report", str(store))
    shutil.rmtree(store / "experiments")
    assert "holds no comparison: run one with compmech compare" in refused(capsys, "report", str(store))
    assert not Path("small-report").exists()


def test_a_cell_of_another_schema_is_one_line(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from hashlib import sha256

    cell = next(path for path in (store / "cells").iterdir() if '"gru' in (path / "metrics.json").read_text())
    text = (cell / "result.json").read_text().replace(f'{{"schema":{SCHEMA}', '{"schema":99', 1)
    (cell / "result.json").write_text(text)
    done = json.loads((cell / "DONE").read_text())
    (cell / "DONE").write_text(json.dumps(done | {"result.json": sha256(text.encode()).hexdigest()}))
    said = refused(capsys, "report", str(store))
    assert "a comparison of schema 99; this version reads schemas 1 and 2" in said
    assert cell.name in said


def test_a_place_that_cannot_be_written_is_a_failed_run(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").write_text("a file")
    assert "cannot write to the output folder" in refused(capsys, "report", str(store), "-o", "taken", status=1)
    Path("full").mkdir()
    (Path("full") / "mine.txt").write_text("keep me")
    assert "is not empty" in refused(capsys, "report", str(store), "-o", "full")
    assert [path.name for path in Path("full").iterdir()] == ["mine.txt"]


def test_a_full_disk_leaves_nothing_half_written(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if ".table.tex" in path.name:
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    said = refused(capsys, "report", str(store), "--part", "tables", "-o", "new", status=1)
    assert "No space left on device" in said
    assert not Path("new").exists()
    assert [path.name for path in Path().iterdir() if "partial" in path.name] == []
