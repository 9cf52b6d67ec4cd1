"""The series that there are, and how each is read from its file."""

import csv
import gzip
import re
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path

import numpy as np

from compmech.data.description import About, Times, Values

__all__ = ["ABOUT"]

# Sampling interval of the membrane in seconds, and millivolts to the unit of its file, as matplotlib's own examples
# have them.
_MEMBRANE_STEP, _MEMBRANE_SCALE = 0.0005, 100.0


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table by column, whether it is compressed or not."""
    whole = path.read_bytes()
    text = (gzip.decompress(whole) if path.suffix == ".gz" else whole).decode("utf-8")
    return csv.DictReader(StringIO(text, newline=""))


def _weather(path: Path) -> tuple[Values, Times]:
    found = [(row["weather"], np.datetime64(row["date"].replace("/", "-"), "D")) for row in _rows(path)]
    return tuple(weather for weather, _ in found), np.array([day for _, day in found])


def _sunspots(path: Path) -> tuple[Values, Times]:
    found = np.array([(float(row["YEAR"]), float(row["SUNACTIVITY"])) for row in _rows(path)])
    return found[:, 1].copy(), found[:, 0].astype(int)


def _membrane(path: Path) -> tuple[Values, Times]:
    volts = np.fromfile(path, dtype="<f4").astype(float) * _MEMBRANE_SCALE
    return volts, np.arange(len(volts)) * _MEMBRANE_STEP


def _returns(path: Path) -> tuple[Values, Times]:
    """Simple returns, of which each bit is the same everywhere, as those of logarithms are not."""
    found = [(datetime.strptime(row["Date"], "%m/%d/%Y"), float(row["Adj Close"])) for row in _rows(path)]
    price = np.array([close for _, close in found])
    return price[1:] / price[:-1] - 1, np.array([day for day, _ in found[1:]], dtype="datetime64[D]")


def _english(path: Path) -> tuple[Values, Times]:
    """Small letters, and one space for whatever is between them."""
    return re.sub("[^a-z]+", " ", path.read_text(encoding="ascii").lower()).strip(), None


def _chromosome(path: Path) -> tuple[Values, Times]:
    """The first record."""
    records = gzip.decompress(path.read_bytes()).decode("ascii").split(">")
    return "".join(records[1].partition("\n")[2].split()), None


_SHEPPARD = "Sheppard et al., arch, doi:10.5281/zenodo.593254"

ABOUT = {
    one.name: one
    for one in (
        About(
            name="weather",
            meaning="the weather of each day in Seattle, 2012 to 2015, as one of five words",
            length=1461,
            sha256="e5af10469e4147bf6108a0a53b41efc6db12a4be0cc31a9af9f18113e1f3a302",
            symbols=None,
            package="vega_datasets",
            module="vega_datasets",
            extra="data",
            file="vega_datasets/_data/seattle-weather.csv",
            source="National Oceanic and Atmospheric Administration; made into words by the authors of Vega",
            licence="the observations are in the public domain; the package has the MIT licence",
            citation="Satyanarayan, Moritz, Wongsuphasawat and Heer, IEEE Trans. Vis. Comput. Graph. 23, 341 (2017)",
            read=_weather,
        ),
        About(
            name="sunspots",
            meaning="the mean number of sunspots of each year, 1700 to 2008",
            length=309,
            sha256="66c86ecdcd5950f61f6243f924fdfa10a44596e94816291062fdda266a31c86d",
            symbols="quantile:2",
            package="statsmodels",
            module="statsmodels",
            extra="data",
            file="statsmodels/datasets/sunspots/sunspots.csv",
            source="National Geophysical Data Center, the series before its revision of 2015",
            licence="public domain, as statsmodels says",
            citation="Waldmeier, The Sunspot-Activity in the Years 1610-1960, Schulthess (1961), and what continued it",
            read=_sunspots,
        ),
        About(
            name="membrane",
            meaning="the voltage over the membrane of a cell in millivolts, every 0.5 ms for 6 s",
            length=12_000,
            sha256="ff0753ecb8a7f29f37d1d3fd82ca3bb9d3b851e091be04099c924e2eaeabcdf9",
            symbols="threshold:-20",
            package="matplotlib",
            module="matplotlib",
            extra=None,
            file="matplotlib/mpl-data/sample_data/membrane.dat",
            source="matplotlib's sample data; which cell, and who recorded it, is not said there",
            licence="that of matplotlib",
            citation="Hunter, Computing in Science and Engineering 9, 90 (2007)",
            read=_membrane,
        ),
        About(
            name="sp500",
            meaning="the return of the S&P 500 index on each trading day, 1999 to 2018: change by price before",
            length=5030,
            sha256="bd10d13098fcfdc2360ed3c73344ca8306bee77ae2c3d7bff83903f2acf06b4b",
            symbols="threshold:0",
            package="arch",
            module="arch",
            extra="data",
            file="arch/data/sp500/sp500.csv.gz",
            source="example data of arch, whose columns are those of Yahoo Finance",
            licence="arch has that of the University of Illinois (NCSA); the index is S&P Dow Jones Indices'",
            citation=_SHEPPARD,
            read=_returns,
        ),
        About(
            name="nasdaq",
            meaning="the return of the NASDAQ Composite index on each trading day, 1999 to 2018",
            length=5030,
            sha256="670eec5427a62eeeb9a7e8c99ec7c11ca9735ac3e21891bc242beddfe721e878",
            symbols="threshold:0",
            package="arch",
            module="arch",
            extra="data",
            file="arch/data/nasdaq/nasdaq.csv.gz",
            source="example data of arch, whose columns are those of Yahoo Finance",
            licence="arch has that of the University of Illinois (NCSA); the index is Nasdaq's",
            citation=_SHEPPARD,
            read=_returns,
        ),
        About(
            name="english",
            meaning="English of lawyers: the GNU General Public License, version 3, in 26 letters and spaces",
            length=33_344,
            sha256="09b8e9c3fc89a23c3bdac2e8037e624e5ce383e66d2ceb18c2ad08ae9058e5e0",
            symbols=None,
            package="pyrodigal",
            module="pyrodigal",
            extra="data",
            file="pyrodigal-*.dist-info/**/COPYING",
            source="Free Software Foundation, 2007, as it comes with pyrodigal",
            licence="verbatim copies are permitted",
            citation="GNU General Public License, version 3, Free Software Foundation (2007)",
            read=_english,
        ),
        About(
            name="dna",
            meaning="the chromosome of Corynebacterium diphtheriae NCTC 11397, base by base, one strand",
            length=2_463_666,
            sha256="7ce854bcabfccf941c3194afaec5c78760ad5544f2193eef3ff8a6c9fa0615ba",
            symbols=None,
            package="pyrodigal",
            module="pyrodigal",
            extra="data",
            file="pyrodigal/tests/data/GCF_001457455.1_NCTC11397_genomic.fna.gz",
            source="NCBI RefSeq NZ_LN831026.1, among the files that pyrodigal is tested on",
            licence="sequences of the INSDC may be used by all; the package has the GNU GPL, version 3",
            citation="Larralde, Journal of Open Source Software 7, 4296 (2022)",
            read=_chromosome,
        ),
    )
}
