"""The code on the pages runs, the commands on them are known with their options, and links lead somewhere."""

import doctest
import re
import shlex
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.main import get_command

from compmech.cli import app
from predictors import GRUConfig, build, save

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MADE = {"_build", "_figures"}
PAGES = [ROOT / "README.md", *sorted(path for path in DOCS.rglob("*.md") if not MADE & set(path.parts))]
BLOCK = re.compile(r"^```(?:python|\{code-cell\})\n(?::.*\n)*(.*?)^```", flags=re.S | re.M)
"""Code that is shown, and cells of notebooks, without their options."""

WITH_CODE = [page for page in PAGES if BLOCK.search(page.read_text())]


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def a_run() -> None:
    """What `compmech train rrxor --predictor gru -o run` leaves, untrained: enough for a page's lines to run."""
    Path("run").mkdir()
    save(
        build(GRUConfig(n_symbol=2, width=8, n_layer=1), rng=torch.Generator().manual_seed(0)), "run/model.safetensors"
    )


BEFORE: dict[str, Callable[[], None]] = {"docs/editing.md": a_run}
"""What the lines above a page's code would have made, which take too long for a test."""

SHORTER: dict[str, tuple[str, str]] = {
    "README.md": ("steps=200", "steps=3"),
    "docs/editing.md": ("histories(process, 12)", "histories(process, 5)"),
    "docs/start/compare-architectures.md": ("steps=400", "steps=2"),
}
"""The one number that is changed in a page's code, whose lines would take too long for a test."""


@pytest.mark.parametrize("page", WITH_CODE, ids=named)
def test_the_code_of_a_page_runs_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    BEFORE.get(named(page), lambda: None)()
    text = page.read_text()
    if named(page) in SHORTER:
        long, short = SHORTER[named(page)]
        assert text.count(long) == 1
        text = text.replace(long, short)
    names: dict[str, Any] = {"__name__": "page"}
    for number, block in enumerate(BLOCK.findall(text)):
        run(re.sub("^%.*", "", block, flags=re.M), names, f"{named(page)}, block {number}")  # magic is of notebooks


def run(block: str, names: dict[str, Any], where: str) -> None:
    """As a session with its output, if it is one; else as a program."""
    if not block.lstrip().startswith(">>>"):
        exec(compile(block, where, "exec"), names)
        return
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest(block, names, where, None, 0)
    doctest.DocTestRunner(verbose=False).run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert not said, "".join(said)


@pytest.mark.parametrize("block", [">>> 1 + 1\n3\n", "assert 1 + 1 == 3\n", ">>> missing\n0\n"])
def test_wrong_code_does_not_pass(block: str) -> None:
    with pytest.raises(AssertionError):
        run(block, {}, "planted")


def commands() -> Iterator[tuple[Path, list[str]]]:
    """Lines of code that begin with compmech, and such code in the cells of a table; what follows two spaces is an
    explanation."""
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        lines = re.findall(r"^(?: {4})?(compmech .*)$", text, flags=re.M)
        for line in [*lines, *re.findall(r"\| `(compmech [^`]*)`", text)]:
            yield page, shlex.split(re.split(r" {2,}", line)[0], comments=True)


def problem(words: list[str]) -> str:
    """What is wrong with a command, by the definition of the command line; "" if nothing is."""
    known = get_command(app).commands  # type: ignore[attr-defined]
    if words[1] not in known:
        return f"no command {words[1]}"
    options = {name for parameter in known[words[1]].params for name in parameter.opts}
    unknown = [word for word in words[2:] if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in options]
    return f"no option {', '.join(unknown)} of {words[1]}" if unknown else ""


def test_the_commands_of_the_pages_exist_with_their_options() -> None:
    found = list(commands())
    assert len(found) > 20
    wrong = [(named(page), shlex.join(words), problem(words)) for page, words in found if problem(words)]
    assert wrong == []
    assert problem(["compmech", "stat"]) == "no command stat"
    assert problem(["compmech", "stats", "--jason", "--json"]) == "no option --jason of stats"


def sections(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", BLOCK.sub("", text), flags=re.M)


def sentences(text: str) -> int:
    """How many the first paragraph has."""
    first = text.split("\n\n")[1]
    return len(re.split(r"(?<=[.?!])\s+(?=[A-Z])", first.strip()))


def pages_of(folder: str) -> list[Path]:
    return [page for page in PAGES if page.parent == DOCS / folder and page.stem != "index"]


@pytest.mark.parametrize("page", pages_of("questions"), ids=named)
def test_a_question_is_answered_in_two_sentences_and_ends_with_what_is_not_known(page: Path) -> None:
    assert sentences(page.read_text()) == 2
    assert sections(page.read_text())[-2:] == ["What is not known", "Sources"]


@pytest.mark.parametrize("page", pages_of("concepts"), ids=named)
def test_a_concept_has_formula_figure_surprise_lines_and_sources(page: Path) -> None:
    text = page.read_text()
    parts = ["\n$$\n", "```{figure} ", "**The surprise.**", "```python\n>>> "]
    assert [part for part in parts if part not in text] == []
    assert sections(text)[-1] == "Sources"


def test_sentences_are_counted() -> None:
    assert sentences("# Why?\n\nNo. At 0.5 bits,\nall of it.\n\nMore. And more.\n") == 2


LINK = re.compile(r"\]\(([^)\s]+)\)|^```\{(?:figure|include|literalinclude)\} (\S+)", flags=re.M)


def broken(page: Path, text: str) -> list[str]:
    """Links to files that are not there; figures are held to their scripts elsewhere, other sites are not visited."""
    prose = BLOCK.sub("", text)
    targets = [(one or other).partition("#")[0] for one, other in LINK.findall(prose)]
    ours = [t for t in targets if t and "_figures/" not in t and not re.match(r"\w+:", t)]
    return [t for t in ours if not (page.parent / t).exists()]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_files(page: Path) -> None:
    assert broken(page, page.read_text()) == []


def test_a_broken_link_is_found() -> None:
    text = textwrap.dedent("""
        [there](README.md), [not there](docs/none.md#part), ![no picture](docs/none.png), [site](https://example.org)
        ```{include} docs/gone.md
        ```
    """)
    assert broken(ROOT / "README.md", text) == ["docs/none.md", "docs/none.png", "docs/gone.md"]
