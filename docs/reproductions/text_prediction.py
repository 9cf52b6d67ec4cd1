"""How well is real text predicted by the corpus itself, by machines of few states, and by networks?

    python docs/reproductions/text_prediction.py -o docs/results/text-prediction.json [--small]

The last fifth of each text is held out. Of what comes before, the first four fifths make every predictor, and the last
one chooses: when a network's training ends, and in what proportion two predictors are mixed. Letters are those of a
small alphabet and the space. Shuffled letters have nothing to find, and letters drawn from a chain of known
probabilities show what is lost against the truth. What is in the file is not done again.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from compmech import infer
from compmech.cli.beside_networks import APART, networks_beside
from compmech.corpus import Corpus
from compmech.data import load
from compmech.inference import Series, baum_welch, series
from compmech.inference.beside import LongestSuffixPredictor
from compmech.inference.held_out import Blocks, blocks_of, mean_apart
from compmech.inference.kgram import KGram, k_gram
from compmech.process import Process
from predictors import keep_memory, one_thread
from probes.experiment import RowFile

COMMAND = "python docs/reproductions/text_prediction.py -o docs/results/text-prediction.json"
HELD_OUT = 0.2
CHAIN_ORDER = 2
NETWORKS = {"GRU": "gru:width=128,n_layer=1", "transformer": "transformer:n_layer=2"}
MIXED = ("GRU", "longest suffix")
WEIGHTS = np.linspace(0, 1, 21)
MATCHES = (0, 4, 8, 16)
"""Letters of the longest match from which the groups of held-out letters begin."""

SIZES: dict[str, Any] = {
    "updates": {"licence": 1500, "manual": 1500, "chain": 500, "shuffled": 500},
    "chain_letters": 40_000,
    "hidden_states": 32,
    "hidden_letters": 50_000,
    "machine_letters": 100_000,
}
SMALL: dict[str, Any] = {
    "updates": {"licence": 4, "chain": 4},
    "chain_letters": 3_000,
    "hidden_states": 2,
    "hidden_letters": 1_000,
    "machine_letters": 1_000,
}
"""The texts are then as long as the chain, and only those are done that have updates."""


class GivesChances(Protocol):
    """A predictor, as this comparison needs it."""

    def chances(self, words: np.ndarray, /) -> np.ndarray:
        """P(x_t | x_<t) of the symbols of each word (seq, time)."""
        ...


@dataclass(frozen=True)
class OfProcess:
    """A process, by the rows that it predicts."""

    process: Process

    def chances(self, words: np.ndarray) -> np.ndarray:
        """P(x_t | x_<t); 0 for all symbols of a word that it holds for impossible."""
        found = np.zeros(words.shape)
        possible = np.isfinite(self.process.log_prob(words))
        rows = self.process.predict(words[possible])[:, :-1]
        found[possible] = np.take_along_axis(rows, words[possible][:, :, None], axis=2)[:, :, 0]
        return found


@dataclass(frozen=True)
class OfCorpus:
    """The corpus as it is: what came after the longest suffix that came before, and how often."""

    corpus: Corpus

    def chances(self, words: np.ndarray) -> np.ndarray:
        """P(x_t | x_<t); 0 for what never came after that suffix."""
        rows = self.corpus.predict(words)[:, :-1]
        return np.asarray(np.take_along_axis(rows, words[:, :, None], axis=2)[:, :, 0])


@dataclass(frozen=True)
class Mixture:
    """Two predictors in a proportion."""

    one: GivesChances
    other: GivesChances
    weight: float

    def chances(self, words: np.ndarray) -> np.ndarray:
        """P(x_t | x_<t)."""
        return self.weight * self.one.chances(words) + (1 - self.weight) * self.other.chances(words)


# ----------------------------------------------------------------------------------------------------------- the texts


def manual() -> Series:
    """The language reference in the standard library, as small letters and spaces."""
    from pydoc_data.topics import topics

    return series(re.sub("[^a-z]+", " ", "\n".join(topics.values()).lower()).strip())


def shuffled(text: Series, rng: np.random.Generator) -> Series:
    """The same letters in another order."""
    return Series(rng.permutation(text.codes), text.alphabet)


def drawn(truth: KGram, text: Series, length: int, rng: np.random.Generator) -> Series:
    """Letters of a chain."""
    k, n = truth.order, text.n_symbol
    codes = text.codes[:k].tolist()
    tables = np.cumsum(truth.tables[k], axis=1)
    for chance in rng.random(length):
        past = int(np.dot(codes[-k:], n ** np.arange(k - 1, -1, -1)))
        codes.append(min(int(np.searchsorted(tables[past], chance)), n - 1))
    return Series(np.array(codes[k:], dtype=np.int8), text.alphabet)


def texts(sizes: Mapping[str, Any], small: bool) -> Iterator[tuple[str, Series, KGram | None]]:
    """Each with the truth, where it is known."""
    licence, book = load("english").series(), manual()
    if small:
        licence, book = (one.part(0, sizes["chain_letters"]) for one in (licence, book))
    truth = k_gram(book, CHAIN_ORDER)
    yield "licence", licence, None
    yield "manual", book, None
    yield "chain", drawn(truth, book, sizes["chain_letters"], np.random.default_rng(0)), truth
    yield "shuffled", shuffled(licence, np.random.default_rng(0)), None


# ------------------------------------------------------------------------------------------------------ the predictors


def predictors(
    name: str, fit: Series, sizes: Mapping[str, Any], seed: int, truth: KGram | None
) -> dict[str, tuple[dict[str, Any], GivesChances]]:
    """All of them, with what is to be said of each."""
    early, late = fit.split(1 - APART)
    grams = k_gram(early)
    corpus = Corpus(early)
    found: dict[str, tuple[dict[str, Any], GivesChances]] = {
        "base rate": ({"states": 1}, k_gram(early, 0)),
        "k-gram": ({"order": grams.order, "states": corpus.contexts(grams.order)[-1]}, grams),
        "longest suffix": ({"states": corpus.beliefs().n_belief}, LongestSuffixPredictor(early, grams)),
    }
    machine = infer(early.part(0, sizes["machine_letters"]), rng=np.random.default_rng(seed)).machine
    found["inferred machine"] = ({"states": machine.n_state}, OfProcess(machine))
    few = early.part(0, sizes["hidden_letters"])
    hidden = baum_welch(few, sizes["hidden_states"], rng=np.random.default_rng(seed), restarts=1, rounds=60).process
    found["hidden Markov"] = ({"states": hidden.n_state}, OfProcess(hidden))
    trained = networks_beside(list(NETWORKS.values()), "text", seed, steps=sizes["updates"][name])(fit)
    for label, word in NETWORKS.items():
        setting, network = trained[word]
        found[label] = (setting, network)
    one, other = (found[label][1] for label in MIXED)
    weight = best_weight(one, other, late)
    found[" + ".join(MIXED)] = ({"weight": weight}, Mixture(one, other, weight))
    if truth is not None:
        found["truth"] = ({"states": early.n_symbol**CHAIN_ORDER}, truth)
    return found


def best_weight(one: GivesChances, other: GivesChances, late: Series) -> float:
    """The proportion that needs fewest bits for letters that made neither."""
    groups = blocks_of(late)
    pairs = [(g.warm, one.chances(g.words), other.chances(g.words)) for g in groups]
    cost = [-sum(float(np.log(w * a[:, warm:] + (1 - w) * b[:, warm:]).sum()) for warm, a, b in pairs) for w in WEIGHTS]
    return float(WEIGHTS[int(np.argmin(cost))])


# ----------------------------------------------------------------------------------------------------------- the score


def bits(predictor: GivesChances, group: Blocks) -> np.ndarray:
    """Of each scored letter of each block, inf where it was held for impossible."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log2(predictor.chances(group.words)[:, group.warm :]))


