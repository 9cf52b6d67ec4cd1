"""`compmech train`: one network on one process or on data, which can be killed at any moment and go on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compmech.cli.arguments import NamedProcess, parse_process, parse_settings
from compmech.cli.data_files import DataFile, read_data, source_of
from compmech.cli.failure import INTERRUPTED, Failed, Misused, Stopped, misuse
from compmech.cli.finished_run import write_process
from compmech.cli.learning import learn
from compmech.cli.output import report_os_errors
from compmech.cli.run_folder import RunFolder
from compmech.cli.running import check_device, command_line, predictor_label, progress_bar

if TYPE_CHECKING:
    from predictors import Predictor, TrainingConfig, TrainingRecord
    from predictors.sources import Source

__all__ = ["add_training_commands"]


def add_training_commands(app: typer.Typer) -> None:
    """Put the commands of this file into the command line."""
    app.command("train")(train)
    app.command("learn")(learn)


def train(
    predictor: Annotated[str, typer.Option("--predictor", help="NAME or NAME:key=value,...")],
    length: Annotated[int, typer.Option(help="Symbols read.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the weights, the record and the state.")],
    process: Annotated[
        str | None, typer.Argument(help="NAME, NAME:key=value,... or machine.json.", show_default=False)
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Symbols in place of a process: integers in a .npy, or the characters of a .txt."),
    ] = None,
    held_out: Annotated[
        Path | None, typer.Option(help="More such symbols, to evaluate on; by default those of --data.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Updates; by default the preset ones of the process.")] = None,
    symbols: Annotated[float | None, typer.Option(help="Budget in symbols drawn, in place of steps.")] = None,
    flops: Annotated[
        float | None,
        typer.Option(help="Budget in floating-point operations, counted by the network or as 6 a parameter."),
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop when updates have taken so long.")] = None,
    stop_at_kl: Annotated[float | None, typer.Option(help="Stop at a KL to the optimum, in nats.")] = None,
    batch: Annotated[int, typer.Option(help="Sequences an update.")] = 128,
    lr: Annotated[float | None, typer.Option(help="Peak learning rate; by default the recorded one.")] = None,
    clip: Annotated[
        float | None, typer.Option(help="Largest norm of the gradient; by default the recorded one. inf: no bound.")
    ] = None,
    optimiser: Annotated[str, typer.Option(help="adamw, sgd or muon.")] = "adamw",
    momentum: Annotated[float, typer.Option(help="Of sgd and muon.")] = 0.9,
    schedule: Annotated[
        str, typer.Option(help="cosine, linear, constant, one-cycle or warmup-stable-decay.")
    ] = "cosine",
    targets: Annotated[str, typer.Option(help="sampled, or exact: the process's own predictions.")] = "sampled",
    checkpoints: Annotated[int, typer.Option(help="How many log-spaced checkpoints to keep.", min=0)] = 0,
    eval_every: Annotated[int | None, typer.Option(help="Updates between evaluations.")] = None,
    snapshot_every: Annotated[int | None, typer.Option(help="Updates between states to resume from.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Of weights and data: same seed, same machine, same bytes.", min=0)] = 0,
    device: Annotated[str, typer.Option(help="Where the network lives, in torch's words.")] = "cpu",
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an earlier run stopped or was killed.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin anew in a folder that holds a run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print training.json instead of a summary.")] = False,
) -> None:
    """Train one network on one process, or on the symbols of a file.

    A .npy file (time,) and each line of a .txt file is a document, of which windows are drawn; the rows of a .npy file
    (seq, time) are whole sequences, read from their start.
    """
    from probes.presets import clip as preset_clip

    if resume and overwrite:
        raise Misused("--resume goes on and --overwrite begins anew: give one of them")
    named, apart = _symbols_of(process, data, held_out)
    check_device(device)
    budget = {"steps": steps, "symbols": symbols, "flops": flops}
    run = _run_of(named, apart, predictor, length, batch, lr, seed, budget)
    settings = {
        "clip": clip if clip is not None else preset_clip(named.label, run.kind),
        "optimiser": optimiser,
        "momentum": momentum,
        "schedule": schedule,
        "targets": targets,
        "max_seconds": seconds,
        "stop_at_kl": stop_at_kl,
    }
    config = _config(run, settings, eval_every, checkpoints)
    described = _described(run, config, device, dtype)
    with report_os_errors(f"cannot write to the output folder {out}"):
        folder = RunFolder.prepared(out, described, resume=resume, overwrite=overwrite)
        record, text = _trained_and_recorded(run, config, folder, device=device, dtype=dtype, every=snapshot_every)
    print(text if as_json else "\n".join(_summary(run, record, folder)))


def _symbols_of(
    process: str | None, data: Path | None, held_out: Path | None
) -> tuple[NamedProcess | DataFile, DataFile | None]:
    """What to train on, and a file to evaluate on if one is given."""
    if (process is None) == (data is None):
        raise Misused("train on one thing: a process, or a file with --data")
    if process is not None:
        if held_out is not None:
            raise Misused("--held-out goes with --data: of a process fresh words are drawn to evaluate on")
        return parse_process(process), None
    assert data is not None
    file = read_data(data)
    return file, None if held_out is None else read_data(held_out, alphabet=file.alphabet)


def _trained_and_recorded(
    run: "_TrainRun", config: "TrainingConfig", folder: RunFolder, *, device: str, dtype: str, every: int | None
) -> tuple["TrainingRecord", str]:
    """Train, or go on, and leave weights and record in the folder: the record, and training.json as it is there."""
    if isinstance(run.named, NamedProcess):
        write_process(run.named, folder.path)
    with misuse(), folder.alone():
        record = _train(run, config, folder, device=device, dtype=dtype, every=every)
    text = json.dumps({**folder.described, "command": command_line(), **_found(run, record)}, indent=1)
    folder.write("training.json", f"{text}\n".encode())
    return record, text


def _summary(run: "_TrainRun", record: "TrainingRecord", folder: RunFolder) -> list[str]:
    """The lines that people get."""
    final = record.final
    beside = "" if final.mean_kl is None else f", KL to the optimum {final.mean_kl:.3g} nats"
    if isinstance(run.named, DataFile):
        beside = ", of symbols that it was trained on" if run.held_out is None else ", of the held-out file"
    return [
        f"{run.named.title}, {run.label}: loss {final.loss:.6g} nats{beside}",
        f"{record.updates} updates, {record.symbols_seen:,} symbols, {record.seconds:.1f} s; ended by {record.stopped}",
        *(f"  {folder.path / name}" for name in folder.written),
    ]


@dataclass(frozen=True, eq=False)
class _TrainRun:
    """What is to be trained on what."""

    named: NamedProcess | DataFile
    source: "Source"
    held_out: "Source | None"
    label: str
    kind: str
    model: "Predictor"
    length: int
    batch: int
    steps: int
    lr: float
    lr_from: str
    seed: int


def _run_of(
    named: NamedProcess | DataFile,
    apart: DataFile | None,
    word: str,
    length: int,
    batch: int,
    lr: float | None,
    seed: int,
    budget: dict[str, Any],
) -> _TrainRun:
    import torch

    from predictors.budgets import flops_per_symbol, steps_within
    from probes.candidates import candidate, make
    from probes.presets import ASKED, learning_rate
    from probes.presets import steps as preset_steps

    given = [name for name, value in budget.items() if value is not None]
    if len(given) > 1:
        raise Misused(f"one budget, please: {' and '.join('--' + name for name in given)} are given")
    name, own = parse_settings(word)
    with misuse():
        chosen = candidate(name, own, label=predictor_label(word))
        if chosen.is_baseline:
            raise Misused(f"{name} is not trained by gradient")
        if length < 1 or batch < 1:
            raise Misused(f"length and batch must be at least 1; got {length} and {batch}")
        alphabet = named.alphabet if isinstance(named, DataFile) else named.process.alphabet
        source: Source = source_of(named, length) if isinstance(named, DataFile) else named.process
        held_out = None if apart is None else source_of(apart, length)
        model = make(chosen, len(alphabet), length, rng=torch.Generator().manual_seed(seed))
        if not isinstance(model, torch.nn.Module):
            raise Misused(f"{name} is not trained by gradient")
        if budget["symbols"] is not None or budget["flops"] is not None:
            steps = steps_within(
                batch=batch,
                length=length,
                symbols=budget["symbols"],
                flops=budget["flops"],
                flops_per_symbol=flops_per_symbol(model, length)[0],
            )
        else:
            steps = budget["steps"] if budget["steps"] is not None else preset_steps(named.label)
    rate, where = learning_rate(named.label, chosen.kind)
    asked = lr if lr is not None else chosen.learning_rate
    if asked is not None:
        rate, where = asked, ASKED
    return _TrainRun(named, source, held_out, chosen.label, chosen.kind, model, length, batch, steps, rate, where, seed)


def _config(run: _TrainRun, settings: dict[str, Any], eval_every: int | None, checkpoints: int) -> "TrainingConfig":
    from predictors import TrainingConfig
    from predictors.schedules import log_spaced
    from probes import presets

    every = eval_every if eval_every is not None else presets.eval_every(run.steps)
    with misuse():
        times = log_spaced(checkpoints, run.steps) if checkpoints else ()
        return TrainingConfig(
            length=run.length,
            steps=run.steps,
            batch=run.batch,
            lr=run.lr,
            eval_every=every,
            checkpoints=times,
            **settings,
        )


def _described(run: _TrainRun, config: "TrainingConfig", device: str, dtype: str) -> dict[str, Any]:
    """What a run that goes on must have been told, too."""
    from dataclasses import asdict

    from predictors.training_record import as_json

    if dtype not in ("float32", "float64"):
        raise Misused(f"--dtype is float32 or float64; got {dtype!r}: in less, small updates are lost in rounding")
    return {
        "process": run.named.title,
        **({"symbols": list(run.named.alphabet)} if isinstance(run.named, DataFile) else {}),
        "predictor": run.label,
        "seed": run.seed,
        "device": device,
        "dtype": dtype,
        "lr_from": run.lr_from,
        "config": as_json(asdict(config)),
    }


def _train(
    run: _TrainRun, config: "TrainingConfig", folder: RunFolder, *, device: str, dtype: str, every: int | None
) -> "TrainingRecord":
    import numpy as np
    import torch

    from predictors import TrainingDiverged
    from predictors import train as train_network

    begun = folder.latest()
    start = 0 if begun is None else begun.step
    with progress_bar(config.steps) as (advance, _), _resumable(folder):
        advance(start)
        try:
            record = train_network(
                run.model,
                run.source,
                config,
                held_out=run.held_out,
                rng=np.random.default_rng(run.seed),
                device=device,
                dtype=getattr(torch, dtype),
                progress=lambda step, steps, loss: advance(1),
                on_checkpoint=lambda step, model: folder.save(model, f"checkpoints/step-{step:08d}.safetensors"),
                on_snapshot=folder.keep,
                snapshot_every=every,
                resume=begun,
            )
        except TrainingDiverged as error:
            folder.save(run.model, "last-good.safetensors")
            kept = " last-good.safetensors holds them." if "last-good.safetensors" in folder.written else ""
            raise Failed(f"{error}{kept}") from error
    folder.save(run.model, "model.safetensors")
    return record


def _found(run: _TrainRun, record: "TrainingRecord") -> dict[str, Any]:
    import torch

    from predictors import n_parameters
    from predictors.budgets import flops_per_symbol
    from probes.comparison import versions

    assert isinstance(run.model, torch.nn.Module)
    each, how = flops_per_symbol(run.model, run.length)
    spent = {"flops": each * record.symbols_seen, "flops_from": how}
    return {"parameters": n_parameters(run.model), **spent, "record": record.to_dict(), "versions": versions()}


@contextmanager
def _resumable(folder: RunFolder) -> Iterator[None]:
    """Ctrl-C and other signals leave a run that goes on with --resume, and it is said."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(_left(folder, "Ctrl-C"), INTERRUPTED) from None
    except SystemExit as stopped:
        if isinstance(stopped.code, int) and stopped.code > 128:
            raise Stopped(_left(folder, f"signal {stopped.code - 128}"), stopped.code) from None
        raise


def _left(folder: RunFolder, by: str) -> str:
    return f"stopped by {by}; {folder.path} holds the state after {folder.step} updates: --resume goes on from there"
