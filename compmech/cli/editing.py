"""`compmech edit`: whether a network that `compmech train` has left uses the belief that it carries."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compmech.cli.arguments import NamedProcess
from compmech.cli.failure import misuse
from compmech.cli.finished_run import read_run
from compmech.cli.output import output_file, report_os_errors
from compmech.cli.running import command_line
from compmech.cli.tables import wrapped

if TYPE_CHECKING:
    from predictors.network import Network
    from probes.intervention import CausalShare, EditEffect

__all__ = ["add_editing_commands"]


def add_editing_commands(app: typer.Typer) -> None:
    """Put the commands of this file into the command line."""
    app.command("edit")(edit)


def edit(
    run: Annotated[Path, typer.Argument(help="Folder that `compmech train` has left.")],
    which: Annotated[str, typer.Option("--edit", help="carry, 'rows<=t' or 'row t'.")] = "carry",
    site: Annotated[
        str | None, typer.Option("--site", help="Where; with carry alone it may be left out: everything carried.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="What is put in; may be given again. All that there are.")
    ] = None,
    row: Annotated[int | None, typer.Option(help="Symbols read before the edit; half the length.")] = None,
    horizon: Annotated[int | None, typer.Option(help="The most symbols predicted together.")] = None,
    length: Annotated[int | None, typer.Option(help="Of the histories; by default as trained.")] = None,
    through: Annotated[str, typer.Option(help="How the belief component is found: encoding or probe.")] = "encoding",
    strength: Annotated[
        list[float] | None, typer.Option("--strength", help="Of the displacement; may be given again.")
    ] = None,
    cases: Annotated[int, typer.Option(help="How many edits are drawn.", min=1)] = 256,
    max_histories: Annotated[int, typer.Option(help="More are sampled. 0: all there are.", min=0)] = 20_000,
    process: Annotated[
        str | None, typer.Option("--process", help="In place of the one that it was trained on.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Figure to write: .png .svg .pdf.")] = None,
    seed: Annotated[int, typer.Option(help="Of all randomness: same seed, same rows.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print all rows as JSON instead of a table.")] = False,
) -> None:
    """Edit what a trained network carries, and compare its predictions with exact Bayes, by horizon."""
    from compmech.draw import save_figure
    from compmech.draw.files import FIGURE_SUFFIXES, check_suffix
    from probes.report import edit_figure, edit_table

    if out is not None:
        with misuse():
            check_suffix(out, FIGURE_SUFFIXES)
    found = read_run(run, process=process)
    named, model, twin = found.named, found.model(), found.untrained()
    settings: dict[str, Any] = {
        "site": site, "edit": which, "row": row, "horizon": horizon, "through": through, "n_case": cases,
    }  # fmt: skip
    longest = found.length if length is None else length
    with misuse(within=str(run)):
        rows, shares = _measured(
            model, twin, named, kind, settings, strength or [1.0], longest, max_histories or None, seed,
            names=(named.label, found.predictor, found.seed),
        )  # fmt: skip
        figure = edit_figure(rows) if out is not None else None
    if out is not None and figure is not None:
        with output_file(out) as path, report_os_errors(f"cannot write {out}"):
            save_figure(figure, path)
    if as_json:
        document = {
            "command": command_line(),
            "process": named.title,
            "predictor": found.predictor,
            "shares": [asdict(s) for s in shares],
            "rows": [r.to_dict() for r in rows],
        }
        print(json.dumps(document, indent=1, allow_nan=False))
        return
    print("\n".join(wrapped(f"{found.predictor} on {named.title}", "", 6)))
    print(edit_table(rows, shares))
    if out is not None:
        print(f"\nwritten:\n  {out}")


def _measured(
    model: "Network",
    twin: "Network",
    named: NamedProcess,
    kinds: list[str] | None,
    settings: dict[str, Any],
    strengths: list[float],
    length: int,
    max_histories: int | None,
    seed: int,
    *,
    names: tuple[str, str, int],
) -> tuple[list["EditEffect"], list["CausalShare"]]:
    import numpy as np

    from probes import causal_effects, causal_share, histories
    from probes.intervention import belief_space, kinds_of

    found = histories(named.process, length, max_histories=max_histories, rng=np.random.default_rng(seed))
    rows: list[EditEffect] = []
    for kind in kinds or kinds_of(belief_space(named.process)):
        rows += causal_effects(
            model, named.process, found, kind=kind, twin=twin, strengths=strengths, names=names,
            rng=np.random.default_rng(seed), **settings,
        )  # fmt: skip
    shares = causal_share(model, named.process, found, rng=np.random.default_rng(seed), **settings)
    return rows, list(shares)
