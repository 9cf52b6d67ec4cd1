"""How many states has Mess3? The number that `compmech.infer` chooses from ever more symbols, and what it prefers.

    python docs/reproductions/mess3_growth.py -o docs/results/mess3-growth.json [--seeds 10] [--small]

Mess3 has infinitely many causal states, and as a hidden Markov model three. Of each seed's sequence the first 5,000,
20,000 and 80,000 symbols are given to `infer` with its default settings: how many states the finite machine has that it
would choose, whether it says that their number is still growing, and whether it prefers a process of dimension 3 to it,
by bits a symbol on the held-out part and numbers that had to be fixed. The source's own bits on the same symbols stand
beside. What is in the file is not done again.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from compmech import zoo
from compmech.inference import Series, infer
from compmech.inference.held_out import blocks_of, cost, sizes
from compmech.inference.inferred import FIT
from probes.experiment import RowFile

COMMAND = "python docs/reproductions/mess3_growth.py -o docs/results/mess3-growth.json"
PARAMETERS = {"x": 0.05, "a": 0.85}
SYMBOLS = (5_000, 20_000, 80_000)
SMALL = (500, 2_000)


def row(codes: np.ndarray, seed: int) -> dict[str, Any]:
    """What `infer` makes of some symbols."""
    process = zoo.mess3(**PARAMETERS)
    data = Series(codes, process.alphabet)
    begun = time.process_time()
    found = infer(data, rng=np.random.default_rng(seed))
    seconds = time.process_time() - begun
    rest = blocks_of(data.split(FIT)[1])
    said = found.diagnostics
    chosen = next(
        one
        for one in said["candidates"]
        if one["method"] == found.method and all(one[key] == value for key, value in said["setting"].items())
    )
    return {
        "symbols": len(codes),
        "seed": seed,
        "method": found.method,
        "is_finite": chosen["is_finite"],
        "dimension": chosen["n_state"],
        "n_free": chosen["n_free"],
        "bits": found.held_out_bits_per_symbol,
        "finite_states": said["finite"]["n_state"],
        "finite_free": said["finite"]["n_free"],
        "finite_bits": said["finite"]["held_out_bits_per_symbol"],
        "finite_best_bits": min(one["held_out_bits_per_symbol"] for one in said["candidates"] if one["is_finite"]),
        "source_bits": float(cost(process, rest).sum() / sizes(rest).sum()),
        "growth": said["growth"].to_dict(),
        "entropy_rate": None if found.entropy_rate is None else found.entropy_rate.to_dict(),
        "seconds": round(seconds, 2),
    }


def page_table(found: dict[str, Any]) -> str:
    """A line for each number of symbols, as the page shows it."""
    lines = [
        "| symbols | process of dimension 3 preferred | bits above the source's | free | finite machine: states "
        "| bits above the source's | free | said to be still growing |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for symbols in dict.fromkeys(each["symbols"] for each in found["rows"]):
        rows = [each for each in found["rows"] if each["symbols"] == symbols]
        preferred = [each for each in rows if not each["is_finite"] and each["dimension"] == 3]
        growing = sum(each["growth"]["still_growing"] is True for each in rows)
        cells = [
            f"{symbols:,}",
            f"{len(preferred)} of {len(rows)}",
            _above(preferred, "bits"),
            _span(preferred, "n_free"),
        ]
        cells += [_span(rows, "finite_states"), _above(rows, "finite_bits"), _span(rows, "finite_free")]
        lines.append(f"| {' | '.join([*cells, f'{growing} of {len(rows)}'])} |")
    return "\n".join(lines)


def _above(rows: Sequence[dict[str, Any]], key: str) -> str:
    """Mean bits a symbol more than the source needs for the same symbols."""
    return f"{np.mean([row[key] - row['source_bits'] for row in rows]):.4f}" if rows else "-"


def _span(rows: Sequence[dict[str, Any]], key: str) -> str:
    low, high = (extreme([row[key] for row in rows], default="-") for extreme in (min, max))
    return f"{low}" if low == high else f"{low} to {high}"


def main(arguments: list[str] | None = None) -> None:
    """Do what is not done, one more seed at a time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--small", action="store_true", help="few symbols, one seed, for seconds")
    asked = parser.parse_args(arguments)
    lengths = SMALL if asked.small else SYMBOLS
    file = RowFile(asked.out, command=COMMAND, settings={"process": "mess3", **PARAMETERS, "symbols": lengths})
    for seed in range(1 if asked.small else asked.seeds):
        codes = zoo.mess3(**PARAMETERS).sample(1, lengths[-1], rng=np.random.default_rng(seed))[0]
        for symbols in lengths:
            if file.find(symbols=symbols, seed=seed) is None:
                file.add(row(codes[:symbols], seed))
    print(page_table(file.document()))


if __name__ == "__main__":
    main()
