"""`compmech compare`, `compmech demo`, `compmech rates`: train, probe, and leave a folder that a person can read."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compmech.cli.arguments import NamedProcess, parse_process, parse_settings
from compmech.cli.engines import Executor, engine_of, trackers_of
from compmech.cli.experiment import OPTIONS, predictor_table, process_table, resolve
from compmech.cli.experiment_file import Document
from compmech.cli.failure import Failed, Misused, misuse, unreadable
from compmech.cli.output import output_file, output_folder, report_os_errors
from compmech.cli.planning import plan
from compmech.cli.running import check_device, command_line, predictor_label, progress_bar, worked, worker_count
from compmech.cli.sweep_progress import resumable, sweep_progress
from compmech.cli.written_report import write_report

if TYPE_CHECKING:
    from probes.comparison import ComparisonSpec
    from probes.results import Comparison, Run
    from probes.store import Store
    from probes.sweep.engine import Engine

__all__ = ["add_comparing_commands", "parse_subject", "specification"]

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write; it appears when everything is done.")]
Seed = Annotated[int, typer.Option(help="Of all randomness: same seed, same machine, same rows.", min=0)]
Workers = Annotated[int | None, typer.Option(help="Processes at work at once; by default one a core.", min=1)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the files of an earlier run, and no others.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print results.json instead of the table.")]


def add_comparing_commands(app: typer.Typer) -> None:
    """Put the commands of this file into the command line."""
    app.command("compare")(compare)
    app.command("demo")(demo)
    app.command("rates")(rates)


def compare(
    experiment: Annotated[
        Path | None, typer.Argument(metavar="[EXPERIMENT.toml]", help="What to compare; options win over its keys.")
    ] = None,
    process: Annotated[
        list[str] | None,
        typer.Option("--process", help="NAME, NAME:key=value,... or machine.json; may be given again."),
    ] = None,
    predictor: Annotated[
        list[str] | None,
        typer.Option("--predictor", help="NAME or NAME:key=value,... (lr is the learning rate); may be given again."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder to write; by default named like the experiment file."),
    ] = None,
    length: Annotated[int | None, typer.Option(help="Symbols read, of all processes.")] = None,
    assign: Annotated[
        list[str] | None, typer.Option("--set", help="A key of the experiment, as training.steps=500; again.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, what of it is, and do nothing.")
    ] = False,
    seeds: Annotated[int | None, typer.Option(help="Repetitions with other weights and training data; 1.")] = None,
    steps: Annotated[
        int | None, typer.Option(help="Training steps of every network; by default the preset ones of each process.")
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Sequences a step.")] = None,
    lr: Annotated[float | None, typer.Option(help="One peak learning rate for all networks.")] = None,
    max_histories: Annotated[
        int | None, typer.Option(help="Of each process; more are sampled. 0: all there are. By default 20,000.")
    ] = None,
    site: Annotated[list[str] | None, typer.Option("--site", help="Probe only this site; may be given again.")] = None,
    probe: Annotated[
        list[str] | None,
        typer.Option(
            "--probe",
            help="Beside ridge: reduced-rank, logistic, simplex, kernel, description-length; may be given again.",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            help="Beside belief, next and beyond: beyond-k, state, position, constrained, log-odds, unidentifiable, "
            "last-3, order-2 (any number); may be given again.",
        ),
    ] = None,
    control: Annotated[
        list[str] | None, typer.Option("--control", help="Beside the standing ones: geometric-shuffle.")
    ] = None,
    transfer: Annotated[
        list[str] | None,
        typer.Option("--transfer", help="Process whose beliefs are read as a control, as for --process; again."),
    ] = None,
    twins: Annotated[int | None, typer.Option(help="Untrained twins of every network; 1.")] = None,
    jointly: Annotated[bool | None, typer.Option("--jointly", help="Also probe all layers side by side.")] = None,
    permutations: Annotated[int | None, typer.Option(help="Of the targets, for p-values; 0: none.")] = None,
    by_position: Annotated[
        bool | None, typer.Option("--by-position", help="Also record scores at every position.")
    ] = None,
    extract: Annotated[
        bool | None, typer.Option("--extract", help="Also find the machine that every network has learned.")
    ] = None,
    edits: Annotated[
        list[str] | None,
        typer.Option("--edits", help="Of every network: carry, 'rows<=t', 'row t'; may be given again. None."),
    ] = None,
    edit_kind: Annotated[
        list[str] | None,
        typer.Option("--edit-kind", help="What edits put in; may be given again. By default transplant and belief."),
    ] = None,
    edit_cases: Annotated[int | None, typer.Option(help="How many edits of each are drawn; 64.")] = None,
    checkpoints: Annotated[
        int | None, typer.Option(help="How many log-spaced checkpoints of every training are scored; 0: none.")
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            help="Folder that keeps every finished cell, to be found there instead of done again: after a stop, by "
            "another comparison, or by a second process at the same time. Of an experiment file NAME.toml: NAME.store."
        ),
    ] = None,
    executor: Executor = "loky",
    scheduler: Annotated[str | None, typer.Option(help="Of --executor dask: its address, tcp://HOST:PORT.")] = None,
    log: Annotated[
        list[str] | None, typer.Option("--log", help="Also to tensorboard, mlflow or wandb; may be given again.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Where networks live, in torch's words; cpu.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of all randomness: same seed, same machine, same rows; 0.")] = None,
    workers: Workers = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Train predictors on processes, probe their states against the belief states, and report.

    What is compared is said by an experiment file, by options, or by both. With a store, what was finished is found
    there, and a stopped comparison goes on by the same command.
    """
    given = {name: value for name, value in locals().items() if name in OPTIONS}
    document = Document({}) if experiment is None else Document.read(experiment)
    _say_options(document, process, predictor, length, given)
    for word in assign or ():
        document.assign(word)
    missing = [name for name in ("process", "predictor") if name not in document.content]
    if missing and document.path is None:
        raise Misused("nothing to compare: give an experiment file, or --process and --predictor")
    if missing:
        raise Misused(f"{document.path}: there is no {missing[0]}: write [[{missing[0]}]], or give --{missing[0]}")
    name = "" if experiment is None else experiment.stem.strip(".")  # of ...toml nothing is left to name a folder
    if out is None and not name and not dry_run:
        raise Misused("name the folder to write: --out FOLDER")
    asked = resolve(document)
    if name:
        store = store or Path(f"{name}.store")
    if dry_run:
        plan(asked, store, workers=worker_count(workers), as_json=as_json)
        return
    _run(
        asked.spec,
        out or Path(name),
        seed=asked.seed,
        source=document.text,
        engine=engine_of(executor, scheduler, workers),
        overwrite=overwrite or out is None,  # then it is the folder of this file's own runs
        as_json=as_json,
        store=store,
        logs=log or (),
    )


