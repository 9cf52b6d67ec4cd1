"""`compmech data`: the real series inside installed packages; and how `compmech infer data:NAME` reads one."""

import json
from pathlib import Path
from typing import Annotated

import typer

from compmech.cli.failure import Misused, misuse
from compmech.cli.series_files import Brought
from compmech.cli.tables import wrapped

__all__ = ["PREFIX", "add_data_commands", "read_real"]

PREFIX = "data:"
"""What a series is called by where a file is expected; a file whose name begins so is ./data:..."""


def add_data_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("data")(data)


def data(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
    seed: Annotated[int, typer.Option(help="Taken, as by every command; nothing here is random.", min=0)] = 0,
) -> None:
    """List the real series that lie inside installed packages, for `compmech infer data:NAME`.

    Each is read and compared with the length and the hash that it had when it was checked. One whose package is not
    installed, or has changed, is listed with what is wrong, and the exit status stays 0.
    """
    from compmech import data as real

    rows = []
    for name in real.names():
        row = real.about(name).to_dict() | {"version": None, "ready": False, "problem": None}
        try:
            row |= {"version": real.load(name).version, "ready": True}
        except ValueError as error:
            row["problem"] = str(error)
        rows.append(row)
    if as_json:
        print(json.dumps({"series": rows}, indent=1, allow_nan=False))
        return
    for row in rows:
        made = f" made symbols by --symbols {row['symbols']}" if row["symbols"] else ""
        print("\n".join(wrapped(f"{row['meaning']}; {row['length']:,} values{made}", f"{PREFIX}{row['name']:<10} ")))
        where = f"{row['package']} {row['version']}" if row["ready"] else row["problem"]
        for text in (where, f"source: {row['source']}", f"licence: {row['licence']}", f"cite: {row['citation']}"):
            print("\n".join(wrapped(text, " " * 16)))


def read_real(
    path: Path,
    *,
    column: str | None = None,
    time: str | None = None,
    step: str | None = None,
    symbols: str | None = None,
    words: bool = False,
) -> Brought:
    """The series that stands where a path to a file would, read as `read_series` reads files.

    Raises:
        Misused: if there is no such series, it cannot be read, or what is asked for is for files alone.
    """
    from compmech import data as real

    for option, given in {"--column": column, "--time": time, "--step": step, "--words": words}.items():
        if given:
            raise Misused(f"{option} is for files; {path} has one series in order")
    with misuse():
        found = real.load(str(path).removeprefix(PREFIX))
        about = found.about
        said = f"{about.meaning} ({about.package} {found.version})"
        if about.symbols is None and symbols is None:
            return Brought(found.series(), notes=(said,))
        made = found.symbolised(symbols)
        return Brought(made.series, made.to_dict(), (said, f"--symbols {symbols or about.symbols}"))
