"""Plug-ins: the page's own example, installed as a package would be; broken ones; and what is listed."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint as StandardEntryPoint
from pathlib import Path

import numpy as np
import pytest
import torch

from compmech import zoo
from compmech.cli import listing
from predictors import CONFIGS, UniformPredictor, check_predictor
from predictors.adapters import extras
from predictors.plugins import (
    GROUP,
    EntryPoint,
    PlugInError,
    examine,
    factory_of,
    make_plug_in,
    plug_ins,
    settings_of,
)
from probes.candidates import candidate, make
from probes.comparison import ComparisonSpec, Subject, compare

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/adding-a-predictor.md").read_text()
PLUG_IN, *OTHERS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def install(folder: Path, name: str, source: str, points: dict[str, str]) -> None:
    """What pip leaves of a package of one module: the module, and a dist-info folder with its entry points."""
    (folder / f"{name}.py").write_text(source)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{key} = {value}" for key, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, on the path."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    listing.predictors(as_json=True)
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)["predictors"]}


def refused(packages: Path, name: str) -> str:
    """What `compmech compare` says, with exit status 2, to a predictor of that name."""
    arguments = ["compare", "--process", "even", "--predictor", name, "--length", "3", "-o", str(packages / "out")]
    code = f"import sys; sys.path.insert(0, {str(packages)!r}); from compmech.cli import main; main({arguments!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    return done.stderr


def test_the_example_of_the_page_is_found_conforms_and_is_compared(
    packages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    point = tomllib.loads(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0])
    install(packages, "leaky", PLUG_IN, point["project"]["entry-points"][GROUP])
    assert len(PLUG_IN.splitlines()) <= 66  # the sixty lines that the page promises, and the imports

    row = listed(capsys)["leaky"]
    assert (row["kind"], row["ready"], row["source"]) == ("plug-in", True, "leaky")
    assert row["meaning"] == "A linear recurrence with one leak for each unit."

    made = make(candidate("leaky", {"width": 4}), 3, 6, rng=torch.Generator().manual_seed(0))
    assert not check_predictor(made.double()).skipped  # type: ignore[attr-defined]
    spec = ComparisonSpec((Subject("even", "even", zoo.even(), 3),), (candidate("leaky"),), steps=2, batch=4)
    found = compare(spec, rng=np.random.default_rng(0))
    assert [run.predictor for run in found.runs] == ["leaky"]
    assert {score.site for score in found.rows if score.site} >= {"layer.0.carry"}

    with pytest.raises(ValueError, match="leaky has no setting 'widht'; did you mean 'width'"):
        candidate("leaky", {"widht": 4})


def test_the_other_blocks_of_the_page_run() -> None:
    names: dict[str, object] = {"__name__": "page"}
    for block in (PLUG_IN, *OTHERS):
        exec(compile(block, "adding-a-predictor.md", "exec"), names)


BROKEN = """
import predictors.adapters.extras as extras
from predictors import UniformPredictor

answer = 42

def fails(n_symbol, length, *, rng):
    raise RuntimeError("no luck")

def nothing(n_symbol, length, *, rng):
    return None

def other(n_symbol, length, *, rng):
    return UniformPredictor(n_symbol + 1)

def lacks(n_symbol, length, *, rng):
    raise extras.MissingExtra(extras.EXTRAS[0])
