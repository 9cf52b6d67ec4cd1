"""The page: whole, closed to the network, safe against hostile names, and working in a real browser."""

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from probes.report.page_data import picture_data, row_data
from probes.report.svg import inline_svg

from probes.headline import headline
from probes.report import save_figures, save_page
from probes.report.belief_panels import frame_of
from probes.report.numerals import decimal
from probes.report.terms import CONTROLS
from probes.report.words import seen
from probes.results import Comparison
from tests.probes.sample_comparison import RRXOR, sample_comparison, with_hostile_names

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def only(comparison: Comparison, process: int) -> Comparison:
    return replace(comparison, processes=[comparison.processes[process]])


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return sample_comparison(n_point=300)


@pytest.fixture(scope="module")
def folder(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    figures = save_figures(comparison, folder / "figures")
    assert save_page(comparison, folder, figures) == folder / "report.html"
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


def test_links_lead_to_the_figures(folder: Path, text: str) -> None:
    links = {a["href"] for tag, a in _Reader(text).tags if tag == "a" and a["href"] and ".png" in a["href"]}
    assert links == {f"figures/{path.name}" for path in (folder / "figures").iterdir()}


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
    data = picture_data(comparison, summary)
    assert data is not None
    pictures = [p for p in comparison.pictures if p.process == RRXOR]
    frame = frame_of(pictures)
    assert len(data["sets"]) == 1  # shared by all four networks
    size = np.array([frame.right - frame.left, frame.top - frame.bottom])
    for panel, picture in zip(data["panels"], pictures, strict=True):
        steps = np.frombuffer(base64.b64decode(panel["probed"]), "<u2").reshape(-1, 2)
        places = (steps / 32767 - 0.5) * size + [frame.left, frame.bottom]
        inside = ((places > [frame.left, frame.bottom]) & (places < [frame.right, frame.top])).all(axis=1)
        assert inside.sum() > 0.95 * len(inside)
        # one step of the packing is 1/32767 of the frame
        assert_allclose(places[inside], np.array(picture.probed)[inside], atol=size.max() / 32767)
    beliefs = np.frombuffer(base64.b64decode(data["sets"][0]["belief"]), "<u4")
    assert len(set(beliefs)) == len(set(pictures[0].belief))


def test_rows_survive_packing(comparison: Comparison) -> None:
    data = row_data(comparison.rows)
    columns = {
        c["name"]: [c["words"][i] for i in c["values"]] if "words" in c else c["values"] for c in data["columns"]
    }
    assert data["count"] == len(comparison.rows)
    for name in ("process", "predictor", "seed", "site", "target", "control", "split", "reason", "rows", "rank"):
        assert columns[name] == [getattr(row, name) for row in comparison.rows], name
    for packed, row in zip(columns["score"], comparison.rows, strict=True):
        assert (packed is None) == (row.score is None)
        assert packed is None or packed == pytest.approx(row.score, rel=1e-4)
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


# --------------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        # its own folder for crash reports and settings, wherever the home directory is
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, env=dict(os.environ))
        yield found
        found.close()


class _Visit:
    """A page opened from disk, with all that went wrong on it and all that it asked for."""

    def __init__(self, browser: Any, path: Path, **settings: Any) -> None:
        self.page = browser.new_page(**settings)
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.errors.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_function("document.querySelectorAll('canvas').length > 0")

    def column(self, table: str, j: int) -> list[str]:
        found = self.page.locator(f"{table} tbody tr").evaluate_all(f"rows => rows.map(r => r.cells[{j}].textContent)")
        return list(found)


@pytest.fixture
def visit(browser: Any, folder: Path) -> Iterator[_Visit]:
    found = _Visit(browser, folder / "report.html", viewport={"width": 1280, "height": 900})
    yield found
    found.page.close()


def test_it_opens_without_errors_or_requests(visit: _Visit) -> None:
    visit.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert visit.errors == []
    assert [url for url in visit.asked if not url.startswith(("file:", "data:"))] == []
    assert sum(url.startswith("file:") for url in visit.asked) == 1


def test_hostile_names_run_nothing(browser: Any, folder: Path) -> None:
    visit = _Visit(browser, folder / "hostile" / "report.html")
    visit.page.locator("#every-row summary").click()
    assert visit.errors == []
    assert visit.page.locator("img").count() == 0
    assert "<script>alert('x')</script>" in visit.page.locator(".beliefs b").all_text_contents()[3]
    visit.page.close()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 640), (768, 1024), (1280, 900)])
def test_no_sideways_scrolling(browser: Any, folder: Path, width: int, height: int) -> None:
    visit = _Visit(browser, folder / "report.html", viewport={"width": width, "height": height})
    for details in visit.page.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    visit.page.wait_for_function("document.querySelectorAll('#every-row tbody tr').length > 0")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    visit.page.close()


