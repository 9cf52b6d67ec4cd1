"""What does a budget buy? The learning curves of a comparison, by symbols, operations and seconds, in a small file.

    compmech compare --process mess3 --process nemo --predictor transformer --predictor lstm --predictor gru \\
        --predictor rnn --predictor mamba --predictor mamba2:n_layer=2,width=32,n_state=8,lr=0.0057 --predictor lru \\
        --length 10 --seeds 3 --checkpoints 10 --site final --workers 1 -o FOLDER
    python docs/reproductions/budgets.py FOLDER -o docs/results/equal-budgets.json

The comparison takes half an hour of one core. Mamba-2 is made as small as Mamba, with Mamba's learning rate.
"""

import argparse
import json
from pathlib import Path
from textwrap import dedent
from typing import Any

from compmech.whole_files import written_aside

KEPT = ("process", "predictor", "seed", "site", "target", "step", "symbols_seen", "flops", "parameters", "seconds")
SCORES = ("score", "low", "high", "kl")
DIGITS = 6


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="what compmech compare wrote")
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    found = json.loads((asked.folder / "results.json").read_text())
    kinds = {each["label"]: each["kind"] for each in found["spec"]["predictors"]}
    if len(set(kinds.values())) < len(kinds):
        raise SystemExit("there are two predictors of one kind: their curves would have one name")
    document = {
        "command": dedent((__doc__ or "").split("\n\n")[1]),
        "versions": found["versions"],
        "spec": {key: found["spec"][key] for key in ("batch", "seeds", "sites", "processes", "predictors")},
        "rows": [shortened(row, kinds) for row in found["budgets"]],
    }
    with written_aside(asked.out) as unfinished:
        unfinished.write_text(json.dumps(document, indent=None, separators=(",", ":")).replace("},{", "},\n{") + "\n")


def shortened(row: dict[str, Any], kinds: dict[str, str]) -> dict[str, Any]:
    """A row under the name of its kind of network, with six digits."""
    rounded = {key: None if row[key] is None else float(f"{row[key]:.{DIGITS}g}") for key in SCORES}
    return {key: row[key] for key in KEPT} | {"predictor": kinds[row["predictor"]]} | rounded


if __name__ == "__main__":
    main()
