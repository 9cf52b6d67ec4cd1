"""Score against what it cost: a training looked at again at log-spaced checkpoints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from predictors import Predictor, TrainingConfig, flops, n_parameters
from predictors.build import Config
from probes.ground import Ground
from probes.history import kl_by_position
from probes.readout import read_out
from probes.scoring import score
from probes.tables import BudgetRow

__all__ = ["Kept", "budget_rows", "training_flops"]

BACKWARD = 2
"""A backward pass makes two products of matrices for each of the forward pass."""


@dataclass(frozen=True)
class Kept:
    """Weights at the checkpoints of one training, kept in memory: give it to `train` as `on_checkpoint`."""

    weights: list[tuple[int, Mapping[str, Tensor]]] = field(default_factory=list, repr=False)

    def __call__(self, step: int, predictor: Predictor) -> None:
        assert isinstance(predictor, nn.Module)
        self.weights.append((step, {name: value.detach().clone() for name, value in predictor.state_dict().items()}))


def training_flops(config: object, training: TrainingConfig, steps: int) -> float | None:
    """Operations of so many updates, forward and backward; None for architectures of which they are not counted."""
    if not isinstance(config, get_args(Config)):
        return None
    return (1 + BACKWARD) * flops(config, training.length) * training.length * training.batch * steps


def budget_rows(
    kept: Kept,
    blank: Callable[[], Predictor],
    ground: Ground,
    site: str,
    target: str,
    training: TrainingConfig,
    seconds: float,
    *,
    names: tuple[str, str, int | None],
    sites: Sequence[str] = (),
    look: Callable[[int, Mapping[str, Float[np.ndarray, "history _"]]], None] = lambda step, values: None,
) -> tuple[BudgetRow, ...]:
    """The score of one target at one site, and the KL to the optimum, at every checkpoint.

    Args:
        blank: makes a network into which the weights fit.
        seconds: of the whole training.
        names: process, predictor and seed.
        sites: further ones whose values are wanted.
        look: is told of each checkpoint, and of the values of all these sites at it.
    """
    model = blank()
    assert isinstance(model, nn.Module)
    (wanted,) = (t for t in ground.targets["probability"] if t.name == target and not t.control)
    found, histories = [], ground.histories
    for step, weights in kept.weights:
        model.load_state_dict(weights)
        read = read_out(model, histories, list(dict.fromkeys([site, *sites])))
        look(step, read.features)
        (one,) = score(
            read.features[site],
            [wanted],
            histories,
            weighting="probability",
            split=ground.splits[0],
            probe=ground.probe,
        )
        found.append(
            BudgetRow(
                *names,
                site=site,
                target=target,
                step=step,
                symbols_seen=step * training.batch * (training.length + 1),
                flops=training_flops(getattr(model, "config", None), training, step),
                parameters=n_parameters(model),
                seconds=seconds * step / training.steps,
                score=one.score,
                low=one.low,
                high=one.high,
                kl=float(kl_by_position(histories, read.log_probs).mean()),
                reason=one.reason,
            )
        )
    return tuple(found)