def _say_options(
    document: Document,
    processes: list[str] | None,
    predictors: list[str] | None,
    length: int | None,
    given: dict[str, Any],
) -> None:
    """Put what options say into the document."""
    if processes:
        document.put(("process",), [process_table(word) for word in processes], "--process")
    if predictors:
        document.put(("predictor",), [predictor_table(word) for word in predictors], "--predictor")
    if length is not None:
        tables = document.content.get("process", [])
        for n in range(len(tables) if isinstance(tables, list) else 0):
            document.put(("process", n, "length"), length, "--length")
    for name, value in given.items():
        if value is not None:
            document.put(tuple(OPTIONS[name].split(".")), value, f"--{name.replace('_', '-')}")


def demo(
    out: Out = Path("demo"),
    seed: Seed = 0,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Compare transformer, LSTM, GRU and Mamba on Mess3 and RRXOR: a few minutes on a laptop."""
    subjects = [(parse_process("mess3"), 10), (parse_process("rrxor"), 16)]
    spec = specification(subjects, ["transformer", "lstm", "gru", "mamba", "k-gram", "uniform", "bayes"])
    _run(spec, out, seed=seed, engine=engine_of("loky", None, workers), overwrite=True, as_json=as_json)


def rates(
    out: Annotated[Path, typer.Option("--out", "-o", help="JSON file to write.")],
    process: Annotated[
        list[str], typer.Option("--process", help="NAME@LENGTH; may be given again. NAME as for compare.")
    ] = ["mess3@10", "rrxor@16"],  # noqa: B006 - read only
    predictor: Annotated[list[str], typer.Option("--predictor", help="May be given again.")] = [  # noqa: B006
        "transformer",
        "lstm",
        "gru",
        "mamba",
    ],
    steps: Annotated[
        int | None, typer.Option(help="Training steps of every run: by default the preset ones of each process.")
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Sequences a step.")] = None,
    rate: Annotated[
        list[float] | None, typer.Option(help="A peak rate to try; may be given again. Six by default.")
    ] = None,
    clip: Annotated[
        list[float] | None,
        typer.Option(help="A largest norm of the gradient to try; may be given again. Two by default."),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Runs of every rate, with other weights and data.", min=1)] = 1,
    widen: Annotated[
        int, typer.Option(help="How often a grid may grow by a rate where the best is at its edge.", min=0)
    ] = 0,
    update: Annotated[
        bool, typer.Option("--update", help="Keep what the file holds of other processes and predictors.")
    ] = False,
    seed: Seed = 1000,
    workers: Workers = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file written instead of the best rates.")] = False,
) -> None:
    """Choose learning rates: train every architecture with each of several peak rates at equal budget."""
    from probes.presets import CLIPS, RATES
    from probes.rates import RateTrial, concluded, replaced, sweep, widened
    from probes.results import write_text

    subjects = [parse_subject(word) for word in process]
    spec = specification(subjects, predictor, steps=steps, batch=batch)
    untrained = [candidate.label for candidate in spec.candidates if candidate.is_baseline]
    if untrained:
        raise Misused(f"{', '.join(untrained)}: nothing to choose a learning rate for")
    fixed = [candidate.label for candidate in spec.candidates if candidate.learning_rate is not None]
    if fixed:
        raise Misused(f"{', '.join(fixed)}: lr is what the sweep chooses; leave it out")
    with misuse():
        trials = RateTrial.grid(
            spec, seeds=range(seed, seed + seeds), rates=sorted(set(rate or RATES)), clips=sorted(set(clip or CLIPS))
        )
    commands, rows = _earlier_rates(out) if update else ([], [])
    with output_file(out) as path:
        with progress_bar(sum(trial.training.steps for trial in trials)) as (advance, say), misuse(), worked():
            found_rows = sweep(trials, workers=worker_count(workers), advance=advance, done=say)
            for _ in range(widen):
                more = widened(trials, found_rows)
                found_rows += sweep(more, workers=worker_count(workers), advance=advance, done=say)
            rows = replaced(rows, found_rows)
        found = concluded(rows)
        text = json.dumps({"commands": [*commands, command_line()], **found}, indent=1) + "\n"
        with report_os_errors(f"cannot write {out}"):
            write_text(path, text)
    print(text if as_json else "\n".join(found["best_lines"]), end="" if as_json else "\n")


def _earlier_rates(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    with unreadable(path):
        text = path.read_text()
    try:
        found = json.loads(text)
        return list(found["commands"]), list(found["rows"])
    except (ValueError, KeyError, TypeError):
        raise Misused(f"{path} is no file of an earlier sweep: leave --update out to write it anew") from None


# ----------------------------------------------------------------------------------------------------------------
# helpers


def parse_subject(word: str) -> tuple[NamedProcess, int]:
    """`rrxor@16` as a process and a length."""
    name, _, length = word.rpartition("@")
    if not name or not (length.isascii() and length.isdigit()):
        raise Misused(f"{word!r}: write NAME@LENGTH, as in rrxor@16")
    return parse_process(name), int(length)


def specification(subjects: list[tuple[NamedProcess, int]], predictors: list[str], **settings: Any) -> "ComparisonSpec":
    """Processes, each with its length, predictors as the user typed them, and the settings that were given."""
    from probes.candidates import candidate
    from probes.comparison import ComparisonSpec, Subject
    from probes.further import Further

    renamed = {"lr": "learning_rate"}
    given = {
        renamed.get(key, key): value for key, value in settings.items() if value is not None or key == "max_histories"
    }
    check_device(str(settings.get("device", "cpu")))
    with misuse():
        chosen = []
        for word in predictors:
            name, own = parse_settings(word)
            chosen.append(candidate(name, own, label=predictor_label(word)))
        if "further" in given:
            given["further"] = Further(**given["further"])
        return ComparisonSpec(
            subjects=tuple(Subject(p.label, p.title, p.process, length) for p, length in subjects),
            candidates=tuple(chosen),
            **given,
        )


def _run(
    spec: "ComparisonSpec",
    out: Path,
    *,
    seed: int,
    engine: "Engine",
    overwrite: bool,
    as_json: bool,
    source: str = "",
    store: Path | None = None,
    logs: Sequence[str] = (),
) -> None:
    import numpy as np

    from probes.comparison import CellsFailed
    from probes.comparison import compare as run_comparison
    from probes.results import write_files
    from probes.sweep.loggers import JsonLines

    kept = None if store is None else _store(store)
    trackers = trackers_of(logs, store)
    failed = None
    with output_folder(out, overwrite=overwrite) as folder:
        checkpoints: list[str] = []
        where = f"cannot write to the output folder {out}"

        def done(run: "Run", checkpoint: bytes | None) -> None:
            if checkpoint is not None:
                checkpoints.append(f"{run.process}-{run.predictor}-{run.seed}.safetensors")
                with report_os_errors(where):
                    (folder / "checkpoints").mkdir(exist_ok=True)
                    write_files(folder / "checkpoints", {checkpoints[-1]: checkpoint})

        keeping = nullcontext() if store is None else report_os_errors(f"cannot write to the store {store}")
        with sweep_progress(spec.total_steps) as progress, misuse(), worked(), resumable(store, progress), keeping:
            try:
                comparison = run_comparison(
                    spec,
                    rng=np.random.default_rng(seed),
                    engine=engine,
                    command=command_line(),
                    source=source,
                    advance=progress.advance,
                    done=done,
                    store=kept,
                    loggers=[progress, JsonLines(folder / "log.jsonl" if kept is None else kept.log), *trackers],
                )
            except CellsFailed as error:
                failed = str(error)
                if error.comparison is None:
                    raise Failed(failed) from error
                comparison = error.comparison
        with report_os_errors(where):
            comparison, files = write_report(comparison, folder)
    _conclude(comparison, out, files, len(checkpoints), as_json=as_json)
    if failed is not None:
        rest = "" if store is None else "; the others are kept, and the same command tries these again"
        raise Failed(f"{failed.rstrip('.')}{rest}")


def _store(folder: Path) -> "Store":
    from probes.store import Store

    with report_os_errors(f"cannot write to the store {folder}"), misuse():
        return Store(folder)


def _conclude(comparison: "Comparison", out: Path, files: list[Path], checkpoints: int, *, as_json: bool) -> None:
    from probes.report import terminal_table

    if as_json:
        print(comparison.to_json())
        return
    print(terminal_table(comparison))
    for note in comparison.notes:
        print(f"note: {note}")
    print("\nwritten:")
    for file in files:
        print(f"  {out / file}")
    if checkpoints:
        print(f"  {out / 'checkpoints'}: the weights of {checkpoints} networks")
