"""`compmech infer --input-column`: the channel between two columns of a table."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from compmech.cli.channel_table import channel_table
from compmech.cli.drawing import MOST_STATES, Kind, diagram_writer, picture_suffix, write_picture
from compmech.cli.failure import misuse
from compmech.cli.output import output_file
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
    out: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    """Find what one column of a table does to another, print it, and draw it to `out`.

    Raises:
        Misused: if the file cannot be read, does not hold the columns, or nothing can be inferred from them.
    """
    import numpy as np

    from compmech.draw import transducer_diagram
    from compmech.inference import infer_transducer

    suffix = "" if out is None else picture_suffix(out, Kind.DIAGRAM)
    rows: dict[str, Any] = {"time": time, "step": step}
    with nullcontext() if out is None else output_file(out):
        outputs = read_series(data, column=column, symbols=symbols, **rows)
        inputs = read_series(data, column=input_column, symbols=input_symbols, **rows)
        with misuse(within=str(data)):
            found = infer_transducer(inputs.series, outputs.series, rng=np.random.default_rng(seed))
        if out is not None:
            drawn = transducer_diagram(found.transducer, weight=found.weight, unread=found.unread)
            with misuse():
                write = diagram_writer(drawn, suffix, MOST_STATES)
            write_picture(out, write)
    document = found.to_dict()
    document["diagnostics"]["data"] = {
        "file": str(data),
        "input_column": input_column,
        "inputs": [str(name) for name in inputs.series.alphabet],
        "outputs": [str(name) for name in outputs.series.alphabet],
        "meaning": {f"in {name}": means for name, means in inputs.meaning.items()} | outputs.meaning,
        "notes": list(dict.fromkeys([*outputs.notes, *inputs.notes])),
    }
    if as_json:
        print(json.dumps(document, indent=1, allow_nan=False))
        return
    print("\n".join(channel_table(document)))
    if out is not None:
        print(out)
