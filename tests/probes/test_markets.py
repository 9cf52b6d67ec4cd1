"""The script on market data: it never looks ahead, finds what was planted, and the page quotes what it recorded."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from compmech.inference import Series
from compmech.symbolise import symbolised

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = runpy.run_path(str(DOCS / "reproductions" / "markets.py"))
PLAN = SCRIPT["Plan"](n_block=2)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_planted_gain_is_found_and_a_coin_has_none() -> None:
    gained = {}
    for bits in (0.05, 0.0):
        subject = SCRIPT["Subject"](SCRIPT["planted"](bits, 6_000, rng()), SCRIPT["at_zero"], 2)
        gains = SCRIPT["walked"](subject, SCRIPT["k_gram"], PLAN, rng())
        gained[bits] = (float(gains.mean()), SCRIPT["interval"](gains, rng()))
    assert gained[0.05][0] == pytest.approx(0.05, abs=0.02)
    assert gained[0.05][1][0] > 0
    assert gained[0.0][1][0] < 0 < gained[0.0][1][1] + 0.01


def test_nothing_later_than_a_day_moves_what_is_said_of_it() -> None:
    values = np.repeat(np.random.default_rng(1).normal(size=500), 2)  # every other value is that before it
    later = values.copy()
    later[750:] *= 9  # of the second of two blocks
    first, second = (
        SCRIPT["walked"](SCRIPT["Subject"](one, SCRIPT["thirds"], 3), SCRIPT["k_gram"], PLAN, rng())
        for one in (values, later)
    )
    assert first[:250].tolist() == second[:250].tolist()
    assert first[250:].tolist() != second[250:].tolist()


def test_the_interval_of_a_mean_covers_it() -> None:
    """Of 200 series with mean 0 about 95 % of the intervals hold it; five standard errors of that share are 0.08."""
    hold = 0
    for seed in range(200):
        drawn = np.random.default_rng(seed)
        low, high = SCRIPT["interval"](drawn.normal(size=1_000), drawn)
        hold += low <= 0 <= high
    assert 0.86 < hold / 200 <= 1
    assert SCRIPT["interval"](np.array([0.0, -np.inf]), rng()) is None


def test_the_script_writes_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SCRIPT["main"](["-o", str(tmp_path / "markets.json"), "--small"])
    found = json.loads((tmp_path / "markets.json").read_text())
    assert SCRIPT["table"](found) in capsys.readouterr().out
    row = found["series"]["S&P 500, sign"]
    assert set(row["gains"]) == set(SCRIPT["PREDICTORS"])
    assert row["gains"]["longest suffix"]["bits"] < 0  # one or two occasions are no ground to predict from


def test_the_page_quotes_what_was_recorded() -> None:
    recorded = json.loads((DOCS / "results" / "markets.json").read_text())
    assert SCRIPT["table"](recorded) in (DOCS / "markets.md").read_text()


def test_surrogates_of_normal_scores_are_the_values_themselves(tmp_path: Path) -> None:
    """In another order, so that as many days have each symbol; and what is in the file is not made again."""
    script = runpy.run_path(str(DOCS / "reproductions" / "market_spectrum.py"))
    out = tmp_path / "spectrum.json"
    script["main"](["-o", str(out), "--small"])
    made = out.read_text()
    assert [row["series"] for row in json.loads(made)["rows"]].count("planted product") == 1
    script["main"](["-o", str(out), "--small"])
    assert out.read_text() == made

    values = script["product"](300, rng())

    def symbols(given: np.ndarray) -> Series:
        return symbolised(given, "threshold:0").series

    data = symbols(values)
    for surrogates in script["hypotheses"](values, symbols).values():
        found = surrogates.make(data, rng())
        assert np.bincount(found.codes).tolist() == np.bincount(data.codes).tolist()
        assert found.codes.tolist() != data.codes.tolist()
