"""What a comparison would do: its cells, which of them are finished, and what the others will cost."""

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import torch
from torch import nn

from compmech.stored_cells import finished_cells
from predictors import n_parameters, train
from probes.budget import training_flops
from probes.candidates import make
from probes.specification import ComparisonSpec
from probes.store import Store
from probes.sweep.engine import single_threaded
from probes.sweep.metrics import Metrics
from probes.sweep.slots import Slot, slots_of, within_memory

__all__ = ["PlannedCell", "planned"]

_TIMED = 3
"""Steps of each training that are timed, after one that warms up."""

_NO_RATE = 1e-12
"""The learning rate meanwhile: one that is too high is found out by the run."""

_WORDS = 8
"""Words of the evaluations meanwhile, which are not timed."""


@dataclass(frozen=True)
class PlannedCell:
    """One cell of a plan.

    Attributes:
        name: for people.
        finished: whether the store has it.
        symbols: that it sees in training.
        flops: of the training, forward and backward; None where they are not counted.
        seconds: that it takes on one core: of everything, where a like cell has ended (`how` is "store"); of its
            training, where a few of its steps were timed ("training"); 0 where nothing is known ("").
    """

    name: str
    finished: bool
    symbols: int
    flops: float | None
    seconds: float
    how: str

    def to_dict(self) -> dict[str, Any]:
        """In JSON types."""
        return asdict(self)


def planned(spec: ComparisonSpec, store: Store | None, *, rng: np.random.Generator) -> list[PlannedCell]:
    """The cells of a comparison, but for what is known of a process itself.

    Args:
        rng: as `compare` would be given it: the cells are the same.
    Raises:
        ValueError: for a wanted site that no predictor has, or a training that does not fit into memory.
    """
    entropy = int(rng.integers(2**63 - 1))
    known = {} if store is None else _known(store)
    timed: dict[tuple[object, ...], float] = {}
    found = []
    for slot in slots_of(spec):
        if slot.kind == "process":
            continue
        finished = store is not None and slot.words(entropy) in store
        like = known.get(_alike(slot))
        if like is not None:
            seconds, how = like, "store"
        elif finished or not _is_trained(slot):
            seconds, how = 0.0, ""
        else:
            with within_memory(slot.name):
                seconds, how = _timed(slot, timed), "training"
        found.append(PlannedCell(slot.name, finished, _symbols(slot), _flops(slot), seconds, how))
    return found


def _symbols(slot: Slot) -> int:
    if slot.training is None or (slot.seed is None and not _is_trained(slot)):
        return 0
    return slot.training.steps * slot.training.batch * (slot.training.length + 1)


def _flops(slot: Slot) -> float | None:
    if slot.training is None or not _is_trained(slot):
        return None
    return training_flops(slot.config(), slot.training, slot.training.steps)


def _is_trained(slot: Slot) -> bool:
    return slot.candidate is not None and not slot.candidate.is_baseline


def _known(store: Store) -> dict[tuple[object, ...], float]:
    """Seconds that like cells took, the median of them."""
    taken: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for cell in finished_cells(store.folder):
        words = cell.metrics()
        if words is not None and (metrics := Metrics.from_dict(words)).cell_seconds is not None:
            taken[metrics.process, metrics.predictor, metrics.length, metrics.steps].append(metrics.cell_seconds)
    return {like: median(seconds) for like, seconds in taken.items()}


def _alike(slot: Slot) -> tuple[object, ...]:
    steps = slot.steps if _is_trained(slot) else 0
    return slot.subject.label, slot.candidate.label if slot.candidate else "", slot.subject.length, steps


def _timed(slot: Slot, before: dict[tuple[object, ...], float]) -> float:
    """Seconds of a training, from a few steps of one like it."""
    assert slot.candidate is not None
    assert slot.training is not None
    process, training = slot.subject.process, slot.training
    config = slot.config()
    key = (
        slot.candidate.kind,
        str(config or slot.candidate.settings),
        process.n_symbol,
        training.batch,
        training.length,
    )
    if key not in before:
        network = make(slot.candidate, process.n_symbol, training.length, rng=torch.Generator().manual_seed(0))
        if not isinstance(network, nn.Module) or n_parameters(network) == 0:
            before[key] = 0.0
        else:
            marks: list[float] = []
            few = replace(
                training, steps=_TIMED + 1, lr=_NO_RATE, eval_every=_TIMED + 1, eval_sequences=_WORDS, checkpoints=(),
                warmup=0,
            )  # fmt: skip
            with single_threaded():
                train(
                    network,
                    process,
                    few,
                    rng=np.random.default_rng(0),
                    device=slot.spec.device,
                    progress=lambda step, steps, loss: marks.append(process_time()),
                )
            before[key] = (marks[_TIMED] - marks[0]) / _TIMED
    return before[key] * training.steps
