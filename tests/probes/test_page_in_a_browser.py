"""The page in a real browser: it asks for nothing, and every control does what it says."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imsave
from numpy.testing import assert_allclose

from probes.report import save_page
from probes.report.belief_panels import best_pictures, frame_of
from probes.report.page.document import LARGEST
from probes.results import Comparison
from probes.scene import Picture, Scene, packed
from tests.probes.sample_comparison import MESS3, RRXOR, sample_comparison, with_hostile_names

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


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return sample_comparison(n_point=300)


@pytest.fixture(scope="module")
def folder(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    figures = [folder / f"{process}-simplex.png" for process in (MESS3, RRXOR)]
    for path in figures:
        imsave(path, np.zeros((9, 16)))
    save_page(comparison, folder, figures)
    hostile = with_hostile_names(replace(comparison, processes=comparison.processes[1:]))
    (folder / "hostile").mkdir()
    save_page(hostile, folder / "hostile", [])
    return folder


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
        self.page = browser.new_page(reduced_motion="reduce", **settings)  # nothing moves while it is looked at
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


def test_long_names_do_not_widen_a_phone(browser: Any, folder: Path) -> None:
    visit = _Visit(browser, folder / "hostile" / "report.html", viewport={"width": 390, "height": 844})
    assert max(map(len, visit.page.locator(".beliefs b").all_text_contents())) > 60
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
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


INK = """all => all.map(c => { const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
         let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })"""
"""How many pixels of each canvas are painted."""


def slide(visit: _Visit, name: str, value: int, process: int = 1) -> None:
    slider = visit.page.locator(f"#beliefs-{process} input[name={name}]")
    slider.evaluate(f"e => {{ e.value = {value}; e.dispatchEvent(new Event('input')); }}")


def details(visit: _Visit, process: int = 1) -> list[str]:
    """What stands above each picture."""
    return list(
        visit.page.locator(f"#beliefs-{process} canvas").evaluate_all("a => a.map(c => c.previousSibling.textContent)")
    )


def told(visit: _Visit, process: int = 1) -> dict[str, list[float]]:
    """The lines of the table below the pictures."""
    rows = visit.page.locator(f"#beliefs-{process} .readout tbody tr").evaluate_all(
        "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
    )
    return {name: [float(number) for number in numbers if number] for name, *numbers in rows}


def says(visit: _Visit, start: str, process: int = 1, other_than: str = "") -> str:
    """What stands below the pictures, as soon as it begins so: a browser hears of the pointer frame by frame."""
    visit.page.wait_for_function(
        """([id, start, other]) => { const said = document.querySelector(`#${id} .hint`).textContent;
           return said.startsWith(start) && said !== other; }""",
        arg=[f"beliefs-{process}", start, other_than],
    )
    return str(visit.page.locator(f"#beliefs-{process} .hint").text_content())


def picture_of(comparison: Comparison, predictor: str, site: str, step: int | None) -> tuple[Scene, Picture]:
    scene = comparison.scenes[1]
    wanted = (RRXOR, predictor, site, step)
    return scene, next(p for p in comparison.pictures if (p.process, p.predictor, p.site, p.step) == wanted)


def test_the_arrow_keys_go_from_history_to_history(visit: _Visit, comparison: Comparison) -> None:
    assert visit.page.locator("#beliefs-1 canvas").count() == 5
    assert min(visit.page.locator("canvas").evaluate_all(INK)) > 200
    hint = visit.page.locator("#beliefs-1 .hint")
    assert hint.text_content().startswith("Point at a history")
    assert visit.page.locator("#beliefs-1 .readout").is_hidden()
    visit.page.locator("#beliefs-1 canvas").nth(2).focus()
    visit.page.keyboard.press("ArrowRight")
    words = comparison.scenes[1].words
    assert hint.text_content().startswith(f"After the symbols {words[0]}: 0.33 % of the probability shown.")
    visit.page.keyboard.press("ArrowRight")
    assert hint.text_content().startswith(f"After the symbols {words[1]}:")
    visit.page.keyboard.press("ArrowLeft")
    visit.page.keyboard.press("ArrowLeft")
    assert hint.text_content().startswith(f"After the symbols {words[-1]}:")
    visit.page.keyboard.press("Escape")
    assert hint.text_content().startswith("Point at a history")
    assert visit.errors == []


def test_a_history_has_its_belief_beside_every_readout(visit: _Visit, comparison: Comparison) -> None:
    visit.page.locator("#beliefs-1 canvas").first.focus()
    visit.page.keyboard.press("Home")
    found = told(visit)
    assert list(found) == ["True belief", "Transformer", "LSTM", "GRU", "Mamba"]
    scene, picture = picture_of(comparison, "gru", "layer.0", None)
    places = picture.places(scene)
    assert_allclose(found["True belief"], scene.probabilities(scene.true[:1])[0], atol=6e-4)
    *probabilities, far = found["GRU"]
    assert_allclose(probabilities, scene.probabilities(places[:1])[0], atol=6e-4)
    assert far == pytest.approx(np.linalg.norm(places[0] - scene.true[0]), abs=6e-4)
    head = visit.page.locator("#beliefs-1 .readout thead th").all_text_contents()
    assert head == ["", "P(S0)", "P(S1)", "P(S2)", "P(S3)", "P(S4)", "distance"]


def point(visit: _Visit, comparison: Comparison, panel: int, place: np.ndarray) -> None:
    """Put the pointer to a place in a picture of the first process, which lies flat."""
    scene = comparison.scenes[0]
    trained = [p for p in comparison.pictures if p.process == scene.process and p.step is None]
    frame, (x, y) = frame_of(scene, trained), place
    canvas = visit.page.locator("#beliefs-0 canvas").nth(panel)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    visit.page.mouse.move(
        box["x"] + box["width"] * (x - frame.left) / (frame.right - frame.left),
        box["y"] + box["height"] * (frame.top - y) / (frame.top - frame.bottom),
    )


def test_pointing_finds_the_history_under_the_pointer(visit: _Visit, comparison: Comparison) -> None:
    scene, pictures = best_pictures(comparison, comparison.processes[0])
    assert scene is not None
    places = pictures[2].places(scene)
    alone = int(places[:, 1].argmax())  # the topmost one
    point(visit, comparison, 3, places[alone])
    says(visit, f"After the symbols {scene.words[alone]}:", 0)
    *probabilities, _ = told(visit, 0)["GRU"]
    assert_allclose(probabilities, scene.probabilities(places[alone][None])[0], atol=6e-4)
    visit.page.locator("h1").hover()
    says(visit, "Point at a history", 0)


def test_the_slider_goes_through_training_in_all_pictures(visit: _Visit, comparison: Comparison) -> None:
    output = visit.page.locator("#beliefs-1 label:has(input[name=step]) output")
    assert output.text_content() == "trained, after 4,000 updates"
    trained = details(visit)
    visit.page.locator("#beliefs-1 canvas").first.focus()
    visit.page.keyboard.press("Home")
    visit.page.locator("#beliefs-1 input[name=step]").focus()
    visit.page.keyboard.press("ArrowLeft")
    assert output.text_content() == "after 40 updates"
    visit.page.keyboard.press("ArrowLeft")
    assert output.text_content() == "before training"
    scene, picture = picture_of(comparison, "mamba", "layer.1.ssm", 0)
    *probabilities, _ = told(visit)["Mamba"]
    assert_allclose(probabilities, scene.probabilities(picture.places(scene)[:1])[0], atol=6e-4)
    before = details(visit)
    assert before[4] == f"R² {picture.score:.3f} at layer.1.ssm"
    assert before[0] == trained[0]
    assert all(one != other for one, other in zip(before[1:], trained[1:], strict=True))
    slide(visit, "step", 2)
    assert details(visit) == trained


def test_the_sites_of_one_network_stand_beside_each_other(visit: _Visit) -> None:
    view = visit.page.locator("#beliefs-1 select[name=view]")
    view.select_option(label="Mamba")
    names = visit.page.locator("#beliefs-1 .beliefs b").all_text_contents()
    assert names == ["True beliefs", "layer.1.ssm", "final"]
    view.select_option(label="layer.1.ssm")
    shown = visit.page.locator("#beliefs-1 canvas:visible")
    assert shown.count() == 2  # the true beliefs and Mamba's
    assert details(visit)[1:4] == ["it has no such site"] * 3
    assert visit.errors == []


def test_four_dimensions_can_be_turned(visit: _Visit) -> None:
    canvas = visit.page.locator("#beliefs-1 canvas").first
    picture = "c => c.toDataURL()"
    before = canvas.evaluate(picture)
    visit.page.locator("#beliefs-1 input[name=turn]").focus()
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.locator("#beliefs-1 label:has(input[name=turn]) output").text_content() == "1°"
    assert canvas.evaluate(picture) != before
    visit.page.keyboard.press("ArrowLeft")
    assert canvas.evaluate(picture) == before
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    visit.page.mouse.move(box["x"] + 40, box["y"] + 60)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 100, box["y"] + 60)
    visit.page.mouse.up()
    turned = int(visit.page.locator("#beliefs-1 input[name=turn]").input_value())
    assert turned == pytest.approx(60 / 120 * 180 / np.pi, abs=1)
    assert visit.page.locator("#beliefs-0 input[name=turn]").count() == 0  # a triangle lies flat


def test_a_tetrahedron_has_four_corners_and_six_edges(browser: Any, tmp_path: Path) -> None:
    corners = np.array([[0.0, 0.6, 0.2], [-0.5, -0.1, -0.4], [0.5, -0.1, -0.3], [0.0, -0.4, 0.5]])
    beliefs = np.random.default_rng(0).dirichlet(np.ones(4), 200)
    places = beliefs @ corners
    known = np.hstack([np.ones((200, 1)), places])
    scene = Scene(
        process=MESS3, axes="simplex", corners=[(f"S{i}", list(map(float, at))) for i, at in enumerate(corners)],
        words=[f"{i:b}" for i in range(200)], belief=list(range(200)), weight=[0.005] * 200, dimension=3,
        places=packed(places), states=["S0", "S1", "S2", "S3"], belief_map=np.linalg.lstsq(known, beliefs)[0].tolist(),
    )  # fmt: skip
    whole = sample_comparison(n_point=50)
    pictures = [Picture(MESS3, "gru", 0, "final", None, True, 0.9, packed(places + 0.01))]
    save_page(replace(whole, processes=whole.processes[:1], scenes=[scene], pictures=pictures), tmp_path, [])
    visit = _Visit(browser, tmp_path / "report.html")
    assert (
        "At a corner of the tetrahedron one hidden state is certain." in visit.page.locator("#process-0").text_content()
    )
    visit.page.locator("#beliefs-0 canvas").first.focus()
    visit.page.keyboard.press("ArrowRight")
    assert_allclose(told(visit, 0)["True belief"], beliefs[0], atol=2e-3)
    assert visit.page.locator("#beliefs-0 input[name=tilt]").count() == 1
    assert (
        visit.page.evaluate(
            "new Explorer(document.createElement('div'), read('picture-data')['beliefs-0']).scene.corners.length"
        )
        == 12
    )
    assert visit.errors == []
    visit.page.close()


def test_twenty_thousand_points_are_drawn_and_found(browser: Any, tmp_path: Path) -> None:
    whole = sample_comparison(n_point=20_000)
    one = replace(whole, processes=whole.processes[:1], pictures=[p for p in whole.pictures if p.step is None])
    path = save_page(one, tmp_path, [])
    assert path.stat().st_size < LARGEST
    visit = _Visit(browser, path, viewport={"width": 1280, "height": 900})
    assert "20,000 shown" in details(visit, 0)[0] or "20,000 distinct" in details(visit, 0)[0]
    assert min(visit.page.locator("#beliefs-0 canvas").evaluate_all(INK)) > 3_000
    said = ""
    true = one.scenes[0].true
    for place in true[[true[:, 0].argmin(), true[:, 0].argmax(), true[:, 1].argmax()]]:  # the three corners
        point(visit, one, 0, place)
        said = says(visit, "After the symbols ", 0, other_than=said)
    assert visit.errors == []
    visit.page.close()


def test_seeds_can_be_chosen(browser: Any, tmp_path: Path) -> None:
    several = sample_comparison(n_seed=2, n_point=50)
    save_page(replace(several, processes=several.processes[1:]), tmp_path, [])
    visit = _Visit(browser, tmp_path / "report.html")
    visit.page.locator("#beliefs-0 canvas").nth(1).focus()
    visit.page.keyboard.press("Home")
    first = told(visit, 0)
    visit.page.locator("#beliefs-0 select[name=seed]").select_option("1")
    second = told(visit, 0)
    assert second["True belief"] == first["True belief"]
    assert second["GRU"] != first["GRU"]
    visit.page.close()


def test_what_is_not_there_is_said_and_how_to_get_it(browser: Any, folder: Path, tmp_path: Path) -> None:
    visit = _Visit(browser, folder / "report.html")
    said = " ".join(visit.page.locator("#process-0 .missing").all_text_contents())
    for option in ("--checkpoints 8", "--edits carry", "--extract"):
        assert option in said
    visit.page.close()
    whole = sample_comparison(n_point=50)
    save_page(replace(whole, pictures=[p for p in whole.pictures if p.step is None]), tmp_path, [])
    visit = _Visit(browser, tmp_path / "report.html")
    assert visit.page.locator("#beliefs-0 input[name=step]").is_hidden()
    assert "--checkpoints 8 adds a slider" in visit.page.locator("#process-0").text_content()
    visit.page.close()


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


CONTRAST = """() => { const light = css => { const [r, g, b] = css.match(/\\d+/g).map(x => x / 255)
           .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
           return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
         const page = light(getComputedStyle(document.body).backgroundColor);
         return [...document.querySelectorAll("svg.chart text")].map(t => light(getComputedStyle(t).fill))
           .map(l => (Math.max(l, page) + 0.05) / (Math.min(l, page) + 0.05)); }"""
"""Of all words in charts against the page, as the Web Content Accessibility Guidelines reckon it."""


def test_words_in_charts_can_be_read_on_both_pages(browser: Any, folder: Path) -> None:
    for scheme in ("light", "dark"):
        visit = _Visit(browser, folder / "report.html", color_scheme=scheme)
        contrasts = visit.page.evaluate(CONTRAST)
        assert len(contrasts) > 100
        assert min(contrasts) >= 4.5
        visit.page.close()


def test_without_scripts_the_pictures_are_there(browser: Any, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "report.html").as_uri())
    assert page.locator("noscript img").count() == 2
    assert page.locator("svg.chart").count() > 10
    context.close()
