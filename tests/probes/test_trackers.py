"""Loggers of other projects, each where it is installed: what they are told can be read back from their folder."""

from pathlib import Path

import pytest

from probes.sweep.loggers import Begun, EndedCell, FailedCell
from probes.sweep.metrics import Metrics
from probes.sweep.trackers import TRACKERS, MLflow, TensorBoard, WandB

METRICS = Metrics(
    piece="predictor",
    process="mess3",
    predictor="gru",
    seed=0,
    length=8,
    steps=2,
    parameters=99,
    symbols_seen=80,
    kl=0.125,
    target="belief",
    score=0.75,
    low=0.5,
    high=1.0,
    site="final",
    seconds=2.0,
    cell_seconds=3.0,
)
ENDED = EndedCell(
    "mess3, gru, seed 0",
    "0123456789abcdef",
    {"process": "mess3", "seed": 0, "k": None},
    [(0, 1.0), (80, 0.125)],
    METRICS,
)


def tell(logger: TensorBoard | MLflow | WandB) -> None:
    """All that happens in a sweep of two cells, of which one fails."""
    logger.begin(Begun(2, 0, {"seeds": 1}))
    logger.cell(ENDED)
    logger.failed(FailedCell("mess3, gru, seed 1", "", "ValueError: no"))
    logger.close()


def test_tensorboard_has_the_curve_and_the_end(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    tell(TensorBoard(tmp_path / "board"))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (folder,) = (tmp_path / "board").iterdir()
    assert folder.name == "mess3-gru-seed-0-01234567"
    read = EventAccumulator(str(folder))
    read.Reload()
    assert [(point.step, point.value) for point in read.Scalars("KL to the optimum, nats")] == [(0, 1.0), (80, 0.125)]
    assert [point.value for point in read.Scalars("end/score")] == [0.75]


def test_mlflow_has_settings_metrics_and_failures(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    logger = MLflow(tmp_path / "flow")
    tell(logger)
    tell(MLflow(tmp_path / "flow"))  # a second sweep goes to the same place
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=(tmp_path / "flow").as_uri())
    experiment = client.get_experiment_by_name("compmech")
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.status for run in runs) == ["FAILED", "FAILED", "FINISHED", "FINISHED"]
    run = next(run for run in runs if run.info.status == "FINISHED")
    assert run.data.params == {"process": "mess3", "seed": "0"}
    assert run.data.metrics["end.score"] == 0.75
    assert [point.value for point in client.get_metric_history(run.info.run_id, "kl_nats")] == [1.0, 0.125]


def test_wandb_writes_offline_runs(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    tell(WandB(tmp_path / "biases"))
    runs = sorted((tmp_path / "biases" / "wandb").glob("offline-run-*"))
    assert len(runs) == 2
    assert all(list(run.glob("*.wandb")) for run in runs)


def test_each_is_known_by_its_extra() -> None:
    assert {name: tracker.package for name, tracker in TRACKERS.items()} == {
        "tensorboard": "tensorboard",
        "mlflow": "mlflow",
        "wandb": "wandb",
    }
