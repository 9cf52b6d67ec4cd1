"""The script on text: chances are chances, what is mixed is chosen on other letters, and the truth is what it says."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from compmech import zoo
from compmech.corpus import Corpus
from compmech.inference import k_gram, series

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = runpy.run_path(str(DOCS / "reproductions" / "text_prediction.py"))
RECORDED = json.loads((DOCS / "results" / "text-prediction.json").read_text())


def test_the_corpus_alone_gives_what_followed_and_nothing_else() -> None:
    text = "abcabdabcabdab"
    words = np.array([series(text).codes[:3], [0, 1, 1]], dtype=np.int64)
    chances = SCRIPT["OfCorpus"](Corpus(text)).chances(words)
    # a is followed by b always; ab by c in two of four places where something follows, and by d in two; never by b
    assert chances[:, 1].tolist() == [1, 1]
    assert chances[:, 2].tolist() == [0.5, 0]


def test_a_process_gives_0_to_all_of_a_word_that_it_holds_for_impossible() -> None:
    chances = SCRIPT["OfProcess"](zoo.golden_mean()).chances(np.array([[0, 1, 0], [0, 1, 1]]))
    assert chances == pytest.approx(np.array([[2 / 3, 1 / 2, 1], [0, 0, 0]]))


def test_the_better_predictor_gets_the_weight_and_two_halves_are_mixed() -> None:
    class Constant:
        def __init__(self, even: float, odd: float) -> None:
            self.even, self.odd = even, odd

        def chances(self, words: np.ndarray) -> np.ndarray:
            return np.where(np.arange(words.shape[1]) % 2, self.odd, self.even) + np.zeros(words.shape)

    late = series(np.random.default_rng(0).integers(0, 2, 500))
    assert SCRIPT["best_weight"](Constant(0.9, 0.9), Constant(0.5, 0.5), late) == 1
    assert SCRIPT["best_weight"](Constant(0.9, 0.1), Constant(0.1, 0.9), late) == 0.5


def test_letters_drawn_from_a_chain_need_what_the_chain_says() -> None:
    truth = k_gram(series(zoo.golden_mean().sample(1, 4000, rng=np.random.default_rng(0))[0]), 2)
    text = SCRIPT["drawn"](truth, series("0101"), 4000, np.random.default_rng(1))
    found = -np.log2(truth.chances(text.codes[None])).mean()
    assert found == pytest.approx(2 / 3, abs=0.03)
    assert "11" not in "".join(map(str, text.codes)), "what the chain hardly ever does does not come"


def test_the_small_run_and_the_record_have_the_same_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SCRIPT["main"](["-o", str(tmp_path / "text.json"), "--small"])
    found = json.loads((tmp_path / "text.json").read_text())
    assert SCRIPT["table"](found) in capsys.readouterr().out
    recorded = {row["text"]: list(row["predictors"]) for row in RECORDED["rows"]}
    assert set(recorded) == set(SCRIPT["SIZES"]["updates"])
    assert [row["text"] for row in found["rows"]] == ["licence", "chain"]
    for row in found["rows"]:
        assert list(row["predictors"]) == recorded[row["text"]]
    assert RECORDED["command"] == SCRIPT["COMMAND"]
    assert {**SCRIPT["SIZES"], "networks": SCRIPT["NETWORKS"]}.items() <= RECORDED["settings"].items()
