"""The longest suffix in a corpus of 1e7 symbols: building the index, its memory, and queries, beside pydivsufsort."""

from functools import cache
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest
from speed_lines import LINES, Line, timed

from compmech.corpus import Corpus
from compmech.inference.series import Series

N_TOKEN, N_QUERY, LENGTH = 10_000_000, 100_000, 32
QUERIES_A_SECOND, BUILD_SECONDS, BYTES_A_SYMBOL = 3e5, 0.6, 6.0


@cache
def codes(n_symbol: int) -> np.ndarray:
    return np.random.default_rng(0).integers(n_symbol, size=N_TOKEN, dtype=np.int16).astype(np.uint8)


def queries(n_symbol: int) -> np.ndarray:
    """Half of them are in the corpus, half are not."""
    rng = np.random.default_rng(1)
    words = rng.integers(n_symbol, size=(N_QUERY, LENGTH))
    at = rng.integers(N_TOKEN - LENGTH, size=N_QUERY // 2)
    words[::2] = codes(n_symbol)[at[:, None] + np.arange(LENGTH)]
    return words


def peer() -> ModuleType | None:
    if find_spec("pydivsufsort") is None:
        return None
    import pydivsufsort

    return pydivsufsort


def by_bisection(library: ModuleType, text: np.ndarray, order: np.ndarray, words: np.ndarray) -> list[int]:
    """For each query the longest suffix that is in the text: the length by bisection, each length by the library."""
    found = []
    for word in words.astype(np.uint8):
        least, beyond = 0, len(word) + 1
        while beyond - least > 1:
            middle = (least + beyond) // 2
            count, _ = library.sa_search(text, order, np.ascontiguousarray(word[len(word) - middle :]))
            least, beyond = (middle, beyond) if count else (least, middle)
        found.append(least)
    return found


@pytest.mark.parametrize("n_symbol", [2, 100])
def test_longest_suffix(n_symbol: int) -> None:
    text, library, words = codes(n_symbol), peer(), queries(n_symbol)
    given = Series(text.astype(np.int8), tuple(range(n_symbol)))
    name = f"of 1e7 tokens, {n_symbol} symbols"

    sides = {"ours": lambda: Corpus(given)}
    if library is not None:
        sides["pydivsufsort"] = lambda: library.divsufsort(text)
    built = timed(sides, rounds=3)
    LINES.append(Line(f"index {name}", "s", built, bar=BUILD_SECONDS, least=False))

    corpus = Corpus(given)
    held = corpus.index.n_bytes / N_TOKEN
    LINES.append(Line(f"memory {name}", "bytes/symbol", {"ours": held}, bar=BYTES_A_SYMBOL, least=False))

    seconds = timed({"ours": lambda: corpus.longest_suffix(words)}, rounds=5)
    rates = {"ours": N_QUERY / seconds["ours"]}
    if library is not None:
        order, few = library.divsufsort(text), words[:500]
        assert by_bisection(library, text, order, few) == corpus.longest_suffix(few).lengths.tolist()
        found = timed({"one by one": lambda: by_bisection(library, text, order, few)}, rounds=3)
        rates["pydivsufsort and bisection"] = len(few) / found["one by one"]
    LINES.append(Line(f"longest suffix {name}", "queries/s", rates, bar=QUERIES_A_SECOND))
