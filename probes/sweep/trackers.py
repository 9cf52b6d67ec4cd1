"""Loggers of other projects behind the one interface: TensorBoard, MLflow, Weights & Biases. Each is an extra.

All write into a folder, and none to a network: what they leave can be looked at, or sent, later.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from probes.sweep.loggers import Begun, EndedCell, FailedCell

__all__ = ["TRACKERS", "MLflow", "TensorBoard", "Tracker", "WandB"]


@runtime_checkable
class Tracker(Protocol):
    """A logger that is made from the folder it writes to."""

    package: ClassVar[str]

    def __init__(self, folder: Path) -> None: ...

    def begin(self, sweep: Begun) -> None: ...

    def cell(self, ended: EndedCell) -> None: ...

    def failed(self, failure: FailedCell) -> None: ...

    def close(self) -> None: ...


def _numbers(ended: EndedCell) -> dict[str, float]:
    """What a cell came to, as far as it is numbers."""
    found = {name: getattr(ended.metrics, name) for name in ("kl", "score", "low", "high", "seconds", "parameters")}
    return {name: float(value) for name, value in found.items() if value is not None}


class TensorBoard:
    """A run for each network: its learning curve over symbols seen, and what it came to.

    Raises:
        OSError: if the folder cannot be written.
    """

    package: ClassVar[str] = "tensorboard"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def begin(self, sweep: Begun) -> None:
        """Nothing: runs are made as cells end."""

    def cell(self, ended: EndedCell) -> None:
        """One run."""
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(self._folder / _file_name(ended)))
        try:
            for symbols, kl in ended.curve:
                writer.add_scalar("KL to the optimum, nats", kl, symbols)
            for name, value in _numbers(ended).items():
                writer.add_scalar(f"end/{name}", value, ended.metrics.symbols_seen)
        finally:
            writer.close()

    def failed(self, failure: FailedCell) -> None:
        """Nothing: there is nothing to draw."""

    def close(self) -> None:
        """Nothing: each run is closed when it is written."""


class MLflow:
    """An MLflow run for each cell, in files in the folder: `mlflow ui --backend-store-uri FOLDER` shows them."""

    package: ClassVar[str] = "mlflow"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._experiment = folder, ""
        self._client: Any = None

    def begin(self, sweep: Begun) -> None:
        """Make the experiment."""
        from mlflow import MlflowClient

        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        self._client = MlflowClient(tracking_uri=self._folder.as_uri())
        there = self._client.get_experiment_by_name("compmech")
        self._experiment = there.experiment_id if there else self._client.create_experiment("compmech")

    def cell(self, ended: EndedCell) -> None:
        """One run, with its settings as parameters."""
        from mlflow.entities import Metric, Param

        run = self._client.create_run(self._experiment, run_name=ended.name)
        metrics = [Metric("kl_nats", kl, 0, symbols) for symbols, kl in ended.curve]
        metrics += [Metric(f"end.{name}", value, 0, 0) for name, value in _numbers(ended).items()]
        parameters = [Param(name, str(value)[:500]) for name, value in _plain(ended.asked).items()]
        self._client.log_batch(run.info.run_id, metrics=metrics, params=parameters)
        self._client.set_terminated(run.info.run_id)

    def failed(self, failure: FailedCell) -> None:
        """One run that failed."""
        run = self._client.create_run(self._experiment, run_name=failure.name)
        self._client.set_tag(run.info.run_id, "error", failure.error)
        self._client.set_terminated(run.info.run_id, status="FAILED")

    def close(self) -> None:
        """Nothing: each run is ended when it is written."""


class WandB:
    """An offline run of Weights & Biases for each cell: `wandb sync FOLDER/wandb/offline-run-*` sends them."""

    package: ClassVar[str] = "wandb"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def begin(self, sweep: Begun) -> None:
        """Nothing: runs are made as cells end."""

    def cell(self, ended: EndedCell) -> None:
        """One run, with its settings as its configuration."""
        run = self._run(ended.name, _plain(ended.asked))
        for symbols, kl in ended.curve:
            run.log({"kl_nats": kl, "symbols": symbols})
        run.summary.update(_numbers(ended))
        run.finish()

    def failed(self, failure: FailedCell) -> None:
        """One run that failed."""
        run = self._run(failure.name, {"error": failure.error})
        run.finish(exit_code=1)

    def close(self) -> None:
        """Nothing: each run is finished when it is written."""

    def _run(self, name: str, config: dict[str, Any]) -> Any:
        import wandb

        quiet = wandb.Settings(mode="offline", silent=True, console="off", disable_git=True, x_disable_stats=True)
        return wandb.init(project="compmech", name=name, config=config, dir=self._folder, settings=quiet)


TRACKERS: Mapping[str, type[Tracker]] = {"tensorboard": TensorBoard, "mlflow": MLflow, "wandb": WandB}
"""By the name of their extra."""


def _plain(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}


def _file_name(ended: EndedCell) -> str:
    name = "".join(c if c.isalnum() or c in "._-" else "-" for c in ended.name.replace(", ", "-"))
    return f"{name}-{ended.key[:8]}" if ended.key else name
