"""`compmech extract`: the machine that a trained network has learned, found from the network alone."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compmech.cli.drawing import MOST_STATES, Kind, diagram_writer, picture_suffix, write_picture
from compmech.cli.extraction_table import extraction_table
from compmech.cli.failure import Misused, misuse
from compmech.cli.finished_run import FinishedRun, read_run

if TYPE_CHECKING:
    import numpy as np

    from probes.extraction import Extraction

__all__ = ["add_extracting_commands"]


def add_extracting_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("extract")(extract)


def extract(
    run: Annotated[Path, typer.Argument(help="Folder of `compmech train`.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Picture of the machine: .png .svg .pdf .dot .tex .mmd. Without one: .png .svg .pdf."
        ),
    ] = None,
    process: Annotated[
        str | None,
        typer.Option(help="To compare with: NAME, NAME:key=value,... or machine.json. By default that of the run."),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(help="Length of the futures by which histories are merged; by default found.", min=1),
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Bits a symbol that the machine may be off the network; 0.00144.")
    ] = None,
    drop_below: Annotated[float, typer.Option(help="Transitions of smaller probability are left out.")] = 0.01,
    symbols: Annotated[
        int | None, typer.Option(help="Length of the sequences drawn; by default four times the training.", min=2)
    ] = None,
    sequences: Annotated[int, typer.Option(help="How many are drawn.", min=2)] = 1000,
    seed: Annotated[int, typer.Option(help="Of all randomness: same seed, same machine, same numbers.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Find the machine that a trained network has learned, from its own sequences and predictions alone.

    The process that it was trained on is only ever compared with what was found.
    """
    import numpy as np

    suffix = None if out is None else picture_suffix(out, Kind.DIAGRAM)
    trained = read_run(run, process=process)
    rng = np.random.default_rng(seed)
    settings: dict[str, Any] = {"n_seq": sequences, "n_time": symbols, "horizon": horizon, "drop_below": drop_below}
    if tolerance is not None:
        settings["tolerance"] = tolerance
    with misuse(within=str(run)):
        found = _extracted(trained, settings, rng)
    document = found.found.to_dict()
    described = {"predictor": trained.predictor, "seed": trained.seed, "length": trained.length}
    document["diagnostics"] |= {"run": {"process": trained.title, **described}}
    title = f"{trained.title}, {trained.predictor}, seed {trained.seed}"
    if out is not None and suffix is not None:
        _draw(out, suffix, found, title)
    if as_json:
        print(json.dumps(document, indent=1, allow_nan=False))
        return
    print("\n".join(extraction_table(document, title)))
    if out is not None:
        print(out)


def _extracted(trained: FinishedRun, settings: dict[str, Any], rng: "np.random.Generator") -> "Extraction":
    from threadpoolctl import threadpool_limits

    from predictors import one_thread
    from probes.learned_machine import extracted_beside

    model, named, alphabet = trained.model(), trained.process, trained.alphabet
    if alphabet is None:
        alphabet = tuple(str(i) for i in range(model.n_symbol))
    process, beside = (None, None) if named is None else (named.process, named.title)
    settings |= {"length": trained.length, "alphabet": alphabet, "rng": rng, "beside": beside}
    with one_thread(), threadpool_limits(1):
        return extracted_beside(model, process, trained.title, **settings)


def _draw(out: Path, suffix: str, found: "Extraction", title: str) -> None:
    from compmech import EpsilonMachine
    from compmech.draw import save_figure
    from compmech.draw.files import FIGURE_SUFFIXES

    machine = found.found.machine
    if isinstance(machine, EpsilonMachine):
        with misuse():
            write = diagram_writer(machine, suffix, MOST_STATES)
        write_picture(out, write)
        return
    if suffix not in FIGURE_SUFFIXES:
        raise Misused(
            f"no finite machine was found, so there is none to write as {suffix}; {', '.join(FIGURE_SUFFIXES)} "
            "show the curve of states by tolerance"
        )
    from probes.report.extraction_figure import extraction_figure

    figure = extraction_figure(found, title=title)
    write_picture(out, lambda path: save_figure(figure, path))
