"""How many bits a symbol can be gained on the daily returns of a stock index, over how often each symbol comes?

    python docs/reproductions/markets.py -o docs/results/markets.json [--small]

Walk-forward: the second half of the days is cut into blocks. Every predictor is made anew before each block, from
all days before it, and so are the edges that make returns symbols; nothing that it sees is later than what it predicts.
Gain is log2 of its probability over that of the base rate, which knows how often each symbol came before. Planted
series, of the same length and with a gain that is known, show what would be found if it were there.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import brentq

from compmech import NegativeProbability, infer
from compmech.corpus import Corpus
from compmech.data import load
from compmech.inference import Series
from compmech.symbolise import threshold
from compmech.whole_files import written_aside
from predictors import GRUConfig, KGramPredictor, Predictor, TrainingConfig, TransformerConfig, build, train

COMMAND = "python docs/reproductions/markets.py -o docs/results/markets.json"
HISTORY = 32  # symbols that are seen before each that is predicted
MOST = 6  # symbols of the longest history that is counted
STRETCH = 21  # days that the bootstrap keeps together: a month of trading
RESAMPLES = 4_000
PLANTED = (0.01, 0.003)  # bits a symbol that a planted series can give away

Rows = np.ndarray
Predict = Callable[[np.ndarray], Rows]
"""From histories (seq, HISTORY) to probabilities of the next symbol (seq, symbol)."""


@dataclass(frozen=True)
class Plan:
    """How much is done: blocks of the walk, updates of a network, shuffled series; and of which series."""

    n_block: int = 4
    steps: int = 300
    n_shuffled: int = 99
    only: tuple[str, ...] = ()


SMALL = Plan(n_block=1, steps=10, n_shuffled=9, only=("S&P 500, sign",))

# ----------------------------------------------------------------------------------------------------- the predictors


def base_rate(past: np.ndarray, n_symbol: int) -> np.ndarray:
    """How often each symbol came, by the rule of succession of Krichevsky and Trofimov."""
    counts = np.bincount(past, minlength=n_symbol) + 0.5
    return counts / counts.sum()


def windows(past: np.ndarray, first: int, last: int) -> np.ndarray:
    """The symbols before each of the times first .. last-1."""
    return np.lib.stride_tricks.sliding_window_view(past, HISTORY)[first - HISTORY : last - HISTORY]


def mean_gain(rows: Rows, symbols: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Bits gained on each symbol; -inf where it was excluded."""
    with np.errstate(divide="ignore"):
        return np.log2(rows[np.arange(len(symbols)), symbols]) - np.log2(base[symbols])


def of_network(predictor: Predictor) -> Predict:
    """The last row."""

    def predict(histories: np.ndarray) -> Rows:
        with torch.no_grad():
            rows = predictor.log_probs(torch.as_tensor(np.ascontiguousarray(histories)))[:, -1]
        found = rows.double().exp().numpy()
        return found / found.sum(axis=1, keepdims=True)

    return predict


def k_gram(past: np.ndarray, n_symbol: int, plan: Plan, rng: np.random.Generator) -> Predict:
    """Witten-Bell counts of the last k symbols; k is the least that the last fifth of the past does not tell from the
    best by a standard error (Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984)."""
    cut = len(past) * 4 // 5
    inner, after = windows(past, cut, len(past)), past[cut:]
    base = base_rate(past[:cut], n_symbol)

    gains = [
        mean_gain(of_network(KGramPredictor.fit([past[:cut]], k, n_symbol))(inner), after, base)
        for k in range(MOST + 1)
    ]
    best = max(gains, key=np.sum)
    errors = [np.std(best - each) * np.sqrt(len(after)) for each in gains]
    k = next(k for k, each in enumerate(gains) if (best - each).sum() <= errors[k])
    return of_network(KGramPredictor.fit([past], k, n_symbol))


def longest_suffix(past: np.ndarray, n_symbol: int, plan: Plan, rng: np.random.Generator) -> Predict:
    """What came after the longest suffix that came before, mixed with the base rate as Witten and Bell mix orders."""
    corpus = Corpus(Series(past.astype(np.int8), tuple(range(n_symbol))))
    base = base_rate(past, n_symbol)

    def predict(histories: np.ndarray) -> Rows:
        seen = corpus.longest_suffix(histories).counts[:, None]
        rows = corpus.predict(histories)[:, -1]
        kinds = (rows > 0).sum(axis=1, keepdims=True)
        return (seen * rows + kinds * base) / (seen + kinds)

    return predict


