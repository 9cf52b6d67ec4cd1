"""`compmech infer`: the machine of a series that the user brings, and an honest word on how much structure there is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from compmech.cli.drawing import MOST_STATES, Kind, diagram_writer, picture_suffix, write_picture
from compmech.cli.failure import misuse
from compmech.cli.inference_table import inference_table

__all__ = ["add_inferring_commands"]


def add_inferring_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("infer")(infer)


def infer(
    data: Annotated[Path, typer.Argument(help="Text, .csv, .tsv, .npy or .parquet.")],
    method: Annotated[
        str, typer.Option(help="cssr, bayes, or auto: the candidates of all, chosen by what was held out.")
    ] = "auto",
    column: Annotated[str | None, typer.Option(help="Of a table: its name, or its number from 1.")] = None,
    time: Annotated[str | None, typer.Option(help="Column that orders the rows: numbers, or ISO dates.")] = None,
    step: Annotated[
        str | None, typer.Option(help="Between times: 1, or for dates 30min, 6h, 1d. What is missing is a gap.")
    ] = None,
    symbols: Annotated[
        str | None,
        typer.Option(help="Of real values: sign, quantile:3, threshold:0, ordinal:3 (:3,1 overlapping), sax:4."),
    ] = None,
    words: Annotated[
        bool, typer.Option("--words", help="The words of a text are symbols, not its characters.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Picture of the machine: .png .svg .pdf .dot .tex .mmd.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of surrogates and intervals.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Find the machine of a series, and say how much structure there is.

    Each method makes machines from the first 70 % of the symbols; what they cost on the rest, in bits a symbol,
    decides, and states have to earn their place. Shuffled symbols tell whether there is any structure at all.
    """
    import numpy as np

    from compmech.cli.series_files import read_series
    from compmech.inference import infer as infer_from

    suffix = None if out is None else picture_suffix(out, Kind.DIAGRAM)
    brought = read_series(data, column=column, time=time, step=step, symbols=symbols, words=words)
    with misuse(within=str(data)):
        found = infer_from(brought.series, method=method, rng=np.random.default_rng(seed))
    read = {
        "file": str(data),
        "alphabet": [str(name) for name in brought.series.alphabet],
        "meaning": brought.meaning,
        "notes": list(brought.notes),
    }
    found = replace(found, diagnostics={**found.diagnostics, "data": read})
    document = found.to_dict()
    if out is not None and suffix is not None:
        with misuse():
            write = diagram_writer(found.machine, suffix, MOST_STATES)
        write_picture(out, write)
    if as_json:
        print(json.dumps(document, indent=1, allow_nan=False))
        return
    print("\n".join(inference_table(document)))
    if out is not None:
        print(out)