def matched(corpus: Corpus, group: Blocks) -> np.ndarray:
    """How many of the letters before each scored one the corpus has together before some letter of its own."""
    times = range(group.warm, group.words.shape[1])
    return np.stack([corpus.longest_suffix(group.words[:, :t]).lengths for t in times], axis=1)


def scored(name: str, text: Series, sizes: Mapping[str, Any], truth: KGram | None) -> dict[str, Any]:
    """The record of one text."""
    fit, rest = text.split(1 - HELD_OUT)
    (group,) = blocks_of(rest)
    early, _ = fit.split(1 - APART)
    corpus = Corpus(early)
    lengths = matched(corpus, group)
    alone = bits(OfCorpus(corpus), group)
    groups = np.searchsorted(MATCHES, lengths, side="right") - 1
    made = predictors(name, fit, sizes, 0, truth)
    letters = {label: bits(one, group) for label, (_, one) in made.items()}
    size = np.full(len(group.words), lengths.shape[1])
    against = letters["k-gram"].sum(axis=1)
    rows = {}
    for label, (setting, _) in made.items():
        blocks = letters[label].sum(axis=1)
        mean, error = mean_apart(blocks, np.zeros(len(blocks)), size)
        above, above_error = mean_apart(blocks, against, size)
        rows[label] = {
            "setting": setting,
            "bits": mean if np.isfinite(mean) else "inf",
            "error": error,
            "above_k_gram": above if np.isfinite(above) else "inf",
            "above_error": above_error,
            "by_match": means(letters[label], groups),
        }
    return {
        "n_fit": early.n_observed,
        "n_scored": int(size.sum()),
        "alone_forbids": float(np.isinf(alone).mean()),
        "alone_bits_elsewhere": float(alone[np.isfinite(alone)].mean()),
        "matched_median": float(np.median(lengths)),
        "share_by_match": (np.bincount(groups.ravel(), minlength=len(MATCHES)) / groups.size).tolist(),
        "predictors": rows,
    }


