"""The files of a report: the page, the figures, the tables and the record, as `compare` and `report` write them."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compmech.cli.earlier_files import digest

if TYPE_CHECKING:
    from probes.results import Comparison

__all__ = ["PARTS", "write_report"]

PARTS = ("page", "figures", "tables")
"""What can be written beside results.json, which says what was."""


def write_report(
    comparison: "Comparison", folder: Path, *, parts: tuple[str, ...] = PARTS
) -> tuple["Comparison", list[Path]]:
    """Write a comparison into a folder, beside whatever is there already.

    Returns:
        The comparison with the list of everything in the folder, as it was written; and what people look at, as paths
        relative to the folder: the page first.
    Raises:
        OSError: if something cannot be written.
    """
    from probes.report import plainly_named, save_figures, save_page, save_tables
    from probes.results import write_files

    shown = plainly_named(comparison)
    figures = save_figures(shown, folder / "figures") if "figures" in parts else []
    page = [save_page(shown, folder, figures)] if "page" in parts else []
    tables = save_tables(comparison, folder) if "tables" in parts else []
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in written}
    comparison = replace(comparison, files=digests)
    (record,) = write_files(folder, {"results.json": comparison.to_json().encode()})
    return comparison, [path.relative_to(folder) for path in (*page, *tables, record, *figures)]
