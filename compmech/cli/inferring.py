"""`compmech infer`: the machine of a series that the user brings, and an honest word on how much structure there is."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compmech.cli.drawing import MOST_STATES, Kind, diagram_writer, picture_suffix, write_picture
from compmech.cli.earlier_files import digest
from compmech.cli.failure import Misused, misuse
from compmech.cli.inference_table import inference_table
from compmech.cli.output import output_file, output_folder, report_os_errors

if TYPE_CHECKING:
    from compmech.inference import InferredMachine

__all__ = ["add_inferring_commands"]

# What stands in options that were not given.
_DEFAULTS = {"surrogates": "shuffled", "statistic": "past"}

# The file of a report that lists the others.
_RECORD = "inference.json"

# Mixed states, and numbers of words, for the picture of block entropies: beyond, it has bounds.
_LOOKED_AT = 2_000

# The most transitions of a diagram that somebody looks at.
_MOST_WAYS = 150


def add_inferring_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("infer")(infer)


def infer(
    data: Annotated[
        Path, typer.Argument(help="Text, .csv, .tsv, .npy or .parquet; or data:NAME, see `compmech data`.")
    ],
    method: Annotated[
        str,
        typer.Option(
            help="cssr, merging, bayes, spectral, baum-welch, markov, predictor, or auto: the candidates of all, "
            "chosen by what was held out."
        ),
    ] = "auto",
    predictor: Annotated[
        Path | None,
        typer.Option(help="Folder of `compmech train`: histories are also merged by what this network predicts."),
    ] = None,
    column: Annotated[str | None, typer.Option(help="Of a table: its name, or its number from 1.")] = None,
    input_column: Annotated[
        str | None,
        typer.Option(help="Column of what goes into a channel, of which --column comes out: find the channel."),
    ] = None,
    input_symbols: Annotated[
        str | None, typer.Option(help="Of real values that go in, as --symbols of those that come out.")
    ] = None,
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
    bootstrap: Annotated[
        int, typer.Option(help="Series simulated from the machine, of each of which the choice is made again.", min=0)
    ] = 0,
    surrogates: Annotated[
        str, typer.Option(help="What the test for structure compares with: shuffled, block:20, markov:2 or phase.")
    ] = "shuffled",
    statistic: Annotated[
        str, typer.Option(help="What it looks at: past, what pasts tell of the next symbol, or gain, on held-out ones.")
    ] = "past",
    beside: Annotated[
        list[str], typer.Option(help="A network to train and score beside the machine: NAME or NAME:key=value,...")
    ] = [],  # noqa: B006
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Picture of the machine: .png .svg .pdf .dot .tex .mmd.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Folder for inference.json and pictures: the machine, its candidates, block entropies."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Let --report replace files of the same name.")
    ] = False,
    stream: Annotated[
        bool,
        typer.Option("--stream", help="Read letters, or whole numbers in .npy, piece by piece: for files too long."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of surrogates and intervals.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
) -> None:
    """Find the machine of a series, and say how much structure there is.

    Each method makes machines from the first 70 % of the symbols; what they cost on the rest, in bits a symbol,
    decides, and states have to earn their place. Shuffled symbols tell whether there is any structure at all. The
    k-gram and the longest suffix are scored on the same symbols, and with --beside networks too.
    """
    if input_column is not None:
        from compmech.cli.channel_inferring import infer_channel

        _check_channel(
            {
                "--method": method != "auto",
                "--predictor": predictor is not None,
                "--words": words,
                "--bootstrap": bootstrap > 0,
                "--surrogates": surrogates != _DEFAULTS["surrogates"],
                "--statistic": statistic != _DEFAULTS["statistic"],
                "--beside": bool(beside),
                "--report": report is not None,
                "--overwrite": overwrite,
                "--stream": stream,
            }
        )
        infer_channel(
            data,
            column=column,
            input_column=input_column,
            time=time,
            step=step,
            symbols=symbols,
            input_symbols=input_symbols,
            out=out,
            seed=seed,
            as_json=as_json,
        )
        return
    if input_symbols is not None:
        raise Misused("--input-symbols needs --input-column, the column of what goes in")
    suffix = None if out is None else picture_suffix(out, Kind.DIAGRAM)
    how = {"column": column, "time": time, "step": step, "symbols": symbols, "words": words}
    asked = {
        "predictor": predictor,
        "bootstrap": bootstrap,
        "surrogates": surrogates,
        "statistic": statistic,
        "beside": beside,
    }
    with _places(out, report, overwrite=overwrite) as folder:
        found = _streamed(data, method, how | asked, seed) if stream else _whole(data, method, how, asked, seed)
        document = found.to_dict()
        if folder is not None:
            _write_report(found, document, str(data), folder)
        if out is not None and suffix is not None:
            with misuse():
                write = diagram_writer(found.machine, suffix, MOST_STATES)
            write_picture(out, write)
    if as_json:
        print(json.dumps(document, indent=1, allow_nan=False))
        return
    print("\n".join(inference_table(document)))
    for written in (out, report):
        if written is not None:
            print(written)


@contextmanager
def _places(out: Path | None, report: Path | None, *, overwrite: bool) -> Iterator[Path | None]:
    """The folder to write a report into, if one is asked for. That both can be written is found out before any work."""
    with ExitStack() as entered:
        if out is not None:
            entered.enter_context(output_file(out))
        yield (
            None
            if report is None
            else entered.enter_context(output_folder(report, overwrite=overwrite, record=_RECORD))
        )


def _check_channel(given: dict[str, bool]) -> None:
    """Raises Misused for options of a series that mean nothing for a channel."""
    for option in (name for name, is_given in given.items() if is_given):
        raise Misused(f"{option} is for a series alone, not for a channel (--input-column)")


def _whole(data: Path, method: str, how: dict[str, Any], asked: dict[str, Any], seed: int) -> "InferredMachine":
    import numpy as np

    from compmech.cli.beside_networks import networks_beside
    from compmech.cli.network_futures import read_by_network
    from compmech.cli.real_data import PREFIX, read_real
    from compmech.cli.series_files import read_series
    from compmech.cli.surrogate_words import surrogates_of
    from compmech.inference import infer as infer_from

    brought = (read_real if str(data).startswith(PREFIX) else read_series)(data, **how)
    series, futures, predictor = brought.series, None, asked["predictor"]
    if predictor is not None:
        series, futures = read_by_network(series, predictor, str(data))
    with misuse(within=str(data)):
        found = infer_from(
            series,
            method=method,
            predictor=futures,
            bootstrap=asked["bootstrap"],
            surrogates=surrogates_of(asked["surrogates"], brought, how["symbols"]),
            statistic=asked["statistic"],
            beside=networks_beside(asked["beside"], str(data), seed) if asked["beside"] else None,
            rng=np.random.default_rng(seed),
        )
    found = _of_data(found, data, series.alphabet, brought.meaning, list(brought.notes))
    if predictor is None:
        return found
    read = {**found.diagnostics["data"], "predictor": str(predictor)}
    return replace(found, diagnostics={**found.diagnostics, "data": read})


def _streamed(data: Path, method: str, how: dict[str, Any], seed: int) -> "InferredMachine":
    import numpy as np

    from compmech.cli.streamed_files import streamed_parts
    from compmech.inference import infer_streamed

    given = [f"--{key}" for key, value in how.items() if value and value != _DEFAULTS.get(key)]
    if given:
        raise Misused(f"--stream reads letters or whole numbers as they are: it goes without {', '.join(given)}")
    if method not in ("auto", "cssr"):
        raise Misused(f"--stream counts words, which method cssr takes; method {method} needs the series as a whole")
    parts = streamed_parts(data)
    with misuse(within=str(data)):
        found = infer_streamed(parts, rng=np.random.default_rng(seed))
    return _of_data(found, data, parts.alphabet, {}, ["read piece by piece: splitting and chains alone"])


def _of_data(
    found: "InferredMachine", data: Path, alphabet: Iterable[object], meaning: dict[str, str], notes: list[str]
) -> "InferredMachine":
    """The same with what was read among its diagnostics."""
    read = {"file": str(data), "alphabet": [str(name) for name in alphabet], "meaning": meaning, "notes": notes}
    return replace(found, diagnostics={**found.diagnostics, "data": read})


def _write_report(found: "InferredMachine", document: dict[str, Any], title: str, folder: Path) -> None:
    """The pictures and the numbers. A diagram that nobody could read is given as DOT."""
    from compmech import statistics
    from compmech.draw import block_figure, candidates_figure, save_figure, save_text, state_figure, to_dot

    n_way = sum(value > 0 for matrix in document["machine"]["matrices"].values() for row in matrix for value in row)
    with misuse(), report_os_errors(f"cannot write {folder}"):
        if n_way > _MOST_WAYS or len(document["machine"]["states"]) > MOST_STATES:
            save_text(to_dot(found.machine), folder / "machine.dot")
        else:
            save_figure(state_figure(found.machine), folder / "machine.svg")
        save_figure(candidates_figure(found, title=f"{title}: candidates"), folder / "candidates.svg")
        about = statistics(found.machine, max_states=_LOOKED_AT, max_words=_LOOKED_AT)
        save_figure(block_figure(about, title=f"{title}: the machine found"), folder / "blocks.svg")
        files = {path.name: digest(path.read_bytes()) for path in sorted(folder.iterdir())}
        save_text(json.dumps(document | {"files": files}, indent=1, allow_nan=False) + "\n", folder / _RECORD)
