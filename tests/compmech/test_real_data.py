"""The real series inside installed packages: what they are, and what is said where they are not."""

import gzip
import json
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from compmech import ChangedData, MissingPackage, UnknownName, data
from compmech.cli import _status
from compmech.data import reading
from compmech.data.reading import digest
from compmech.inference import count_words
from compmech.inference.structure import past_information


def installed(name: str) -> data.RealSeries:
    """The series. The packages come with the tests: one that is missing is a failure, not a skip."""
    return data.load(name)


@pytest.mark.parametrize("name", data.names())
def test_every_series_is_what_it_was(name: str) -> None:
    found, about = installed(name), data.about(name)
    assert found.about is about
    assert len(found.values) == about.length
    assert digest(found.values) == about.sha256
    assert found.times is None or len(found.times) == about.length
    assert found.version
    assert all((about.source, about.licence, about.citation, about.meaning))


def test_known_facts_of_the_series() -> None:
    """Counted by others, not by the code that reads them."""
    sunspots = installed("sunspots")
    assert sunspots.times is not None
    assert int(sunspots.times[np.argmax(sunspots.values)]) == 1957  # the highest maximum on record
    weather = installed("weather")
    assert set(weather.values) == {"drizzle", "fog", "rain", "snow", "sun"}
    assert (str(weather.times[0]), str(weather.times[-1])) == ("2012-01-01", "2015-12-31")
    bases = installed("dna").values
    assert set(bases) == set("ACGT")
    assert (
        0.5 < (bases.count("G") + bases.count("C")) / len(bases) < 0.56
    )  # 53.5 % of the genome (Cerdeno-Tarraga 2003)
    returns = installed("sp500")
    worst = int(np.argmin(returns.values))
    assert str(returns.times[worst]) == "2008-10-15"
    assert returns.values[worst] == pytest.approx(-0.0903, abs=5e-5)
    assert "program" in installed("english").values


def test_what_is_read_cannot_be_changed() -> None:
    values = installed("membrane").values
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 1.0


def test_symbols_by_default_and_by_a_word() -> None:
    membrane = installed("membrane")
    assert membrane.series().alphabet == (0, 1)
    assert int(np.count_nonzero(np.diff(membrane.series().codes) > 0)) == 57  # spikes
    assert membrane.series("quantile:3").n_symbol == 3
    assert membrane.symbolised("sign").to_dict() == {"-": "x < 0", "+": "x > 0"}
    assert installed("weather").series().alphabet == ("drizzle", "fog", "rain", "snow", "sun")
    with pytest.raises(ValueError, match="weather are symbols already"):
        installed("weather").series("sign")


def test_weather_has_structure_that_the_calendar_of_its_values_has_not() -> None:
    """Found in the real series; not in the same values drawn at random."""
    weather = installed("weather")
    shuffled = replace(weather, values=tuple(np.random.default_rng(0).permutation(weather.values).tolist()))
    told, by_chance = (past_information(count_words(one.series(), 2)) for one in (weather, shuffled))
    assert told > 10 * by_chance


# ---------------------------------------------------------------------------------------------------- what goes wrong


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(UnknownName, match="unknown series 'sunspot': did you mean 'sunspots'"):
        data.load("sunspot")


def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(reading, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage) as caught:
        data.load("weather")
    assert (caught.value.package, caught.value.extra) == ("vega_datasets", "data")
    assert _status(["infer", "data:weather"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "compmech: the series weather lies in the package vega_datasets, which is not installed: "
        "pip install 'belief-geometry[data]'"
    ]


def test_a_module_of_that_name_that_belongs_to_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(reading, "version", unknown)
    with pytest.raises(MissingPackage):
        data.load("weather")


def planted(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    """A package vega_datasets of another version, with this table in it."""
    module = folder / "vega_datasets"
    (module / "_data").mkdir(parents=True)
    if text is not None:
        (module / "_data" / "seattle-weather.csv").write_text(text)
    spec = ModuleSpec("vega_datasets", None, is_package=True)
    spec.submodule_search_locations = [str(module)]
    monkeypatch.setattr(reading, "find_spec", lambda name: spec)
    monkeypatch.setattr(reading, "version", lambda name: "99.0")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "there is no file vega_datasets/_data/seattle-weather.csv"),
        ("date,weather\n2012/01/01,sun\n", "1 values, 1461 were expected"),
        ("date,weather\n" + "2012/01/01,sun\n" * 1461, "the 1461 values have another hash"),
        ("day,weather\n2012/01/01,sun\n", "seattle-weather.csv cannot be read"),
        ("date,weather\nsoon,sun\n", "seattle-weather.csv cannot be read"),
    ],
)
def test_a_package_that_has_changed_is_named_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, problem: str
) -> None:
    planted(tmp_path, monkeypatch, text)
    with pytest.raises(ChangedData, match=r"weather in vega_datasets 99\.0 is not what it was") as caught:
        data.load("weather")
    assert problem in str(caught.value)


def test_a_compressed_file_that_is_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "arch"
    (module / "data" / "sp500").mkdir(parents=True)
    whole = gzip.compress(b"Date,Adj Close\n1/4/1999,1228.1\n")
    (module / "data" / "sp500" / "sp500.csv.gz").write_bytes(whole[:-8])
    spec = ModuleSpec("arch", None, is_package=True)
    spec.submodule_search_locations = [str(module)]
    monkeypatch.setattr(reading, "find_spec", lambda name: spec)
    with pytest.raises(ChangedData, match=r"sp500\.csv\.gz cannot be read"):
        data.load("sp500")


def test_the_packages_are_not_imported() -> None:
    """pandas and statsmodels take seconds to import; their files are read without them."""
    before = set(sys.modules)
    for name in data.names():
        installed(name)
    assert not {"pandas", "statsmodels", "arch", "vega_datasets", "pyrodigal"} & (set(sys.modules) - before)


# --------------------------------------------------------------------------------------------------------- the command


def test_the_list_for_people_and_for_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _status(["data"]) == 0
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 80
    assert all(f"data:{name} " in told for name in data.names())
    monkeypatch.setattr(reading, "find_spec", lambda name: None if name == "vega_datasets" else find_spec(name))
    assert _status(["data", "--json", "--seed", "1"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["series"]}
    assert list(rows) == list(data.names())
    assert [name for name in rows if not rows[name]["ready"]] == ["weather"]
    assert "belief-geometry[data]" in rows["weather"]["problem"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["data:sunspot"], "did you mean 'sunspots'?"),
        (["data:weather", "--words"], "--words is for files"),
        (["data:weather", "--column", "x"], "--column is for files"),
        (["data:weather", "--symbols", "sign"], "the values of weather are symbols already"),
        (["data:membrane", "--symbols", "quantil:2"], "did you mean 'quantile'?"),
    ],
)
def test_what_cannot_be_asked_of_a_series(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _status(["infer", *arguments]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert complaint in told[0]
