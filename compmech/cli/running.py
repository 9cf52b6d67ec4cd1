"""What commands that train have in common: the bar, the workers, the device, and how a training fails."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from compmech.cli.failure import Failed, Misused

__all__ = ["check_device", "command_line", "predictor_label", "progress_bar", "worked", "worker_count"]


def predictor_label(word: str) -> str:
    """`gru:width=32` as part of a file name."""
    return word.replace(":", "-").replace(",", "-").replace("=", "")


def check_device(device: str) -> None:
    """Raise Misused for a device that cannot be used here."""
    import torch

    try:
        torch.empty(1, device=device)
        usable = device != "meta"
    except (RuntimeError, AssertionError) as error:
        raise Misused(f"device {device!r} cannot be used here: {str(error).splitlines()[0]}") from error
    if not usable:
        raise Misused(f"device {device!r} holds no numbers: nothing can be trained on it")


@contextmanager
def worked() -> Iterator[None]:
    """Training that diverges, and workers that are killed or do not answer, are failed runs, said in one line."""
    from predictors import TrainingDiverged
    from probes.sweep.engine import EngineFailed

    try:
        yield
    except TrainingDiverged as error:
        raise Failed(f"training diverged: {error}") from error
    except EngineFailed as error:
        raise Failed(str(error)) from error


@contextmanager
def progress_bar(total: int) -> Iterator[tuple[Any, Any]]:
    """A bar on a terminal, else one line on standard error for every run that ends."""
    from tqdm import tqdm

    with tqdm(total=total, unit="step", unit_scale=True, smoothing=0.05, disable=not sys.stderr.isatty()) as bar:
        yield (
            bar.update,
            lambda line: bar.write(line, file=sys.stderr) if not bar.disable else print(line, file=sys.stderr),
        )


def worker_count(wanted: int | None) -> int:
    """As many as wanted, else one a core that this process may use."""
    return wanted or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else wanted or os.cpu_count() or 1


def command_line() -> str:
    """The command as the user could type it again."""
    return shlex.join(["compmech", *sys.argv[1:]])
