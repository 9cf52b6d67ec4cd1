"""`compmech watch`: what networks held at each checkpoint of their training, and whether it turned while it formed."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compmech.cli.failure import Misused, misuse
from compmech.cli.finished_run import FinishedRun, load_network, read_run
from compmech.cli.output import output_folder, report_os_errors
from compmech.cli.running import command_line, progress_bar

if TYPE_CHECKING:
    from probes.dynamics import Watched
    from probes.report.watching import Course

__all__ = ["add_watching_commands"]

RECORD = "watch.json"


def add_watching_commands(app: typer.Typer) -> None:
    """Put the command of this file into the command line."""
    app.command("watch")(watch)


def watch(
    run: Annotated[Path, typer.Argument(help="Folder of compmech train --checkpoints N.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the numbers, the figures and the film.")],
    beside: Annotated[
        list[Path] | None,
        typer.Option("--beside", help="Another run on the same process, such as another seed; may be given again."),
    ] = None,
    site: Annotated[
        list[str] | None, typer.Option("--site", help="May be given again; by default the layers, up to four.")
    ] = None,
    length: Annotated[int | None, typer.Option(help="Symbols read; by default as in training.", min=2)] = None,
    max_histories: Annotated[int, typer.Option(help="Distinct histories at most; beyond, a sample.", min=100)] = 5000,
    weighting: Annotated[str, typer.Option(help="probability or uniform.")] = "probability",
    seed: Annotated[int, typer.Option(help="Of folds and of the sample of histories.", min=0)] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write into a folder that holds something.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print watch.json instead of a summary.")] = False,
) -> None:
    """Probe every checkpoint of a training: fitted anew, and with the last one's probe."""
    if weighting not in ("probability", "uniform"):
        raise Misused(f"--weighting is probability or uniform; got {weighting!r}")
    runs = [_with_checkpoints(path) for path in (run, *(beside or ()))]
    first = runs[0]
    for other in runs[1:]:
        if other.named.title != first.named.title:
            raise Misused(f"{other.path} was trained on {other.named.title}, {run} on {first.named.title}")
    with output_folder(out, overwrite=overwrite, record=RECORD) as folder:
        with misuse():
            asked = site or _default_sites(first)
            watched = [_watched(each, first, asked, length, max_histories, weighting, seed) for each in runs]
            courses, targets = [course for course, _ in watched], watched[0][1]
            pictures = _pictures(courses, targets, asked)
        record = {
            "command": command_line(),
            **_record(first, courses[0].watched, weighting),
            "beside": [_record(each, c.watched, weighting) for each, c in zip(runs[1:], courses[1:], strict=True)],
            "files": [RECORD, *pictures],
            "versions": _versions(),
        }
        text = json.dumps(record, indent=1) + "\n"
        with report_os_errors(f"cannot write to the output folder {out}"):
            (folder / RECORD).write_text(text)
            for name, content in pictures.items():
                (folder / name).write_bytes(content)
    if as_json:
        print(text, end="")
        return
    for each in (record, *record["beside"]):
        if record["beside"]:
            print(f"{each['predictor']}, seed {each['seed']}")
        print(_table(each))
    for name in record["files"]:
        print(f"  {out / name}")


def _with_checkpoints(path: Path) -> FinishedRun:
    found = read_run(path)
    if len(found.checkpoints) < 2:
        raise Misused(f"{path} holds no checkpoints but the last: train with --checkpoints 12")
    return found


def _pictures(courses: "list[Course]", targets: list[str], sites: list[str]) -> dict[str, bytes]:
    """The figures and the film of the first run, and the figures of all of them, by file name."""
    from probes.report.courses import geometry_figure, seeds_figure
    from probes.report.watching import curves_png, film_gif, multiples_png, png

    found = {
        "curves.png": curves_png(courses[0], targets, sites),
        "geometry.png": png(geometry_figure(courses, targets, sites)),
        "beliefs.png": multiples_png(courses[0]),
        "beliefs.gif": film_gif(courses[0]),
    }
    return found if len(courses) < 2 else {**found, "seeds.png": png(seeds_figure(courses, targets, sites[-1]))}