def inferred_machine(past: np.ndarray, n_symbol: int, plan: Plan, rng: np.random.Generator) -> Predict:
    """The machine that `infer` finds, default settings."""
    machine = infer(Series(past.astype(np.int8), tuple(range(n_symbol))), rng=rng).machine

    def predict(histories: np.ndarray) -> Rows:
        try:
            before = machine.log_prob(histories)
            after = [
                machine.log_prob(np.column_stack([histories, np.full(len(histories), symbol)]))
                for symbol in range(n_symbol)
            ]
        except NegativeProbability:  # no process after all: it predicts nothing
            return np.zeros((len(histories), n_symbol))
        with np.errstate(invalid="ignore"):
            rows = np.exp(np.stack(after, axis=1) - before[:, None])
        rows[np.isneginf(before)] = 0.0  # it forbids what came: no prediction is no gain to hide
        return rows

    return predict


def network(config: Callable[[int], Any]) -> Callable[..., Predict]:
    """A small network, stopped where it was best on the last fifth of the past."""

    def make(past: np.ndarray, n_symbol: int, plan: Plan, rng: np.random.Generator) -> Predict:
        cut = len(past) * 4 // 5
        inner, after, base = windows(past, cut, len(past)), past[cut:], base_rate(past[:cut], n_symbol)
        seed = torch.Generator().manual_seed(int(rng.integers(2**31)))
        predictor = build(config(n_symbol), rng=seed)
        best: list[tuple[float, dict[str, torch.Tensor]]] = []

        def look(step: int, now: Predictor) -> None:
            gain = float(mean_gain(of_network(now)(inner), after, base).mean())
            if not best or gain > best[-1][0]:
                best.append((gain, {key: value.clone() for key, value in now.state_dict().items()}))

        checkpoints = tuple(sorted({plan.steps * i // 10 for i in range(1, 11)}))
        how = TrainingConfig(
            length=HISTORY, steps=plan.steps, batch=16, eval_every=plan.steps, eval_sequences=8, checkpoints=checkpoints
        )
        train(predictor, past[:cut], how, rng=rng, held_out=past[cut:], on_checkpoint=look)
        predictor.load_state_dict(best[-1][1])
        return of_network(predictor)

    return make


PREDICTORS: dict[str, Callable[..., Predict]] = {
    "inferred machine": inferred_machine,
    "k-gram": k_gram,
    "longest suffix": longest_suffix,
    "GRU": network(lambda n: GRUConfig(n_symbol=n, width=16)),
    "transformer": network(
        lambda n: TransformerConfig(
            n_symbol=n, max_length=HISTORY, width=16, n_layer=1, n_head=2, head_width=8, mlp_width=32
        )
    ),
}

# --------------------------------------------------------------------------------------------------------- the series


@dataclass(frozen=True)
class Subject:
    """Values, and how they become symbols: by the edges that the past gives."""

    values: np.ndarray
    edges: Callable[[np.ndarray], np.ndarray]
    n_symbol: int
    given: float | None = None

    def symbols(self, first: int) -> np.ndarray:
        """All symbols, by edges from the values before a time."""
        return np.asarray(threshold(self.values, self.edges(self.values[:first]).tolist()).series.codes, dtype=np.int64)


def thirds(past: np.ndarray) -> np.ndarray:
    return np.quantile(past, [1 / 3, 2 / 3])


def at_zero(past: np.ndarray) -> np.ndarray:
    return np.zeros(1)


def planted(bits: float, length: int, rng: np.random.Generator) -> np.ndarray:
    """-1 and 1 that stay as they are a little more often than not, so that the last one gives away so many bits."""

    def told(p: float) -> float:
        return 1 + p * log2(p) + (1 - p) * log2(1 - p) - bits

    p = brentq(told, 0.5, 0.999) if bits else 0.5
    return np.cumprod(np.where(rng.random(length) < p, 1.0, -1.0))


def subjects(rng: np.random.Generator) -> dict[str, Subject]:
    """What is looked at."""
    found = {}
    for name, title in {"sp500": "S&P 500", "nasdaq": "NASDAQ"}.items():
        returns = np.asarray(load(name).values)
        found[f"{title}, sign"] = Subject(returns, at_zero, 2)
        found[f"{title}, thirds"] = Subject(returns, thirds, 3)
        found[f"{title}, size in thirds"] = Subject(np.abs(returns), thirds, 3)
    length = len(returns)
    for bits in PLANTED:
        found[f"planted, {bits:g} bits"] = Subject(planted(bits, length, rng), at_zero, 2, given=bits)
    found["coin"] = Subject(planted(0.0, length, rng), at_zero, 2, given=0.0)
    return found


# ------------------------------------------------------------------------------------------------------------ the walk


def walked(subject: Subject, make: Callable[..., Predict], plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Bits gained over the base rate on each day of the second half, every block by what is known before it."""
    length = len(subject.values)
    cuts = np.linspace(length // 2, length, plan.n_block + 1).astype(int)
    gains = []
    for first, last in pairwise(cuts.tolist()):
        symbols = subject.symbols(first)
        predict = make(symbols[:first], subject.n_symbol, plan, rng)
        base = base_rate(symbols[:first], subject.n_symbol)
        gains.append(mean_gain(predict(windows(symbols, first, last)), symbols[first:last], base))
    return np.concatenate(gains)


def interval(gains: np.ndarray, rng: np.random.Generator) -> list[float] | None:
    """95 %, from stretches of days drawn again (moving blocks, round the end; Kuensch, Ann. Stat. 17, 1217, 1989)."""
    if not np.isfinite(gains).all():
        return None
    n = len(gains)
    total = np.concatenate([[0.0], np.cumsum(np.concatenate([gains, gains[:STRETCH]]))])
    starts = rng.integers(0, n, size=(RESAMPLES, -(-n // STRETCH)))
    means = (total[starts + STRETCH] - total[starts]).mean(axis=1) / STRETCH
    return [float(x) for x in np.percentile(means, [2.5, 97.5])]


def shuffled_gains(subject: Subject, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """What the k-gram gains on the same values in another order: nothing but luck."""
    found = []
    for _ in range(plan.n_shuffled):
        other = Subject(rng.permutation(subject.values), subject.edges, subject.n_symbol)
        found.append(float(walked(other, k_gram, plan, rng).mean()))
    return np.array(found)


def measured(plan: Plan, *, rng: np.random.Generator) -> dict[str, Any]:
    """The record of everything."""
    rows = {}
    for name, subject in subjects(rng).items():
        if plan.only and name not in plan.only:
            continue
        gains = {label: walked(subject, make, plan, rng) for label, make in PREDICTORS.items()}
        luck = shuffled_gains(subject, plan, rng)
        k = float(gains["k-gram"].mean())
        rows[name] = {
            "days": len(gains["k-gram"]),
            "symbols": subject.n_symbol,
            "given_bits": subject.given,
            "gains": {
                label: {
                    "bits": float(each.mean()) if np.isfinite(each).all() else None,
                    "interval": interval(each, rng),
                }
                for label, each in gains.items()
            },
            "shuffled": {"most": float(luck.max()), "p": float((1 + (luck >= k).sum()) / (1 + len(luck)))},
        }
        print(name, {label: one["bits"] for label, one in rows[name]["gains"].items()}, file=sys.stderr, flush=True)
    return {
        "command": COMMAND,
        "versions": {name: load(name).version for name in ("sp500", "nasdaq")},
        "stretch": STRETCH,
        "history": HISTORY,
        "n_block": plan.n_block,
        "n_shuffled": plan.n_shuffled,
        "series": rows,
    }


def table(found: dict[str, Any]) -> str:
    """One row for each series, one column for each predictor."""
    head = ["series", *PREDICTORS, "p, k-gram"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name, row in found["series"].items():
        cells = [name]
        for label in PREDICTORS:
            one = row["gains"][label]
            ends = one["interval"]
            cells.append("forbids some" if ends is None else f"{one['bits']:.4f} ({ends[0]:.4f} .. {ends[1]:.4f})")
        lines.append("| " + " | ".join([*cells, f"{row['shuffled']['p']:.2f}"]) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="one series, one block, short trainings")
    asked = parser.parse_args(arguments)
    found = measured(SMALL if asked.small else Plan(), rng=np.random.default_rng(asked.seed))
    with written_aside(asked.out) as path:
        path.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))


if __name__ == "__main__":
    main()
