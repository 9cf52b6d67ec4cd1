"""`compmech draw` and `compmech msp`: pictures of a process, and its mixed states."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compmech.cli.arguments import NamedProcess
from compmech.cli.describing import Unused, chosen_process
from compmech.cli.failure import Misused, misuse
from compmech.cli.output import report_os_errors
from compmech.cli.tables import wrapped

if TYPE_CHECKING:
    from compmech.mixed_state import MixedStatePresentation

__all__ = ["MOST_STATES", "Kind", "add_drawing_commands", "diagram_writer", "picture_suffix", "write_picture"]

MOST_STATES = 60
"""The most states of a diagram of a machine that was found."""

# Mixed states looked for where a picture of them is asked for without more words.
_BUDGET = 20_000

Name = Annotated[str | None, typer.Argument(help="A built-in process; `compmech processes` lists them.")]
File = Annotated[Path | None, typer.Option("--file", help="A machine file in place of a built-in process.")]
Param = Annotated[list[str] | None, typer.Option("--param", help="key=value; may be given again.")]
Depth = Annotated[int | None, typer.Option(help="Length of the longest words; by default until closed.", min=0)]


class Kind(StrEnum):
    """What `compmech draw` draws."""

    DIAGRAM = "diagram"
    SIMPLEX = "simplex"
    BLOCKS = "blocks"
    INFORMATION = "information"
    TABLES = "tables"


class Presentation(StrEnum):
    """Whose states a diagram shows."""

    GIVEN = "given"
    EPSILON = "epsilon-machine"
    MIXED = "mixed-states"


class Picture(StrEnum):
    """What `compmech msp` draws."""

    SIMPLEX = "simplex"
    DIAGRAM = "diagram"


class Colour(StrEnum):
    """What the colours of mixed states say."""

    BELIEF = "belief"
    DEPTH = "depth"


def add_drawing_commands(app: typer.Typer) -> None:
    """Put the commands of this file into the command line."""
    app.command("draw")(draw)
    app.command("msp")(msp)


def draw(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="File to write: .png .svg .pdf; a diagram also .dot .tex .mmd; tables .tex."),
    ],
    name: Name = None,
    file: File = None,
    param: Param = None,
    kind: Annotated[
        Kind,
        typer.Option(
            help="State diagram; mixed states in the simplex; block entropies; information diagrams; or matrices and "
            "statistics as LaTeX."
        ),
    ] = Kind.DIAGRAM,
    presentation: Annotated[Presentation, typer.Option(help="Whose states a diagram shows.")] = Presentation.GIVEN,
    depth: Depth = None,
    max_states: Annotated[int, typer.Option(help="The most states of a diagram.", min=1)] = 60,
    seed: Unused = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a line.")] = False,
) -> None:
    """Draw a process: its states, its mixed states, its entropies."""
    from compmech import epsilon_machine

    suffix = picture_suffix(out, kind)
    named = chosen_process(name, file, param or [])
    with misuse(within=named.title):
        if kind is Kind.DIAGRAM:
            shown: Any = named.process
            if presentation is Presentation.EPSILON:
                shown = epsilon_machine(named.process)
            elif presentation is Presentation.MIXED:
                shown = _explored(named, depth, _BUDGET)
            write = _diagram_writer(shown, named, suffix, max_states)
        elif kind is Kind.SIMPLEX:
            write = _simplex_writer(_explored(named, depth, _BUDGET), named, Colour.BELIEF)
        else:
            write = _statistics_writer(kind, named)
    write_picture(out, write)
    if as_json:
        print(json.dumps({"process": named.title, "kind": str(kind), "file": str(out)}, indent=1))
    else:
        print(out)


def msp(
    name: Name = None,
    file: File = None,
    param: Param = None,
    depth: Depth = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Picture to write: .png .svg .pdf; a diagram also .dot .tex .mmd."),
    ] = None,
    kind: Annotated[Picture, typer.Option(help="Beliefs in the simplex, or a diagram.")] = Picture.SIMPLEX,
    colour: Annotated[Colour, typer.Option(help="Colours in the simplex.")] = Colour.BELIEF,
    max_states: Annotated[int, typer.Option(help="The search stops before there are more.", min=1)] = 100_000,
    seed: Unused = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole table as JSON.")] = False,
) -> None:
    """Find the mixed states of a process: the beliefs that words lead to."""
    suffix = "" if out is None else picture_suffix(out, Kind(kind.value))
    named = chosen_process(name, file, param or [])
    with misuse(within=named.title):
        mixed = _explored(named, depth, max_states)
        if out is not None:
            write = (
                _simplex_writer(mixed, named, colour)
                if kind is Picture.SIMPLEX
                else _diagram_writer(mixed, named, suffix, MOST_STATES)
            )
            write_picture(out, write)
    if as_json:
        print(json.dumps(_table(named, mixed), allow_nan=False))
        return
    print("\n".join(wrapped(named.title, "", 6)))
    rows = {
        "mixed states": f"{mixed.n_mixed}",
        "recurrent": f"{int(mixed.recurrent.sum())}",
        "closed": "yes" if mixed.closed else "no",
        "depth": f"{mixed.depth}",
        "lost mass": f"{mixed.lost_mass:.6g}",
    }
    if not mixed.closed and (depth is None or mixed.cut_short):
        rows["ended by"] = f"--max-states {max_states}: what longer words lead to is not there"
    if out is not None:
        rows["picture"] = str(out)
    for key, value in rows.items():
        print(f"  {key:<14}{value}")


# ----------------------------------------------------------------------------------------------------------------
# helpers

_TEXTS = {".dot": "DOT", ".tex": "TikZ", ".mmd": "Mermaid"}


def picture_suffix(out: Path, kind: Kind) -> str:
    """The suffix of the file, if this kind of picture can be written as such. Raises Misused."""
    from compmech.draw.files import FIGURE_SUFFIXES, check_suffix

    known: tuple[str, ...] = (".tex",) if kind is Kind.TABLES else FIGURE_SUFFIXES
    if kind is Kind.DIAGRAM:
        known += tuple(_TEXTS)
    if out.is_dir():
        raise Misused(f"{out} is a folder; name a file")
    with misuse():
        return check_suffix(out, known)


def _explored(named: NamedProcess, depth: int | None, max_states: int) -> "MixedStatePresentation":
    from compmech import mixed_states

    return mixed_states(named.process, depth=depth, max_states=max_states)


def _diagram_writer(shown: Any, named: NamedProcess, suffix: str, max_states: int) -> Callable[[Path], None]:
    from compmech import MixedStatePresentation

    names = {"alphabet": named.process.alphabet} if isinstance(shown, MixedStatePresentation) else {}
    return diagram_writer(shown, suffix, max_states, **names)


def diagram_writer(shown: Any, suffix: str, max_states: int, **names: Any) -> Callable[[Path], None]:
    """What writes the state diagram of a process to a file with this suffix."""
    from compmech.draw import diagram, save_figure, save_text, state_figure, tikz_document, to_dot, to_mermaid

    found = diagram(shown, **names)
    match suffix:
        case ".dot":
            text = to_dot(found)
        case ".mmd":
            text = to_mermaid(found)
        case ".tex":
            text = tikz_document(found, max_states=max_states)
        case _:
            figure = state_figure(found, max_states=max_states)
            return lambda path: save_figure(figure, path)
    return lambda path: save_text(text, path)


def _simplex_writer(mixed: "MixedStatePresentation", named: NamedProcess, colour: Colour) -> Callable[[Path], None]:
    from compmech.draw import save_figure, simplex_figure

    process = named.process
    figure = simplex_figure(
        mixed, states=process.states, alphabet=process.alphabet, title=named.title, colour=colour.value
    )
    return lambda path: save_figure(figure, path)


def _statistics_writer(kind: Kind, named: NamedProcess) -> Callable[[Path], None]:
    from compmech.draw import block_figure, information_figure, latex_document, save_figure, save_text

    if kind is Kind.TABLES:
        text = latex_document(named.process)
        return lambda path: save_text(text, path)
    picture = block_figure if kind is Kind.BLOCKS else information_figure
    figure = picture(named.process, title=named.title)
    return lambda path: save_figure(figure, path)


def write_picture(out: Path, write: Callable[[Path], None]) -> None:
    """Write a file, in a folder that is made if it is missing. Raises Failed if that cannot be done."""
    with report_os_errors(f"cannot write {out}"):
        out.parent.mkdir(parents=True, exist_ok=True)
        write(out)


def _table(named: NamedProcess, mixed: "MixedStatePresentation") -> dict[str, Any]:
    return {
        "process": named.title,
        "alphabet": list(named.process.alphabet),
        "states": list(named.process.states),
        "n_mixed": mixed.n_mixed,
        "closed": mixed.closed,
        "lost_mass": mixed.lost_mass,
        "depth": mixed.depth,
        "merge_tol": mixed.merge_tol,
        "beliefs": mixed.beliefs.tolist(),
        "successor": mixed.successor.tolist(),
        "emit": mixed.emit.tolist(),
        "recurrent": mixed.recurrent.tolist(),
    }
