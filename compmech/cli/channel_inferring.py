"""`compmech infer --input-column`: the channel between two columns of a table."""

import json
from pathlib import Path
from typing import Any

from compmech.cli.channel_table import channel_table
from compmech.cli.failure import misuse
from compmech.cli.series_files import read_series

__all__ = ["infer_channel"]


def infer_channel(
    data: Path,
    *,
    column: str | None,
    input_column: str,
    time: str | None,
    step: str | None,
    symbols: str | None,
    input_symbols: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Find what one column of a table does to another, and print it.

    Raises:
        Misused: if the file cannot be read, does not hold the columns, or nothing can be inferred from them.
    """
    import numpy as np

    from compmech.inference import infer_transducer

    rows: dict[str, Any] = {"time": time, "step": step}
    outputs = read_series(data, column=column, symbols=symbols, **rows)
    inputs = read_series(data, column=input_column, symbols=input_symbols, **rows)
    with misuse(within=str(data)):
        found = infer_transducer(inputs.series, outputs.series, rng=np.random.default_rng(seed))
    document = found.to_dict()
    document["diagnostics"]["data"] = {
        "file": str(data),
        "input_column": input_column,
        "inputs": [str(name) for name in inputs.series.alphabet],
        "outputs": [str(name) for name in outputs.series.alphabet],
        "meaning": {f"in {name}": means for name, means in inputs.meaning.items()} | outputs.meaning,
        "notes": list(dict.fromkeys([*outputs.notes, *inputs.notes])),
    }
    print(json.dumps(document, indent=1, allow_nan=False) if as_json else "\n".join(channel_table(document)))