def test_a_table_sorts_by_mouse_and_by_keyboard(visit: _Visit) -> None:
    table = "#process-1 table.sortable >> nth=0"
    names = visit.page.locator(f"{table} >> thead th").all_text_contents()
    kl, predictor = names.index("KL, nats"), names.index("Predictor")

    def order() -> list[str]:
        return list(
            visit.page.locator(f"{table} >> tbody tr").evaluate_all("rows => rows.map(r => r.cells[0].textContent)")
        )

    start = order()
    assert start[:2] == ["Transformer", "LSTM"]
    header = visit.page.locator(f"{table} >> thead th >> nth={kl}")
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert order() == ["k-gram", "uniform", "Transformer", "Mamba", "LSTM", "GRU", "exact Bayes"]
    header.locator("button").focus()
    visit.page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert order() == ["exact Bayes", "GRU", "LSTM", "Mamba", "Transformer", "uniform", "k-gram"]
    visit.page.locator(f"{table} >> thead th >> nth={predictor} >> button").click()
    assert order() == sorted(start, key=str.lower)
    assert header.get_attribute("aria-sort") == "none"
    # what is missing stays last, both ways
    seconds = visit.page.locator(f"{table} >> thead th >> nth={names.index('Seconds')} >> button")
    for first in ("Mamba", "GRU"):
        seconds.click()
        assert order()[0] == first
        assert set(order()[-3:]) == {"k-gram", "uniform", "exact Bayes"}


def test_beliefs_are_drawn_and_answer(visit: _Visit) -> None:
    assert visit.page.locator("#beliefs-1 canvas").count() == 5
    # the page's own ink somewhere on every canvas
    painted = visit.page.locator("canvas").evaluate_all(
        """all => all.map(c => { const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
           let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })"""
    )
    assert min(painted) > 200
    hint = visit.page.locator("#beliefs-1 + .hint")
    assert hint.text_content().startswith("Point at a belief")
    visit.page.locator("#beliefs-1 canvas").first.focus()
    visit.page.keyboard.press("ArrowRight")
    first = hint.text_content()
    assert re.match(r"This belief: \d+ of the 300 histories shown, [\d.]+ % of their probability", first)
    visit.page.keyboard.press("ArrowRight")
    assert hint.text_content() != first
    visit.page.keyboard.press("ArrowLeft")
    assert hint.text_content() == first
    visit.page.locator("h1").hover()
    visit.page.evaluate("document.activeElement.blur()")
    assert hint.text_content().startswith("Point at a belief")


def test_pointing_finds_the_belief_under_the_pointer(visit: _Visit, comparison: Comparison) -> None:
    pictures = [p for p in comparison.pictures if p.process == RRXOR]
    frame, picture = frame_of(pictures), pictures[0]
    weights = np.bincount(picture.belief)
    heaviest = int(weights.argmax())
    x, y = picture.true[picture.belief.index(heaviest)]
    canvas = visit.page.locator("#beliefs-1 canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    at = (
        box["x"] + box["width"] * (x - frame.left) / (frame.right - frame.left),
        box["y"] + box["height"] * (frame.top - y) / (frame.top - frame.bottom),
    )
    visit.page.mouse.move(*at)
    said = visit.page.locator("#beliefs-1 + .hint").text_content()
    assert said.startswith(f"This belief: {weights[heaviest]} of the 300 histories shown")


def test_every_score_can_be_found(visit: _Visit, comparison: Comparison) -> None:
    visit.page.locator("#every-row summary").click()
    status = visit.page.locator("#every-row [role=status]")
    assert (
        status.text_content() == f"The first 300 of {len(comparison.rows):,} rows; choose above to see fewer, or sort."
    )
    for name, value in (("process", "=rrxor"), ("predictor", "=gru"), ("target", "=beyond"), ("control", "=")):
        visit.page.locator(f"#every-row select[name={name}]").select_option(value)
    rows = comparison.only(process="rrxor", predictor="gru", target="beyond", control="")
    assert status.text_content() == f"{len(rows)} rows."
    names = [name.strip() for name in visit.page.locator("#every-row thead th").all_text_contents()]
    score = names.index("score")
    visit.page.locator("#every-row thead th button").nth(score).click()
    shown = visit.column("#every-row", score)
    expected = sorted((row.score for row in rows if row.score is not None), reverse=True)
    assert_allclose([float(value) for value in shown], expected, rtol=1e-3)
    visit.page.locator("#every-row select[name=process]").select_option("=mess3")
    assert all("affine function" in reason for reason in visit.column("#every-row", names.index("reason")))
    assert visit.errors == []


def test_light_and_dark(browser: Any, folder: Path) -> None:
    found = {}
    for scheme in ("light", "dark"):
        visit = _Visit(browser, folder / "report.html", color_scheme=scheme)
        found[scheme] = visit.page.evaluate(
            """() => ["body", "svg.chart text"].map((s, i) => {
                 const c = getComputedStyle(document.querySelector(s))[i ? "fill" : "backgroundColor"];
                 return c.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) / 3; })"""
        )
        visit.page.close()
    (light_page, light_ink), (dark_page, dark_ink) = found["light"], found["dark"]
    assert light_page - light_ink > 128
    assert dark_ink - dark_page > 128


def test_without_scripts_the_pictures_are_there(browser: Any, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "report.html").as_uri())
    assert page.locator("noscript img").count() == 2
    assert page.locator("svg.chart").count() > 10
    context.close()
