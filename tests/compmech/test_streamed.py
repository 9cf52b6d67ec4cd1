"""Machines from series that are read part by part: the same whatever the parts, in memory that does not grow."""

import json
import runpy
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from compmech import epsilon_machine, zoo
from compmech.inference import Parts, Series, infer_streamed, isomorphism, structural_posterior
from compmech.inference.counts import count_words
from compmech.inference.streamed import counted_model
from compmech.inference.topology_evidence import Library

ALPHABET = ("0", "1")


def even(n: int) -> np.ndarray:
    """Blocks of 0 and of 11, either as likely."""
    one = (np.random.default_rng(0).random(n) < 0.5).astype(np.int8)
    return np.repeat(one, 1 + one)[:n]


def in_parts(symbols: np.ndarray, size: int) -> Parts:
    def read() -> Iterator[Series]:
        for at in range(0, len(symbols), size):
            yield Series(symbols[at : at + size], ALPHABET)

    return Parts(ALPHABET, len(symbols), read)


def test_the_even_process_comes_back_with_its_known_numbers() -> None:
    """h = 2/3 and C = log2(3) - 2/3 = E, as in `truths`."""
    found = infer_streamed(in_parts(even(300_000), 70_001), rng=np.random.default_rng(0))
    assert found.n_causal_states is not None
    assert found.n_causal_states.value == 2
    assert found.entropy_rate is not None
    assert found.entropy_rate.value == pytest.approx(2 / 3, abs=0.005)
    assert found.statistical_complexity is not None
    assert found.statistical_complexity.value == pytest.approx(np.log2(3) - 2 / 3, abs=0.005)
    assert found.held_out_bits_per_symbol == pytest.approx(2 / 3, abs=0.01)
    assert found.p_structure == 0.0
    match = isomorphism(found.machine, epsilon_machine(zoo.even()))
    assert match is not None
    assert match.largest_difference < 0.01


def test_where_the_parts_are_cut_changes_nothing() -> None:
    symbols = even(100_000)
    whole, cut = (infer_streamed(in_parts(symbols, n), rng=np.random.default_rng(0)) for n in (100_000, 777))
    assert whole.to_dict() == cut.to_dict()


def test_a_coin_has_no_structure() -> None:
    coin = np.random.default_rng(1).integers(0, 2, 100_000).astype(np.int8)
    found = infer_streamed(in_parts(coin, 50_000), rng=np.random.default_rng(0))
    assert found.n_causal_states is not None
    assert found.n_causal_states.value == 1
    assert found.p_structure is not None
    assert found.p_structure > 0.001


def test_counts_of_words_tell_what_the_path_tells() -> None:
    """Of a machine whose state three symbols tell, all but the first transitions are counted."""
    symbols = Series(zoo.golden_mean().sample(1, 20_000, rng=np.random.default_rng(0))[0], ALPHABET)
    successor = epsilon_machine(zoo.golden_mean()).successor
    by_words = counted_model(count_words(symbols, 4), successor).posterior.counts[0]
    by_path = structural_posterior(symbols, Library(successor[None], np.array([len(successor)]))).counts[0]
    assert abs(by_words - by_path).max() <= 3
    assert by_words.sum() == 20_000 - 3


def test_a_topology_that_the_words_forbid_or_do_not_tell_is_refused() -> None:
    counts = count_words(Series(np.array([0, 0, 0, 1] * 25, dtype=np.int8), ALPHABET), 3)
    with pytest.raises(ValueError, match="a symbol occurs that is forbidden"):
        counted_model(counts, np.array([[0, -1]]))
    with pytest.raises(ValueError, match="no history tells the state"):
        counted_model(counts, np.array([[1, 1], [0, 0]]))


def test_few_symbols_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 100,000 are inferred from as a whole"):
        infer_streamed(in_parts(even(99_999), 1000), rng=np.random.default_rng(0))


def test_memory_does_not_grow_with_the_series() -> None:
    """The parts are made as they are read; nothing of one is left when the next is."""

    def peak(n_part: int) -> int:
        part = Series(even(100_000), ALPHABET)
        data = Parts(ALPHABET, n_part * 100_000, lambda: (part for _ in range(n_part)))
        tracemalloc.start()
        infer_streamed(data, rng=np.random.default_rng(0))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(40)  # what is imported and kept on first use
    assert peak(120) < 1.1 * peak(40)


def test_the_script_on_long_files_and_the_page_that_quotes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = Path(__file__).parents[2] / "docs"
    script = runpy.run_path(str(docs / "reproductions" / "long_series.py"))
    script["main"](["-o", str(tmp_path / "long.json"), "--small"])
    found = json.loads((tmp_path / "long.json").read_text())
    assert capsys.readouterr().out.rstrip() == script["table"](found)
    assert found["rows"][0]["symbols"] == 200_000
    assert found["rows"][0]["n_causal_states"] == 2
    recorded = json.loads((docs / "results" / "long-series.json").read_text())
    assert script["table"](recorded) in (docs / "inference.md").read_text()
    memory = {row["symbols"]: row["memory_mb"] for row in recorded["rows"]}
    assert memory[100_000_000] < 1.2 * memory[10_000_000]  # bounded: ten times the file, no more memory
