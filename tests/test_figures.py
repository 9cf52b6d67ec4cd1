"""Every figure script runs in small mode, its numbers are right, and pages show and quote only what a script makes."""

import json
import re
import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from figure_checks import CHECKS
from matplotlib.image import imread

from compmech.draw import PAGE_WIDTH

DOCS = Path(__file__).parents[1] / "docs"
SCRIPTS = {path.stem: path for path in sorted((DOCS / "figures").glob("[!_]*.py"))}
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts and "_figures" not in path.parts)

quoting = runpy.run_path(str(DOCS / "quoting.py"))
QUOTED = re.compile(r"\{num\}`([^`]*)`")
SHOWN = re.compile(r"_figures/([\w./-]+)")


@cache
def references() -> dict[str, list[tuple[Path, str]]]:
    """What pages quote, by the name of the JSON file."""
    found: dict[str, list[tuple[Path, str]]] = {}
    for page in PAGES:
        for reference in QUOTED.findall(re.sub(r"^```text.*?^```", "", page.read_text(), flags=re.S | re.M)):
            found.setdefault(reference.split()[0], []).append((page, reference))
    return found


def test_each_script_has_a_check_of_its_numbers() -> None:
    assert set(CHECKS) == set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_makes_right_numbers_and_all_that_pages_show_and_quote_of_it(name: str, tmp_path: Path) -> None:
    main = runpy.run_path(str(SCRIPTS[name]))["main"]
    main(tmp_path, rng=np.random.default_rng(0), small=True)
    numbers = json.loads((tmp_path / f"{name}.json").read_text())
    CHECKS[name](numbers)
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert all(each == f"{name}.json" or each.startswith((f"{name}-", f"{name}/")) for each in made)
    for page, reference in references().get(name, []):
        text = quoting["quoted"](reference, [tmp_path])
        assert re.fullmatch(r"[−∞\d.,%e+-]+", text), (page.name, reference, text)
    shown = {file for page in PAGES for file in SHOWN.findall(page.read_text()) if re.split("[-/.]", file)[0] == name}
    assert shown, "no page shows what this script makes"
    assert shown <= made
    for file in made:
        if file.endswith(".png") and "/" not in file:
            assert f"{file[:-4]}.svg" in made
            assert imread(tmp_path / file).shape[1] <= PAGE_WIDTH * 160 + 1, f"{file} is wider than the page"


def test_all_that_pages_quote_and_show_is_made_by_a_script_or_recorded() -> None:
    recorded = {path.stem for path in (DOCS / "results").glob("*.json")}
    assert not recorded & set(SCRIPTS), "a name must lead to one file"
    for name, where in references().items():
        assert name in set(SCRIPTS) | recorded, where
        if name in recorded:
            for _, reference in where:
                assert quoting["quoted"](reference, [DOCS / "results"])
    for page in PAGES:
        for file in SHOWN.findall(page.read_text()):
            assert re.split("[-/.]", file)[0] in SCRIPTS, (page.name, file)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_picture_of_a_page_has_a_caption_and_words_for_those_who_do_not_see_it(page: Path) -> None:
    text = page.read_text()
    for block in re.findall(r"^```\{figure\}(.*?)^```", text, flags=re.S | re.M):
        address, alt, *caption = block.strip().split("\n")
        assert re.match(r":alt: \S+ \S+", alt), address
        assert len(" ".join(caption).split()) >= 8, f"{address}: what does it show?"
    assert not re.findall(r"^!\[.*", text, flags=re.M), "a picture without a caption: write a figure"


NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:[.,]\d+)*(?:e-?\d+)?")


def typed_numbers(text: str) -> list[str]:
    """Numbers of two digits or more that somebody wrote into prose.

    Left out: code, mathematics, links, quotations by {num}, what is set in italics (published by others, with the
    source beside it), years, numbers of papers, and all below a heading "Sources". Inline code may hold numbers as
    arguments only.
    """
    prose = re.split(r"^## Sources", text, flags=re.M)[0]
    prose = re.sub(r"^---.*?^---$", "", prose, flags=re.S | re.M)  # of notebooks, which kernel runs them
    prose = re.sub(r"^```(?:python|text|\{code-cell\}).*?^```", "", prose, flags=re.S | re.M)
    prose = re.sub(r"^ {4}\S.*$", "", prose, flags=re.M)
    prose = re.sub(r"^```.*$", "", prose, flags=re.M)  # of figures, whose captions are prose
    prose = re.sub(r"\{\w+\}`[^`]*`", " ", prose)
    for code in re.findall(r"`([^`]*)`", prose):
        arguments = re.sub(r"[(=,\[]\s*-?[\d./]+", "", code)
        assert not re.search(r"\d+\.\d", arguments), f"{code}: a number in inline code that is no argument"
    for left_out in (r"`[^`]*`", r"\$\$.*?\$\$", r"\$[^$]*\$", r"\]\([^)]*\)", r"\*[−-]?\d[\d.,]*\*"):
        prose = re.sub(left_out, " ", prose, flags=re.S)
    prose = re.sub(r"arXiv:? ?[\d.]+|\b(?:19|20)\d\d\b", " ", prose)
    return [number for number in NUMBER.findall(prose) if len(re.sub(r"\D", "", number)) > 1]


@pytest.mark.parametrize(
    "page",
    [path for path in PAGES if path.parent.name in ("start", "concepts", "choosing", "questions")],
    ids=lambda p: p.stem,
)
def test_no_number_is_typed_by_hand(page: Path) -> None:
    assert typed_numbers(page.read_text()) == []


def test_typed_numbers_are_found_where_planted() -> None:
    assert typed_numbers("h is 0.667, for `mess3(x=0.05)` and $x = 0.5$, 36 states, {num}`a b.c`, *0.64*") == [
        "0.667",
        "36",
    ]
    assert typed_numbers("```{figure} a.png\n:alt: b\n\nOf {num}`a b`, 17 are.\n```\n") == ["17"]
    with pytest.raises(AssertionError, match="no argument"):
        typed_numbers("it is `0.667` bits")


class TestQuoting:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "a.json").write_text('{"b": [1, {"c": -0.123456, "many": 12345, "far": "inf", "word": "x"}]}')
        return tmp_path

    @pytest.mark.parametrize(
        ("reference", "text"),
        [
            ("a b.0", "1"),
            ("a b.1.c", "−0.1235"),
            ("a b.1.c .2f", "−0.12"),
            ("a b.1.c .0f", "0"),
            ("a b.1.many", "12,345"),
            ("a b.1.far", "∞"),
            ("a b.0 .0%", "100%"),
        ],
    )
    def test_numbers(self, folder: Path, reference: str, text: str) -> None:
        assert quoting["quoted"](reference, [folder]) == text

    @pytest.mark.parametrize(
        ("reference", "problem"),
        [
            ("a", "must be NAME KEYS"),
            ("a b.7", "nothing is called '7' there"),
            ("a x", "no 'x' among b"),
            ("a b.1.word", "leads to str"),
            ("other b", "is in 0 of the folders"),
        ],
    )
    def test_what_is_not_there_is_an_error(self, folder: Path, reference: str, problem: str) -> None:
        with pytest.raises(ValueError, match=problem):
            quoting["quoted"](reference, [folder])

    def test_one_name_in_two_folders_is_an_error(self, folder: Path) -> None:
        (folder / "more").mkdir()
        (folder / "more" / "a.json").write_text("{}")
        with pytest.raises(ValueError, match="is in 2 of the folders"):
            quoting["quoted"]("a b", [folder, folder / "more"])
