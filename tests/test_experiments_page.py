"""The page on the named experiments shows the tables of the results files, and says no number that is not in them."""

import json
import re
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "experiments.md"
SECTIONS = {
    "shai2024": ("shai2024", ("mess3_table", "training_table", "rrxor_table", "means_table")),
    "non_ergodic": ("non-ergodic", ("sums", "loss_table", "posterior_table", "means_table")),
    "factored": ("factored", ("table", "means_table", "overlap_table")),
    "constrained": ("constrained", ("table", "means_table", "attention_table")),
    "width": ("width", ("means_table",)),
}
"""Script, its results file, and the functions that make its tables."""


@cache
def section(script: str) -> str:
    """From the heading above the command of a script to the next."""
    command = f"python docs/reproductions/{script}.py"
    [found] = [part for part in re.split(r"^## ", PAGE.read_text(), flags=re.M)[1:] if command in part]
    return found


@cache
def told(script: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the file holds, and its tables."""
    name, makers = SECTIONS[script]
    found: dict[str, Any] = json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text())
    made = runpy.run_path(str(ROOT / "docs" / "reproductions" / f"{script}.py"))
    return found, tuple(made[maker](found) for maker in makers)


@pytest.mark.parametrize("script", SECTIONS)
def test_the_tables_are_those_of_the_file(script: str) -> None:
    found, tables = told(script)
    shown = [block.strip("\n") for block in re.findall(r"```text\n(.*?)```", section(script), flags=re.S)]
    assert shown == [table.strip("\n") for table in tables]
    assert found["command"] in section(script)


@pytest.mark.parametrize("script", SECTIONS)
def test_every_number_of_the_text_is_in_its_tables_or_settings(script: str) -> None:
    found, tables = told(script)
    source = "\n".join([*tables, json.dumps(found["settings"])])
    known = set(re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", source.replace("−", "-")))
    text = re.sub(r"```.*?```|\(.*?arXiv.*?\)|arXiv \S+", "", section(script), flags=re.S)
    said = re.findall(r"(?<![\w.])-?\d*\.\d+(?:e-\d+)?", re.sub(r"!?\[.*?\]\(.*?\)", "", text))
    published = set(re.findall(r"\*(-?\d*\.\d+)\*", text))  # of others: set in italics
    assert [number for number in said if number not in known | published] == []


def test_the_page_is_in_the_index() -> None:
    assert "\nexperiments\n" in (ROOT / "docs" / "index.md").read_text()
