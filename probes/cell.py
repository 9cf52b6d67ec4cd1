"""One predictor on one process with one seed: the unit of work of a comparison, and what comes of it."""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch

from compmech import GHMM, HMM
from predictors import Site, TrainingConfig
from predictors.snapshot import Snapshot
from probes.baselines import known_at_once
from probes.budget import Kept
from probes.candidates import Candidate, make
from probes.causal import CausalRows
from probes.ground import Ground
from probes.results import PositionCurve, Run
from probes.scene import Picture
from probes.scoring import Score
from probes.tables import BudgetRow, MachineRow

__all__ = [
    "LAYERS",
    "Cell",
    "CellResult",
    "Scored",
    "States",
    "by_site",
    "generator",
    "is_layer",
    "sites_of",
    "torch_generator",
]

LAYERS = "layers"
"""The pseudo-site of all layers' outputs side by side."""

_LAYER = re.compile(r"layer\.[0-9]+")


@dataclass(frozen=True, eq=False)
class Cell:
    """What one predictor's run needs to know.

    Attributes:
        process: label and object of the process.
        seed: index of the repetition; None for predictors in which nothing is random.
        entropy: of all randomness of the comparison; every stream is drawn from it and from what it is for, so that
            adding a predictor or a process changes no other.
        training: budget and schedule; its learning rate is the one to use.
        sites: which to probe; None: all but a transformer's keys and values.
        device: where networks live.
    """

    label: str
    process: HMM | GHMM
    candidate: Candidate
    seed: int | None
    entropy: int
    length: int
    training: TrainingConfig
    ground: Ground = field(repr=False)
    sites: tuple[str, ...] | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class Scored:
    """A score and the site it belongs to."""

    site: str
    score: Score


@dataclass(frozen=True)
class CellResult:
    """What is found: the run, its scores, the pictures of its beliefs, the weights as a checkpoint's bytes, and what
    was asked for beside them.
    """

    run: Run
    scores: tuple[Scored, ...]
    pictures: tuple[Picture, ...]
    checkpoint: bytes | None
    notes: tuple[str, ...]
    positions: tuple[PositionCurve, ...] = ()
    causal: CausalRows = field(default_factory=CausalRows)
    budgets: tuple[BudgetRow, ...] = ()
    machines: tuple[MachineRow, ...] = ()


def generator(entropy: int, *purpose: str | int) -> np.random.Generator:
    """The random stream for one purpose: the same for the same words, whatever else is run."""
    words = [zlib.crc32(str(part).encode()) for part in purpose]
    return np.random.default_rng(np.random.SeedSequence([entropy, *words]))


def torch_generator(entropy: int, *purpose: str | int) -> torch.Generator:
    """The same for torch."""
    seed = int(generator(entropy, *purpose).integers(2**63 - 1))
    return torch.Generator().manual_seed(seed)


def sites_of(candidate: Candidate, process: HMM | GHMM, length: int) -> Mapping[str, Site]:
    """The sites that a predictor will have on this process."""
    if candidate.is_baseline:
        known = known_at_once(candidate.kind, process)
        return {} if known is None else known.sites
    return make(candidate, process.n_symbol, length, rng=torch.Generator().manual_seed(0)).sites


@runtime_checkable
class States(Protocol):
    """Where a training leaves what it can be gone on from; see `probes.sweep.under_way`."""

    kept: Kept
    resume: Snapshot | None

    def go_on(self, checkpoints: tuple[int, ...]) -> None: ...

    def keep(self, snapshot: Snapshot) -> None: ...


def is_layer(site: str) -> bool:
    """Whether a site is the output of a whole layer."""
    return _LAYER.fullmatch(site) is not None


def by_site(found: Sequence[Scored], target: str) -> dict[str, float]:
    """The sites with a score of one target, histories held out, by probability."""
    return {
        s.site: s.score.score
        for s in found
        if s.score.score is not None
        and (s.score.target, s.score.probe, s.score.control, s.score.split, s.score.weighting)
        == (target, "ridge", "", "history", "probability")
    }
