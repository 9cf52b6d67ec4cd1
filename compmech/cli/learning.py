"""`compmech learn`: how well, and how fast, each architecture learns each process."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from compmech.cli.comparing import parse_subject, specification
from compmech.cli.failure import INTERRUPTED, Misused, Stopped, misuse, unreadable
from compmech.cli.output import output_file, report_os_errors
from compmech.cli.running import command_line, progress_bar, worked, worker_count

__all__ = ["LEARNT", "learn"]

LEARNT = ("mess3@10", "rrxor@64", "z1r@16", "even@16", "frdn@16", "parity_check:n=3@24")
"""Processes and lengths by default: one that a last symbol nearly tells, and parities that long histories do."""


def learn(
    out: Annotated[Path, typer.Option("--out", "-o", help="JSON file to write; it grows with every run that ends.")],
    process: Annotated[
        list[str] | None, typer.Option("--process", help="NAME@LENGTH; may be given again. Six by default.")
    ] = None,
    predictor: Annotated[
        list[str] | None,
        typer.Option("--predictor", help="May be given again. All architectures and the baselines by default."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Training steps of every network; by default the preset ones.")
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Sequences a step.")] = None,
    lr: Annotated[float | None, typer.Option(help="One peak learning rate for all networks.")] = None,
    seeds: Annotated[int, typer.Option(help="Repetitions with other weights and other data.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Of all randomness.", min=0)] = 0,
    workers: Annotated[
        int | None, typer.Option(help="Processes at work at once; by default one a core.", min=1)
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the rows of the file and make those that lack.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file instead of a table.")] = False,
) -> None:
    """Train every architecture on every process at equal budget: KL by position, symbols seen, seconds."""
    from predictors import CONFIGS
    from probes.baselines import BASELINES
    from probes.learning import LearningTrial, identity, learning_table, summary
    from probes.learning import learn as run_trials
    from probes.results import write_text

    subjects = [parse_subject(word) for word in process or LEARNT]
    words = predictor or [*CONFIGS, *BASELINES]
    spec = specification(subjects, words, steps=steps, batch=batch, learning_rate=lr, seeds=seeds)
    trials = LearningTrial.grid(spec, entropy=seed)
    commands, rows = _earlier(out) if resume else ([], [])
    commands = [*commands, command_line()]
    order = {_key(identity(trial)): place for place, trial in enumerate(trials)}
    known = {_key(row) for row in rows}
    missing = [trial for trial in trials if _key(identity(trial)) not in known]
    with output_file(out) as path:

        def text() -> str:
            ordered = sorted(rows, key=lambda row: order.get(_key(row), -1))  # earlier rows first, as they were
            return json.dumps({"commands": commands, **summary(ordered)}, indent=1, allow_nan=False) + "\n"

        def done(row: dict[str, Any]) -> None:
            rows.append(_in_json(row))
            with report_os_errors(f"cannot write {out}"):
                write_text(path, text())
            mean = row["mean_kl_nats"]
            reached = f"diverged at step {row['diverged']}" if mean is None else f"KL {mean:.2g} nats"
            say(f"{row['process']}, {row['predictor']}, seed {row['seed']}: {reached} in {row['seconds']:.0f} s")

        total = sum(trial.training.steps for trial in missing)
        with progress_bar(total) as (advance, say), misuse(), worked(), _rows_kept(out, rows):
            run_trials(missing, workers=worker_count(workers), advance=advance, done=done)
        with report_os_errors(f"cannot write {out}"):
            write_text(path, text())
    if as_json:
        print(text(), end="")
    else:
        print(learning_table(json.loads(text())["rows"]))


def _key(row: dict[str, Any]) -> str:
    """What a row is of, to be compared."""
    from probes.learning import IDENTITY

    return json.dumps({name: row.get(name) for name in IDENTITY}, sort_keys=True)


def _in_json(value: Any) -> Any:
    from predictors.training_record import as_json

    return as_json(value)


@contextmanager
def _rows_kept(out: Path, rows: list[dict[str, Any]]) -> Iterator[None]:
    """Ctrl-C leaves the rows that are done, and it is said."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(
            f"stopped by Ctrl-C; {out} holds {len(rows)} rows: --resume makes the rest", INTERRUPTED
        ) from None


def _earlier(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    if not path.exists():
        return [], []
    with unreadable(path):
        text = path.read_text(errors="replace")
    try:
        found = json.loads(text)
        return list(found["commands"]), [dict(row) for row in found["rows"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Misused(
            f"{path} is no file of an earlier run of this command: leave --resume out to write it anew"
        ) from None
