"""The script of the figure of beliefs and corpus length, and the page that quotes what it recorded."""

import doctest
import json
import runpy
from pathlib import Path

import pytest

from compmech.corpus import process

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = runpy.run_path(str(DOCS / "reproductions" / "corpus_beliefs.py"))


def test_the_script_writes_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "beliefs.json"
    SCRIPT["main"](["-o", str(out), "--small", "--seed", "3"])
    found = json.loads(out.read_text())
    assert capsys.readouterr().out.rstrip() == SCRIPT["table"](found)
    for name, source in found["sources"].items():
        for row in source["growth"]:
            assert row["n_token"] * (name == "period 3") <= row["n_belief"] <= 2 * row["n_token"] - 1
        contexts = [row["n_context"] for row in source["conflated"]]
        assert contexts[0] == 1
        assert max(contexts) <= found["size"]
    coin = found["sources"]["fair coin"]["conflated"]
    assert coin[2]["bits_a_symbol"] == pytest.approx(1, abs=0.02)  # 2,000 tosses: four contexts cost 0.002 bits
    assert coin[-1]["bits_a_symbol"] < 0.1
    assert [row["n_belief"] for row in found["sources"]["period 3"]["growth"]] == [100, 1000]


def test_the_page_quotes_what_was_recorded() -> None:
    recorded = json.loads((DOCS / "results" / "corpus-beliefs.json").read_text())
    shown = (DOCS / "corpora.md").read_text().split("```text\n")[1].split("\n```")[0]
    assert shown == SCRIPT["table"](recorded)
    golden = recorded["sources"]["golden mean"]
    assert golden["growth"][-1]["n_belief"] > 1.99 * golden["growth"][-1]["n_token"]
    assert golden["conflated"][1]["bits_a_symbol"] == pytest.approx(golden["entropy_rate_bits"], abs=0.002)
    assert recorded["command"] == SCRIPT["COMMAND"]


def test_the_examples_give_what_they_say() -> None:
    assert doctest.testmod(process).failed == 0
    assert doctest.testmod(process).attempted > 0
