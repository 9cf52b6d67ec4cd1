"""How many beliefs does a corpus have, and what must a predictor of fixed width take for the same?

    python docs/reproductions/corpus_beliefs.py -o docs/results/corpus-beliefs.json [--small]

A corpus is a process with one state for each token. Writes how many beliefs (states of its suffix automaton) corpora of
growing length have, drawn from processes with few beliefs or many, and of English text (the reference manual inside
Python); and for one length the bits a symbol still has after the k before it, beside the number of contexts of k
symbols that a predictor must keep apart to have that.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from compmech import HMM, entropy_rate, zoo
from compmech.corpus import Corpus
from compmech.inference.series import Series
from compmech.whole_files import written_aside

COMMAND = "python docs/reproductions/corpus_beliefs.py -o docs/results/corpus-beliefs.json"
PROCESSES: dict[str, Callable[[], HMM]] = {
    "period 3": lambda: zoo.period(3),
    "golden mean": zoo.golden_mean,
    "RRXOR": zoo.rrxor,
    "Mess3": zoo.mess3,
    "fair coin": zoo.fair_coin,
}
TEXT = "English text"
LENGTHS = tuple(10**k for k in range(2, 7))
CONTEXTS_OF, WINDOW = 300_000, 40


def text_symbols() -> np.ndarray:
    """The letters of the language reference in the standard library, one topic after the other, as small integers."""
    from pydoc_data.topics import topics

    letters = np.frombuffer("\n".join(topics.values()).encode("ascii", "replace"), dtype=np.uint8)
    return np.unique(letters, return_inverse=True)[1].reshape(-1)


def corpus_of(symbols: np.ndarray) -> Corpus:
    n_symbol = int(symbols.max()) + 1
    return Corpus(Series(symbols.astype(np.int16), tuple(range(n_symbol))))


def growth(symbols: np.ndarray, lengths: tuple[int, ...]) -> list[dict[str, int]]:
    """Beliefs of the first symbols."""
    rows = []
    for length in lengths:
        if length <= len(symbols):
            found = corpus_of(symbols[:length]).beliefs()
            rows.append({"n_token": length, "n_belief": found.n_belief, "n_certain": found.n_certain})
    return rows


def conflated(symbols: np.ndarray, window: int) -> list[dict[str, float]]:
    """For each number of symbols before: contexts to keep apart, and the entropy of the next symbol given them."""
    corpus = corpus_of(symbols)
    contexts, left = corpus.contexts(window), corpus.next_entropies(window)
    return [{"window": k, "n_context": contexts[k], "bits_a_symbol": left[k]} for k in range(window + 1)]


def measured(lengths: tuple[int, ...], size: int, window: int, *, rng: np.random.Generator) -> dict[str, Any]:
    """The record of everything."""
    rows: dict[str, Any] = {}
    for name, make in PROCESSES.items():
        process = make()
        symbols = process.sample(1, max(*lengths, size), rng=rng)[0]
        rate = entropy_rate(process)
        known = rate if isinstance(rate, float) else (rate.lower + rate.upper) / 2
        rows[name] = {
            "entropy_rate_bits": known,
            "growth": growth(symbols, lengths),
            "conflated": conflated(symbols[:size], window),
        }
    symbols = text_symbols()
    rows[TEXT] = {
        "entropy_rate_bits": None,
        "growth": growth(symbols, (*lengths[: int(np.searchsorted(lengths, len(symbols)))], len(symbols))),
        "conflated": conflated(symbols[:size], window),
    }
    return {"command": COMMAND, "python": sys.version.split()[0], "size": size, "sources": rows}


def table(found: dict[str, Any]) -> str:
    """One line for each source."""
    lines = [
        f"{'source':<14}{'tokens':>10}{'beliefs':>10}{'certain':>10}{'rate':>8}{'k':>4}{'contexts':>10}{'bits':>8}"
    ]
    for name, source in found["sources"].items():
        last, rate = source["growth"][-1], source["entropy_rate_bits"]
        rows = source["conflated"]
        half = next((row for row in rows if 2 * row["n_context"] >= found["size"]), rows[-1])
        shown = "-" if rate is None else f"{rate:.3f}"
        cells = f"{last['n_token']:>10}{last['n_belief']:>10}{last['n_certain']:>10}{shown:>8}"
        lines.append(f"{name:<14}{cells}{half['window']:>4}{half['n_context']:>10}{half['bits_a_symbol']:>8.3f}")
    return "\n".join(
        [
            *lines,
            "k, contexts, bits: where contexts first are half as many as the tokens of the second panel, or the last k",
        ]
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="short corpora, for seconds")
    asked = parser.parse_args(arguments)
    sizes = ((100, 1000), 2000, 15) if asked.small else (LENGTHS, CONTEXTS_OF, WINDOW)
    found = measured(*sizes, rng=np.random.default_rng(asked.seed))
    with written_aside(asked.out) as path:
        path.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))


if __name__ == "__main__":
    main()
