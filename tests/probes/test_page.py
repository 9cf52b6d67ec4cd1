"""The page: whole, closed to the network, safe against hostile names, and working in a real browser."""

import base64
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from probes.headline import headline
from probes.report import save_page
from probes.report.numerals import decimal
from probes.report.page.every_row import MOST_ROWS, listed_rows, row_data
from probes.report.page.explorer import explored
from probes.report.page.svg import inline_svg
from probes.report.terms import CONTROLS
from probes.report.words import seen
from probes.results import Comparison
from probes.scene import packed, unpacked
from probes.tables import BudgetRow, MachineRow
from tests.probes.sample_comparison import RRXOR, sample_comparison, with_hostile_names
from tests.probes.sample_pictures import STEPS


def only(comparison: Comparison, process: int) -> Comparison:
    return replace(comparison, processes=[comparison.processes[process]])


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return sample_comparison(n_point=300)


@pytest.fixture(scope="module")
def folder(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    assert save_page(comparison, folder) == folder / "report.html"
    hostile = with_hostile_names(only(sample_comparison(n_point=50), 1))
    (folder / "hostile").mkdir()
    save_page(hostile, folder / "hostile", [])
    return folder


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


class _Reader(HTMLParser):
    """Tags with their attributes, and what is read on the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)


# ------------------------------------------------------------------------------------------------------------ as a file


def test_nothing_is_asked_of_the_network(text: str) -> None:
    reader = _Reader(text)
    policy = next(a["content"] for tag, a in reader.tags if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    for tag, attributes in reader.tags:
        for name in ("src", "href", "data", "action", "srcset"):
            value = attributes.get(name)
            assert value is None or not re.match(r"(https?:)?//", value), (tag, value)
    outside = set(re.findall(r"https?://[^\s\"'<>]+", text))
    assert outside <= {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}


def test_size(folder: Path) -> None:
    assert (folder / "report.html").stat().st_size < 3_000_000


def test_every_link_leads_to_a_place_on_the_page(text: str) -> None:
    # a page that is passed around has nothing beside it
    assert all((a["href"] or "").startswith("#") for tag, a in _Reader(text).tags if tag == "a")


def test_findings_and_reasons_are_in_the_text(comparison: Comparison, text: str) -> None:
    words = " ".join(" ".join(_Reader(text).words).split())
    for summary in comparison.processes:
        for sentence in seen(comparison, summary):
            assert sentence in words
    for note in comparison.notes:
        assert note in words
    assert comparison.command in words
    assert "2.13.0" in words
    for control in ("permuted-classes", "suffix-grams", "true-p", "in-sample"):
        assert CONTROLS[control] in words
    assert CONTROLS["gaussian"] not in words  # it does not occur
    assert "All trained with steps 4000, batch 128, learning rate 0.005." in words


def test_the_table_holds_the_headline(comparison: Comparison, text: str) -> None:
    found = headline(comparison, RRXOR, "mamba", "beyond")
    assert found.best is not None
    table = text[text.index("Every predictor on RRXOR") :]
    line = next(line for line in table.splitlines() if ">Mamba</th>" in line)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", line)
    assert decimal(found.best.value) in cells
    assert found.best.site in cells
    assert "-0.020" in cells
    assert "discriminates states" in cells


def test_ids_are_unique(text: str) -> None:
    ids = [attributes["id"] for _, attributes in _Reader(text).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    anchors = {a["href"] for tag, a in _Reader(text).tags if tag == "a" and (a["href"] or "").startswith("#")}
    assert anchors <= {f"#{name}" for name in ids}


def test_names_are_escaped(folder: Path) -> None:
    text = (folder / "hostile" / "report.html").read_text(encoding="utf-8")
    reader = _Reader(text)
    assert not any(tag == "img" or any(name.startswith("on") for name in a) for tag, a in reader.tags)
    assert sum(tag == "script" for tag, _ in reader.tags) == 3
    assert "alert('x')" in unescape(" ".join(reader.words))


def test_pages_are_the_same_each_time(comparison: Comparison, tmp_path: Path) -> None:
    one = save_page(only(comparison, 1), tmp_path, []).read_bytes()
    assert save_page(only(comparison, 1), tmp_path, []).read_bytes() == one


def test_points_survive_packing(comparison: Comparison) -> None:
    summary = comparison.processes[1]
    found = explored(comparison, summary, 10**7)
    assert found is not None
    scene = next(scene for scene in comparison.scenes if scene.process == RRXOR)
    pictures = [p for p in comparison.pictures if p.process == RRXOR]
    assert len(found.data["pictures"]) == len(pictures)
    for kept, picture in zip(found.data["pictures"], pictures, strict=True):
        assert_allclose(unpacked(kept["probed"], 4), picture.places(scene))
        assert (kept["site"], kept["step"], kept["best"]) == (picture.site, picture.step, picture.best)
    beliefs = np.frombuffer(base64.b64decode(found.data["scene"]["belief"]), "<u4")
    assert len(set(beliefs)) == len(set(scene.belief))
    assert found.data["scene"]["words"] == scene.words
    assert found.data["steps"] == list(STEPS)
    assert found.notes == ()


def test_places_are_kept_to_three_digits() -> None:
    places = np.random.default_rng(0).uniform(-1, 1, (500, 3))
    assert_allclose(unpacked(packed(places), 3), places, atol=5e-4)
    assert_allclose(unpacked(packed([[1e9, -1e9]]), 2), [[6e4, -6e4]], rtol=1e-3)


@pytest.mark.parametrize(
    ("room", "kept", "points"), [(10**7, 72, 300), (120_000, 24, 300), (30_000, 8, 300), (3_000, 4, 45)]
)
def test_pictures_and_then_points_are_left_out_for_room_and_it_is_said(room: int, kept: int, points: int) -> None:
    comparison = sample_comparison(n_seed=3, n_point=300)
    found = explored(comparison, comparison.processes[0], room)
    assert found is not None
    assert len(found.data["pictures"]) == kept
    shown = len(np.frombuffer(base64.b64decode(found.data["scene"]["belief"]), "<u4"))
    assert shown == pytest.approx(points, abs=3)
    told = " ".join(found.notes)
    assert ("more are in the store" in told) == (kept < 72)
    assert (f"{shown} of the 300 histories" in told) == (shown < 300)
    size = len(json.dumps(found.data))
    assert size < room + 4_000


def test_a_comparison_of_many_rows_lists_those_that_are_asked_for_first(comparison: Comparison) -> None:
    assert listed_rows(comparison.rows) == (comparison.rows, "")
    many = comparison.rows * (1 + MOST_ROWS // len(comparison.rows))
    rows, said = listed_rows(many)
    assert 0 < len(rows) <= MOST_ROWS
    assert all((row.weighting, row.split) == ("probability", "history") for row in rows)
    assert said == f"Of all {len(many):,} rows the {len(rows):,} by probability, histories held out"


def test_rows_survive_packing(comparison: Comparison) -> None:
    data = row_data(comparison.rows)
    columns = {
        c["name"]: [c["words"][i] for i in c["values"]] if "words" in c else c["values"] for c in data["columns"]
    }
    assert data["count"] == len(comparison.rows)
    for name in ("process", "predictor", "seed", "site", "target", "control", "split", "reason", "rows", "rank"):
        assert columns[name] == [getattr(row, name) for row in comparison.rows], name
    for value, row in zip(columns["score"], comparison.rows, strict=True):
        assert (value is None) == (row.score is None)
        assert value is None or value == pytest.approx(row.score, rel=1e-4)
    assert "∞" in columns["kl"]
    json.dumps(data, allow_nan=False)


def test_a_panel_takes_its_colours_from_the_page() -> None:
    svg = inline_svg("one", 'a "drawing" <b>', 3, 2, lambda axes: axes.plot([0, 1], [0, 1], color="#0072b2"))
    assert "var(--blue)" in svg
    assert "var(--ink)" in svg
    assert not re.search(r"#[0-9a-f]{6}\b", svg)
    assert "&quot;drawing&quot; &lt;b&gt;" in svg
    assert "<metadata" not in svg
    assert all(found.startswith("one-") for found in re.findall(r'\bid="([^"]+)"', svg))


# --------------------------------------------------------------------------------------------- parts that are asked for


def extracted(finite: bool) -> dict[str, Any]:
    """What an extraction says, as far as the page reads it."""
    number = {"value": 2 / 3, "low": 0.66, "high": 0.67}
    return {
        "machine": {
            "alphabet": ["0", "1"],
            "matrices": {"0": [[0.0, 0.5], [0.0, 0.0]], "1": [[0.5, 0.0], [1.0, 0.0]]},
            "states": ["A", "B"],
            "start": [1.0, 0.0],
        },
        "n_causal_states": {"value": 2, "low": 2, "high": 2} if finite else None,
        "entropy_rate": number,
        "statistical_complexity": number if finite else None,
        "excess_entropy": None,
        "diagnostics": {
            "finite": finite,
            "reason": "two states stand out" if finite else "no number of states stands out",
            "process": {"undertrained": not finite, "kl_nats": 0.02, "isomorphic": finite, "largest_difference": 1e-3}
            | {"why": None if finite else "no finite machine was found"},
        },
    }


def test_machines_stand_beside_the_process_and_what_was_not_found_is_said(
    comparison: Comparison, tmp_path: Path
) -> None:
    found = [
        MachineRow(RRXOR, "gru", 0, extracted(finite=True)),
        MachineRow(RRXOR, "lstm", 0, extracted(finite=False)),
        MachineRow(RRXOR, "mamba", 0, None, "the rank of its predictions still grows"),
    ]
    text = save_page(replace(only(comparison, 1), machines=found), tmp_path).read_text()
    part = text[text.index("machines that were extracted") : text.index('id="run"')]
    assert part.count("<svg") == 1  # the one that is finite
    for sentence in (
        "Two states stand out. It is the machine of the process; probabilities differ by up to 0.001.",
        "No number of states stands out. The network is 0.02 nats a symbol from the process: this is its own. "
        "Not the machine of the process: no finite machine was found.",
        "None: the rank of its predictions still grows",
    ):
        assert sentence in part
    cells = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', part)
    shown = {name: re.findall(r"<td[^>]*>(.*?)</td>", line) for name, line in cells}
    assert shown["GRU"] == ["2", "0.667 (0.660 to 0.670)", "0.667 (0.660 to 0.670)", "-"]
    assert shown["LSTM"][0] == "-"
    assert shown["the process itself"][1] == "0.667"
    assert "No machine was extracted" not in text


def test_scores_at_equal_budget_have_a_chart_for_each_cost(comparison: Comparison, tmp_path: Path) -> None:
    rows = [
        BudgetRow(RRXOR, name, 0, "final", "beyond", s, 100 * s, 1e6 * s, 99, 0.1 * s, 0.1 * s, 0.0, 1.0, 1 / (1 + s))
        for name in ("gru", "mamba")
        for s in (0, 1, 9)
    ]
    text = save_page(replace(only(comparison, 1), budgets=rows), tmp_path).read_text()
    part = text[text.index("At equal budget") : text.index(">Edits<")]
    assert part.count("<svg") == 8
    assert "GRU" in part
    assert "Transformer" not in part
