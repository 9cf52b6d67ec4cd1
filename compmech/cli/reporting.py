"""`compmech report`: the page, figures and tables of a comparison, made again from what a store holds."""

import gc
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compmech.cli.failure import Misused, misuse
from compmech.cli.output import output_folder, report_os_errors
from compmech.cli.written_report import PARTS, write_report
from compmech.stored_cells import check_store

if TYPE_CHECKING:
    from probes.results import Comparison
    from probes.store import Experiment

__all__ = ["add_reporting_commands"]


def add_reporting_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("report")(report)


def report(
    store: Annotated[Path, typer.Argument(help="Folder of the store, as compmech compare left it.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write; by default the store's name and -report.")
    ] = None,
    comparison: Annotated[
        str | None,
        typer.Option("--comparison", help="Which, where the store holds several: how its name begins. The latest."),
    ] = None,
    part: Annotated[
        list[str] | None, typer.Option("--part", help=f"Only this: {', '.join(PARTS)}; may be given again. All.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List its comparisons, and write nothing.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the files of an earlier report.")] = False,
    seed: Annotated[int, typer.Option(help="Taken, as by every command; nothing here is random.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json instead of the files' names.")] = False,
) -> None:
    """Write the report of a comparison from stored results: nothing is trained or measured again.

    It is one page that needs no network, figures as PNG and SVG, tables as CSV, Markdown and LaTeX, and results.json.
    Cells that are not finished are left out, and it says how many.
    """
    parts = _parts(part)
    with misuse():
        check_store(store)
    with report_os_errors(f"cannot read the store {store}"), misuse():
        found = _experiments(store)
    if listed:
        _list(found, as_json=as_json)
        return
    name, chosen = _chosen(store, found, comparison)
    default = out is None
    out = out or Path(f"{store.name.removesuffix('.store')}-report")
    with output_folder(out, overwrite=overwrite or default) as folder:
        with report_os_errors(f"cannot read the store {store}"), misuse():
            result, missing = _recalled(store, chosen)
            gc.freeze()  # of thousands of cells: nothing of it is garbage before all is written
        with report_os_errors(f"cannot write to the output folder {out}"):
            result, files = write_report(result, folder, parts=parts)
    if as_json:
        print(result.to_json())
        return
    of = len(chosen.keys)
    print(f"comparison {name}: {of - missing} of {of} cells")
    if missing:
        print(f"  the others are not finished: {chosen.command}")
    print("written:")
    for file in files:
        print(f"  {out / file}")


def _parts(asked: Sequence[str] | None) -> tuple[str, ...]:
    for part in asked or ():
        if part not in PARTS:
            raise Misused(f"there is no part {part!r}; there are {', '.join(PARTS)}")
    return tuple(asked or PARTS)


def _experiments(store: Path) -> dict[str, "Experiment"]:
    """By name, the latest last."""
    from probes.store import Store

    return Store(store).named_experiments()


def _chosen(store: Path, found: dict[str, "Experiment"], wanted: str | None) -> tuple[str, "Experiment"]:
    if not found:
        raise Misused(f"{store} holds no comparison: run one with compmech compare --store {store}")
    if wanted is None:
        return list(found.items())[-1]
    fitting = [name for name in found if name.startswith(wanted)]
    if len(fitting) != 1:
        raise Misused(
            f"{len(fitting)} comparisons have a name that begins with {wanted!r}; there are {', '.join(found)}"
        )
    return fitting[0], found[fitting[0]]


def _recalled(store: Path, chosen: "Experiment") -> tuple["Comparison", int]:
    from probes.recalled import recalled
    from probes.store import Store

    opened: Store = Store(store)
    return recalled(opened, chosen)


def _list(found: dict[str, "Experiment"], *, as_json: bool) -> None:
    if as_json:
        said = [{"comparison": n, "command": e.command, "cells": len(e.keys)} for n, e in found.items()]
        print(json.dumps({"comparisons": said}, indent=1))
        return
    for name, experiment in found.items():
        print(f"{name}  {len(experiment.keys):>5} cells  {experiment.command}")
    if not found:
        print("no comparisons")
