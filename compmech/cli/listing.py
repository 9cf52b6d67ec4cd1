"""`compmech predictors`: what can be compared, what can be adapted, and which of it is ready here."""

import json
from dataclasses import MISSING, fields
from typing import Annotated, Any

import typer

from compmech.cli.tables import wrapped

__all__ = ["add_listing_commands"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")]


def add_listing_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("predictors")(predictors)


def predictors(
    as_json: AsJson = False,
    seed: Annotated[int, typer.Option(help="Taken, as by every command; nothing here is random.", min=0)] = 0,
) -> None:
    """List built-in architectures, baselines, plug-ins and adapters, and what keeps any of them from working here.

    Architectures, baselines and plug-ins are names for `compmech compare --predictor`; an architecture's settings
    follow with the values that it has if none are given, as in --predictor gru:width=32. Adapters are functions for
    networks that you already have. Every plug-in is loaded to see whether it works; a broken one is listed with its
    error, and the exit status stays 0.
    """
    rows = [*_built_in(), *_plugged_in(), *_adapters()]
    if as_json:
        print(json.dumps({"predictors": rows}, indent=1, allow_nan=False))
        return
    titles = {
        "architecture": "architectures (--predictor NAME)",
        "baseline": "baselines (--predictor NAME)",
        "plug-in": "plug-ins (--predictor NAME)",
        "adapter": "adapters, for networks that you have (predictors.adapters)",
    }
    for kind, title in titles.items():
        print(title)
        for row in rows:
            if row["kind"] == kind:
                print("\n".join(wrapped(row["problem"] or row["meaning"], f"  {row['name']:<24} ")).rstrip())
                if row["settings"]:
                    listed = ", ".join(f"{key}={_shown(value)}" for key, value in row["settings"].items())
                    print("\n".join(wrapped(listed, " " * 27)))
        if not any(row["kind"] == kind for row in rows):
            print("  none is installed")


def _row(name: str, kind: str, meaning: str, source: str, problem: str | None = None) -> dict[str, Any]:
    meaning = " ".join(meaning.partition("\n\n")[0].split())
    return {"name": name, "kind": kind, "meaning": meaning, "source": source, "ready": problem is None,
            "problem": None if problem is None else " ".join(problem.split()), "settings": {}}  # fmt: skip


def _shown(value: Any) -> str:
    """A value as it is typed."""
    return value if isinstance(value, str) else json.dumps(value)


def _built_in() -> list[dict[str, Any]]:
    from predictors import CONFIGS
    from probes.baselines import BASELINES

    rows = [
        _row(name, "architecture", config.__doc__ or "", "belief-geometry") | {"settings": _settings(name)}
        for name, config in CONFIGS.items()
    ]
    return rows + [_row(name, "baseline", each.meaning, "belief-geometry") for name, each in BASELINES.items()]


def _settings(architecture: str) -> dict[str, Any]:
    """What can be set of it, with the values that a comparison takes; the process gives the others."""
    from predictors import CONFIGS
    from probes.presets import SIZES

    own = {each.name: each.default for each in fields(CONFIGS[architecture]) if each.default is not MISSING}
    return {key: value for key, value in (own | dict(SIZES.get(architecture, {}))).items() if key in own}


def _plugged_in() -> list[dict[str, Any]]:
    from predictors import CONFIGS
    from predictors.plugins import examine
    from probes.baselines import BASELINES

    found, rows = examine(), []
    for plug_in in found:
        problem = plug_in.problem
        if plug_in.name in (*CONFIGS, *BASELINES):
            problem = "never used: it has the name of a built-in one"
        elif len({other.value for other in found if other.name == plug_in.name}) > 1:
            problem = "never used: another package brings a plug-in of the same name"
        source = plug_in.distribution or plug_in.value
        rows.append(_row(plug_in.name, "plug-in", plug_in.meaning, source, problem))
    return rows


def _adapters() -> list[dict[str, Any]]:
    from predictors import adapters
    from predictors.adapters.extras import is_installed

    of_extra = {"hf": "adapt_hugging_face", "lens": "adapt_transformer_lens", "nnsight": "adapt_nnsight"}
    rows = [
        _row("adapt_module", "adapter", "any causal torch module, by hooks on named blocks", "belief-geometry"),
        _row("load_transformer_lens", "adapter", "files of weights in TransformerLens's naming", "belief-geometry"),
    ]
    for extra in adapters.EXTRAS:
        problem = None if is_installed(extra) else str(adapters.MissingExtra(extra))
        rows.append(_row(of_extra[extra.name], "adapter", extra.meaning, f"belief-geometry[{extra.name}]", problem))
    return rows
