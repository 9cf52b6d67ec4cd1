"""A corpus as a predictor: by replay it conforms, and predicts what a search through the text predicts."""

import numpy as np
import pytest
import torch

from compmech import UnmatchedWord
from compmech.corpus import Corpus
from predictors import ProcessPredictor, check_predictor

TEXT = "the cat sat on the mat. the rat sat on the cat. "


def next_after_longest_suffix(text: str, history: str, symbols: str) -> list[float]:
    """By search: after the longest end of the history that the text goes on from."""
    while True:
        after = [text[i] for i in range(len(history), len(text)) if text[i - len(history) : i] == history]
        if after:
            return [after.count(x) / len(after) for x in symbols]
        history = history[1:]


@pytest.mark.parametrize("corpus", [Corpus("01101001110"), Corpus(["ab", "bca", "abcabcab"]), Corpus(TEXT)])
def test_a_corpus_conforms(corpus: Corpus) -> None:
    report = check_predictor(ProcessPredictor(corpus))
    assert {"rows", "prefix", "splits", "carry", "batch", "refusals"} <= set(report.ran)


def test_rows_are_those_of_a_search_whether_read_at_once_or_in_steps() -> None:
    corpus = Corpus(TEXT)
    predictor = ProcessPredictor(corpus)
    assert (predictor.n_symbol, predictor.first_row, dict(predictor.sites)) == (len(set(TEXT)), 0, {})
    history = "a hat on the cat sat on"
    words = torch.as_tensor(corpus.encode([history.replace("h", "c"), history.replace("h", "m")]))
    rows = predictor.log_probs(words)
    for seq, changed in enumerate(("c", "m")):
        for t in range(len(history) + 1):
            read = history.replace("h", changed)[:t]
            expected = next_after_longest_suffix(TEXT, read, "".join(map(str, corpus.alphabet)))
            np.testing.assert_allclose(rows[seq, t].exp().numpy(), expected, atol=1e-15)
    carry = predictor.init_carry(2)
    for t in range(words.shape[1]):
        row, carry = predictor.step(words[:, t], carry)
        assert torch.equal(row, rows[:, t + 1])


def test_an_exact_corpus_refuses_through_the_predictor() -> None:
    with pytest.raises(UnmatchedWord):
        ProcessPredictor(Corpus("0101", exact=True)).log_probs(torch.tensor([[1, 1, 0]]))