def means(letters: np.ndarray, groups: np.ndarray) -> list[float | str | None]:
    """By the length of the longest match; None where there is no letter."""
    found = [float(letters[groups == g].mean()) if (groups == g).any() else None for g in range(len(MATCHES))]
    return ["inf" if mean == np.inf else mean for mean in found]


def run(file: RowFile, sizes: Mapping[str, Any], small: bool) -> None:
    """Do what is not done."""
    for name, text, truth in texts(sizes, small):
        if name in sizes["updates"] and file.find(text=name) is None:
            file.add({"text": name, **scored(name, text, sizes, truth)})
            print(name, file=sys.stderr, flush=True)


def table(found: Mapping[str, Any]) -> str:
    """Bits a letter, one line for each text."""
    names = list(dict.fromkeys(name for row in found["rows"] for name in row["predictors"]))
    lines = [f"{'text':<10}{'letters':>9}" + "".join(f"{name:>22}" for name in names)]
    for row in found["rows"]:
        cells = "".join(
            f"{float(row['predictors'][name]['bits']):>22.4f}" if name in row["predictors"] else f"{'-':>22}"
            for name in names
        )
        lines.append(f"{row['text']:<10}{row['n_fit']:>9}{cells}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--small", action="store_true", help="short texts and hardly any training, for seconds")
    asked = parser.parse_args(arguments)
    sizes = SMALL if asked.small else SIZES
    settings = {**sizes, "networks": NETWORKS, "matches": MATCHES, "python": sys.version.split()[0]}
    file = RowFile(asked.out, command=COMMAND, settings=settings)
    with one_thread():
        run(file, sizes, asked.small)
    print(table(file.document()))


if __name__ == "__main__":
    keep_memory()
    main()
