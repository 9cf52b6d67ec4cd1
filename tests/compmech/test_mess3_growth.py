"""The table of how many states Mess3 seems to have: made in small, and not made again."""

import json
import runpy
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "reproductions" / "mess3_growth.py"))


def test_the_script_makes_its_file_and_goes_on_from_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "growth.json"
    SCRIPT["main"](["-o", str(out), "--small"])
    told, made = capsys.readouterr().out, out.read_text()
    found = json.loads(made)
    assert found["command"] == SCRIPT["COMMAND"]
    assert [row["symbols"] for row in found["rows"]] == list(SCRIPT["SMALL"])
    assert told.strip() == SCRIPT["page_table"](found)
    for row in found["rows"]:
        assert row["source_bits"] < row["finite_bits"] + 0.2
        assert row["growth"]["symbols"][-1] == row["symbols"]
    SCRIPT["main"](["-o", str(out), "--small"])
    assert out.read_text() == made
