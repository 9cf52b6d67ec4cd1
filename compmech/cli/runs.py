"""`compmech runs`: the cells of a store listed, filtered, compared, exported and pruned."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from compmech.cli.failure import Misused, misuse
from compmech.cli.output import output_file, report_os_errors
from compmech.cli.stored_runs import COLUMNS, StoredRun, chosen, differing, failures, named, stored_runs
from compmech.stored_cells import check_store, leftovers
from compmech.whole_files import written_aside

__all__ = ["add_run_commands"]


def add_run_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("runs")(runs)


def runs(
    store: Annotated[Path, typer.Argument(help="Folder of the store.")],
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="Only those with KEY=VALUE (or != < <= > >=), as kl<0.01; may be given again."),
    ] = None,
    sort: Annotated[str | None, typer.Option(help="By this column, the least first.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many.", min=1)] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option("--compare", help="A key, or how it begins: what differs between two or more."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="File to write their probe rows to: .csv, or .parquet with the extra.")
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what stopped and failed cells left; with --where, those runs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
    seed: Annotated[int, typer.Option(help="Taken, as by every command; nothing here is random.", min=0)] = 0,
) -> None:
    """List the finished cells of a store.

    Keys are the columns, and those of a cell's spec.json with dots, as in --where training.lr=0.004.
    """
    with misuse():
        check_store(store)
        with report_os_errors(f"cannot read the store {store}"):
            everything = stored_runs(store)
            found = chosen(everything, where or ())
    if sort is not None:
        if found and sort not in found[0].metrics:
            raise Misused(f"there is no column {sort!r} to sort by; there are {', '.join(found[0].metrics)}")
        found.sort(key=lambda run: _sortable(run.metrics[sort]))
    found = found[:limit]
    if sum(map(bool, (compare, export, prune))) > 1:
        raise Misused("--compare, --export and --prune are one at a time")
    if compare:
        _compare(everything, compare, as_json=as_json)
    elif export is not None:
        _export(store, found, export, as_json=as_json)
    elif prune:
        if limit is not None or sort is not None:
            raise Misused("--prune takes all that --where names: leave --sort and --limit out")
        _prune(store, found if where else [], as_json=as_json)
    else:
        with misuse():
            failed = failures(store)
        _list(found, failed, len(everything), as_json=as_json)


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is None, float("inf") if value == "inf" else value


def _list(found: Sequence[StoredRun], failed: Sequence[dict[str, Any]], n_run: int, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"runs": [run.metrics for run in found], "failed": list(failed)}, indent=1, allow_nan=False))
        return
    rows = [[run.cell.key[:8], *(_shown(run.metrics[name]) for name in COLUMNS)] for run in found]
    none = f"none of {n_run:,} finished runs meets --where" if n_run else "no finished runs"
    print("\n".join(_aligned([["key", *COLUMNS], *rows])) if rows else none)
    for failure in failed:
        print(f"failed: {failure['name']}: {failure['error']}")


def _compare(runs: Sequence[StoredRun], keys: Sequence[str], *, as_json: bool) -> None:
    if len(keys) < 2:
        raise Misused("--compare takes two keys or more: give it again")
    with misuse():
        compared = [named(runs, key) for key in keys]
        found = differing(compared)
    if as_json:
        print(json.dumps({"keys": [run.cell.key for run in compared], "differing": found}, indent=1, allow_nan=False))
        return
    header = ["", *(run.cell.key[:8] for run in compared)]
    print("\n".join(_aligned([header, *([name, *map(_shown, values)] for name, values in found.items())])))


def _export(store: Path, found: Sequence[StoredRun], path: Path, *, as_json: bool) -> None:
    """The probe rows of all of these, each with the key of its cell."""
    from dataclasses import asdict, fields

    from compmech.cli.engines import needs
    from probes.results import Row
    from probes.store import Store
    from probes.sweep.export import csv_text, parquet_bytes

    kinds = {".csv": csv_text, ".parquet": parquet_bytes}
    if path.suffix not in kinds:
        raise Misused(f"{path}: the name must end in .csv or .parquet")
    if path.suffix == ".parquet":
        needs("pyarrow", "parquet", "a .parquet file")
    with output_file(path) as target:
        with misuse():
            kept = Store(store).found_all([run.cell.key for run in found])
        rows = [
            {"key": run.cell.key, **asdict(row)}
            for run, one in zip(found, kept, strict=True)
            if one is not None  # another process has pruned it meanwhile
            for row in one.rows
        ]
        content = kinds[path.suffix](["key", *(f.name for f in fields(Row))], rows)
        with report_os_errors(f"cannot write {path}"), written_aside(target) as unfinished:
            unfinished.write_bytes(content)
    said = {"file": str(path), "runs": len(found), "rows": len(rows)}
    print(json.dumps(said) if as_json else f"{len(rows)} rows of {len(found)} runs: {path}")


def _prune(store: Path, found: Sequence[StoredRun], *, as_json: bool) -> None:
    with report_os_errors(f"cannot remove from the store {store}"):
        left = leftovers(store)
        for path in left:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for run in found:
            run.cell.remove()
    said = {"leftovers": len(left), "runs": len(found)}
    print(json.dumps(said) if as_json else f"removed: {len(left)} leftovers and {len(found)} runs")


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