"""


def test_a_broken_plug_in_is_named_and_keeps_no_other_from_working(
    packages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(packages, "leaky", PLUG_IN, {"leaky": "leaky:leaky"})
    install(packages, "bad_plug_in", "raise RuntimeError('half\\ninstalled')", {"bad": "bad_plug_in:make"})
    install(packages, "odd_plug_in", BROKEN, {"number": "odd_plug_in:answer", "gone": "odd_plug_in:gone"})
    rows = listed(capsys)
    assert rows["leaky"]["ready"]
    assert rows["bad"]["problem"] == "cannot be loaded: RuntimeError: half installed"
    assert rows["number"]["problem"] == "must be a function; it is a int"
    assert "has no attribute 'gone'" in str(rows["gone"]["problem"])

    candidate("leaky")
    with pytest.raises(PlugInError, match=r"the plug-in bad \(bad_plug_in:make\) cannot be loaded"):
        candidate("bad")
    assert refused(packages, "bad").count("\n") == 1

    listing.predictors(as_json=False)
    table = capsys.readouterr().out
    assert "bad                      cannot be loaded: RuntimeError: half installed" in table
    assert "  gru " in table


def test_what_a_plug_in_does_wrong_is_said_with_its_name(packages: Path) -> None:
    names = {name: f"odd_plug_in_2:{name}" for name in ("fails", "nothing", "other", "lacks")}
    install(packages, "odd_plug_in_2", BROKEN, names)
    told = {
        "fails": (PlugInError, r"the plug-in fails \(odd_plug_in_2:fails\) failed: RuntimeError: no luck"),
        "nothing": (PlugInError, "gave a NoneType, no Predictor"),
        "other": (PlugInError, "gave a predictor of 3 symbols; asked were 2"),
        "lacks": (extras.MissingExtra, r"pip install 'belief-geometry\[hf\]'"),
    }
    for name, (kind, message) in told.items():
        with pytest.raises(kind, match=message):
            make_plug_in(plug_ins()[name], 2, 3, {}, rng=torch.Generator())


def test_one_name_for_two_plug_ins_is_refused(packages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(packages, "leaky", PLUG_IN, {"leaky": "leaky:leaky", "gru": "leaky:leaky"})
    install(packages, "leaky_too", PLUG_IN, {"leaky": "leaky_too:leaky"})
    with pytest.raises(
        PlugInError, match=r"the plug-in leaky \(leaky:leaky\) has the name of another \(leaky_too:leaky\)"
    ):
        candidate("leaky")
    assert candidate("gru").kind == "gru"  # the built-in one, and not kept from working by the others
    listing.predictors(as_json=True)
    rows = json.loads(capsys.readouterr().out)["predictors"]
    problems = [row["problem"] for row in rows if row["kind"] == "plug-in" and row["name"] in ("leaky", "gru")]
    assert sorted(set(problems)) == [
        "never used: another package brings a plug-in of the same name",
        "never used: it has the name of a built-in one",
    ]


def plug_in(n_symbol: int, length: int, *, rng: torch.Generator, **settings: object) -> UniformPredictor:
    return UniformPredictor(n_symbol)


def test_settings_are_the_keyword_only_arguments() -> None:
    def some(n_symbol: int, length: int, *, rng: torch.Generator, width: int = 3) -> None: ...

    assert settings_of(some) == ("width",)
    assert settings_of(plug_in) is None


def test_the_listed_settings_are_those_that_a_candidate_takes_and_makes(capsys: pytest.CaptureFixture[str]) -> None:
    listing.predictors(as_json=True)
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["predictors"]}
    for name in CONFIGS:
        settings = {key: value for key, value in rows[name]["settings"].items() if key != "max_length"}
        assert settings
        made, given = (make(candidate(name, own), 3, 5, rng=torch.Generator().manual_seed(0)) for own in ({}, settings))
        assert made.config == given.config  # type: ignore[attr-defined]
    assert rows["gru"]["settings"] == {"width": 64, "n_layer": 2}
    assert rows["uniform"]["settings"] == {}
    listing.predictors()
    assert "width=64, n_layer=2" in capsys.readouterr().out


def test_a_missing_extra_is_told_in_one_line_with_exit_status_2(
    packages: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "from predictors.adapters.extras import EXTRAS, MissingExtra\nraise MissingExtra(EXTRAS[0])\n"
    install(packages, "lacking", source, {"lacking": "lacking:make"})
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    rows = listed(capsys)
    command = "pip install 'belief-geometry[hf]'"
    assert command in str(rows["lacking"]["problem"])
    assert command in str(rows["adapt_hugging_face"]["problem"])
    assert not rows["adapt_hugging_face"]["ready"]
    assert rows["adapt_module"]["ready"]
    said = refused(packages, "lacking")
    assert command in said
    assert said.count("\n") == 1


def test_our_own_plug_ins_are_there() -> None:
    """Those of pyproject.toml, whether or not this tree is what is installed."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][GROUP]
    assert sorted(declared) == ["hf-gpt2", "hf-llama", "hf-mamba", "hf-mamba2", "hf-rwkv"]
    pytest.importorskip("transformers")
    for name, value in declared.items():
        factory = factory_of(StandardEntryPoint(name, value, GROUP))
        assert "width" in (settings_of(factory) or ())


def test_extras_have_bounds() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra in extras.EXTRAS:
        assert all(re.search(r">=.*,<\d", need) for need in declared[extra.name])


def test_a_plug_in_says_where_it_comes_from(packages: Path) -> None:
    install(packages, "leaky", PLUG_IN, {"leaky": "leaky:leaky"})
    found = next(each for each in examine() if each.name == "leaky")
    assert (found.value, found.distribution, found.problem) == ("leaky:leaky", "leaky", None)


def test_entry_points_of_the_backport_are_entry_points() -> None:
    """Once importlib_metadata is imported, as by dask, the standard library gives its entry points."""
    backport = pytest.importorskip("importlib_metadata")
    point = backport.EntryPoint("mine", "json:loads", GROUP)
    assert not isinstance(point, StandardEntryPoint)
    assert isinstance(point, EntryPoint)
    assert factory_of(point) is json.loads