def _watched(
    found: FinishedRun,
    first: FinishedRun,
    sites: list[str],
    length: int | None,
    max_histories: int,
    weighting: Any,
    seed: int,
) -> tuple["Course", list[str]]:
    """One run, at the histories of the first."""
    import numpy as np

    from probes.dynamics import watch as watch_checkpoints
    from probes.ground import prepare
    from probes.pictures import plane, shown
    from probes.report.watching import Course
    from probes.targets import Target, beyond_target, standard_targets

    process, n = first.named.process, length or first.length
    ground = prepare(process, n, max_histories=max_histories, rng=np.random.default_rng(seed))
    histories = ground.histories
    on = plane(process, ground)
    targets = list(standard_targets(process, histories, weighting=weighting))
    k = 2
    while targets[-1].dimension:
        targets.append(beyond_target(process, histories, weighting=weighting, horizon=k))
        k += 1
    kept = [target for target in targets if target.dimension]
    loads = [(step, _loader(path)) for step, path in found.checkpoints]
    with progress_bar(len(loads)) as (advance, _):
        watched = watch_checkpoints(
            loads,
            histories,
            [Target("picture", on.coordinates), *kept],
            sites,
            split=ground.splits[0],
            weighting=weighting,
            probe=ground.probe,
            advance=lambda step: advance(1),
        )
    recorded = found.recorded
    about = f"{recorded['predictor']} on {recorded['process']}"
    title = f"{about}, seed {recorded['seed']}"
    course = Course(title, about, watched, on, shown(ground), histories.weight(weighting))
    return course, [target.name for target in kept]


def _loader(path: Path) -> Any:
    return lambda: load_network(path)


def _default_sites(found: FinishedRun) -> list[str]:
    """The layers, evenly chosen where there are more than four."""
    layers = [name for name in found.model().sites if name.count(".") == 1 and name.startswith("layer.")]
    if not layers:
        raise Misused(
            f"{found.recorded['predictor']} has no layer.i: name a --site of {', '.join(found.model().sites)}"
        )
    return layers if len(layers) <= 4 else [layers[round(i * (len(layers) - 1) / 3)] for i in range(4)]


def _record(found: FinishedRun, watched: "Watched", weighting: str) -> dict[str, Any]:
    """What was seen of one run."""
    from probes.dynamics import appearance

    names = dict.fromkeys((m.site, m.target) for m in watched.moments if m.target != "picture")
    return {
        "process": found.recorded["process"],
        "predictor": found.recorded["predictor"],
        "seed": found.recorded["seed"],
        "weighting": weighting,
        "appearance": [
            {"site": site, "target": target, "updates": appearance(watched.series(site, target))}
            for site, target in names
        ],
        "moments": [asdict(m) for m in watched.moments if m.target != "picture"],
        "turns": [asdict(turn) for turn in watched.turns],
    }


def _versions() -> dict[str, str]:
    from probes.comparison import versions

    return versions()


def _table(record: dict[str, Any]) -> str:
    """Each target at each site: its last score, when half of it was there, and the fixed probe's score then."""
    lines = [
        f"{'site':<10} {'target':<10} {'R² at the end':>13} {'half of it after':>17} {'fixed probe, half way':>22}"
    ]
    for each in record["appearance"]:
        curve = [m for m in record["moments"] if (m["site"], m["target"]) == (each["site"], each["target"])]
        when = "never" if each["updates"] is None else f"{each['updates']:,.0f} updates"
        middle = curve[len(curve) // 2]
        lines.append(
            f"{each['site']:<10} {each['target']:<10} {curve[-1]['refitted']:>13.3f} {when:>17} "
            f"{middle['fixed']:>10.3f} of {middle['refitted']:.3f}"
        )
    return "\n".join(lines)
