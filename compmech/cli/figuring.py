"""`compmech figures`: the figures of the documentation, and the numbers that its pages quote, made anew."""

import ast
import json
import runpy
import time
from pathlib import Path
from typing import Annotated
from zlib import crc32

import numpy as np
import typer

import compmech
from compmech.cli.failure import Misused, misuse
from compmech.cli.output import report_os_errors
from compmech.cli.running import progress_bar
from compmech.cli.tables import wrapped
from compmech.errors import UnknownName

__all__ = ["add_figuring_commands"]

# Beside the package in a checkout of the repository; an installed package has no documentation.
SCRIPTS = Path(compmech.__file__).parents[1] / "docs" / "figures"


def add_figuring_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("figures")(figures)


def figures(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which; all if none is named.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write into.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List what there is, and write nothing.")] = False,
    small: Annotated[bool, typer.Option("--small", help="With less of everything, to see that they run.")] = False,
    scripts: Annotated[Path, typer.Option(help="Folder of the scripts.", show_default="docs/figures")] = SCRIPTS,
    seed: Annotated[int, typer.Option(help="Of what is sampled; each figure has a stream of its own.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Make the figures of the documentation, with the numbers that its pages quote beside them.

    They are made by the scripts of docs/figures in a checkout of the repository, from what is stored in docs/results or
    from nothing. Files of the same names are replaced; others in the folder stay.
    """
    known = _scripts(scripts)
    if listed:
        meanings = {name: _meaning(path) for name, path in known.items()}
        if as_json:
            print(json.dumps({"figures": [{"name": n, "meaning": m} for n, m in meanings.items()]}, indent=1))
        else:
            print("\n".join(line for n, m in meanings.items() for line in wrapped(m, f"{n:<24} ")))
        return
    if out is None:
        raise Misused("say where the figures go: -o FOLDER; --list lists them")
    chosen = _chosen(names or list(known), known)
    with report_os_errors(f"cannot write to the output folder {out}"):
        out.mkdir(parents=True, exist_ok=True)
    made = []
    with progress_bar(len(chosen)) as (advance, say), report_os_errors(f"cannot write to the output folder {out}"):
        for name in chosen:
            began = time.process_time()
            main = runpy.run_path(str(known[name]))["main"]
            main(out, rng=np.random.default_rng([seed, crc32(name.encode())]), small=small)
            seconds = round(time.process_time() - began, 1)
            made.append({"name": name, "numbers": str(out / f"{name}.json"), "cpu_seconds": seconds})
            advance(1)
            say(f"{name}: {seconds:g} s")
    print(json.dumps({"folder": str(out), "small": small, "figures": made}, indent=1) if as_json else out)


def _scripts(folder: Path) -> dict[str, Path]:
    """By name. What begins with an underscore is for the scripts to share."""
    found = {path.stem: path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")}
    if not found:
        raise Misused(
            f"{folder}: no figure scripts are there. They are part of the repository, not of an installed package: run "
            "this in a checkout, or pass --scripts with its docs/figures"
        )
    return found


def _meaning(script: Path) -> str:
    """The first line of its docstring; the script is not run."""
    return (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _chosen(names: list[str], known: dict[str, Path]) -> list[str]:
    with misuse():
        for name in names:
            if name not in known:
                raise UnknownName("figure", name, tuple(known))
    return list(dict.fromkeys(names))
