"""One predictor on one process with one seed: build it, train it, measure it. The unit of work of a comparison."""

import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from time import perf_counter
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Num
from torch import nn

from compmech import GHMM, HMM
from predictors import (
    Predictor,
    Site,
    TrainingConfig,
    n_parameters,
    train,
)
from predictors.checkpoint import dumps
from predictors.snapshot import Snapshot
from probes.baselines import counted, known_at_once
from probes.budget import Kept, budget_rows
from probes.candidates import Candidate, make
from probes.causal import CausalRows, causal_rows
from probes.ground import Ground, further_scores, scores, scores_in_sample, with_p_values
from probes.history import kl_by_position
from probes.learned_machine import machine_row
from probes.pictures import pictures, plane
from probes.positions import score_by_position
from probes.readout import OUTPUT, default_sites, read_out
from probes.results import PositionCurve, Run
from probes.scene import Picture
from probes.scoring import Score
from probes.tables import BudgetRow, MachineRow

LAYERS = "layers"
"""The pseudo-site of all layers' outputs side by side."""

_LAYER = re.compile(r"layer\.[0-9]+")

__all__ = [
    "LAYERS",
    "Cell",
    "CellResult",
    "Scored",
    "States",
    "generator",
    "is_layer",
    "run_cell",
    "sites_of",
    "torch_generator",
]


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


def run_cell(cell: Cell, advance: Callable[[int], None], states: States | None = None) -> CellResult:
    """Do all of it.

    Args:
        advance: is told of every training step.
        states: what an earlier process left of the training, and where this one leaves its own. The result is the same.
    """
    if cell.candidate.is_baseline:
        return _baseline(cell, advance)
    return _network(cell, advance, states)


def _network(cell: Cell, advance: Callable[[int], None], states: States | None) -> CellResult:
    who = (cell.label, cell.candidate.label, cell.seed or 0)

    def fresh(twin: int = 1) -> Predictor:
        purpose = ("weights", *who) if twin == 1 else ("weights", *who, "twin", twin)
        rng = torch_generator(cell.entropy, *purpose)
        made = make(cell.candidate, cell.process.n_symbol, cell.length, rng=rng)
        return made.to(cell.device) if isinstance(made, nn.Module) else made

    model, twin = fresh(), fresh()
    if not isinstance(model, nn.Module) or n_parameters(model) == 0:
        advance(cell.training.steps)
        return replace(_measured(cell, model, _Past()), notes=(f"{cell.candidate.label} has no parameters to train",))
    if states is not None:
        states.go_on(cell.training.checkpoints)
    kept = Kept() if states is None else states.kept
    resume = None if states is None else states.resume
    advance(0 if resume is None else resume.step)
    record = train(
        model,
        cell.process,
        cell.training,
        rng=generator(cell.entropy, "data", *who),
        progress=lambda step, steps, loss: advance(1),
        on_checkpoint=kept,
        on_snapshot=None if states is None else states.keep,
        resume=resume,
    )
    past = _Past(
        parameters=n_parameters(model),
        symbols_seen=record.symbols_seen,
        seconds=record.seconds,
        config=_plain_config(model),
        training=_in_json_types(asdict(cell.training)),
        learning={
            "symbols": [float(e.symbols_seen) for e in record.evaluations if e.mean_kl is not None],
            "kl": [e.mean_kl for e in record.evaluations if e.mean_kl is not None],
        },
    )
    found = _measured(cell, model, past)
    twins = [twin, *(fresh(number) for number in range(2, cell.ground.further.twins + 1))]
    untrained = [scored for number, one in enumerate(twins, start=1) for scored in _untrained(cell, one, number)]
    budgets, earlier = _by_budget(cell, kept, fresh, found, record.seconds)
    found = replace(
        found,
        scores=(*found.scores, *untrained),
        causal=_edited(cell, model, twin, found.scores),
        budgets=budgets,
        pictures=(*found.pictures, *earlier),
        machines=_extracted(cell, model),
    )
    found = replace(found, notes=(*found.notes, *found.causal.notes))
    try:
        return replace(found, checkpoint=dumps(model))
    except ValueError as error:
        return replace(found, notes=(*found.notes, f"{cell.candidate.label}: no checkpoint was written: {error}"))


def _baseline(cell: Cell, advance: Callable[[int], None]) -> CellResult:
    known = known_at_once(cell.candidate.kind, cell.process)
    if known is not None:
        found = _measured(cell, known, _Past())
    else:
        started = perf_counter()
        rng = generator(cell.entropy, "data", cell.label, cell.candidate.label, cell.seed or 0)
        sample = cell.process.sample(cell.training.steps * cell.training.batch, cell.length + 1, rng=rng)
        model = counted(cell.candidate.kind, cell.candidate.settings, sample, cell.process.n_symbol)
        past = _Past(symbols_seen=int(sample.size), seconds=perf_counter() - started, config={"k": model.k})
        found = _measured(cell, model, past)
    advance(cell.training.steps)
    return found


@dataclass(frozen=True)
class _Past:
    """What happened to a predictor before it was measured."""

    parameters: int = 0
    symbols_seen: int = 0
    seconds: float = 0.0
    config: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    learning: Mapping[str, list[float]] = field(default_factory=lambda: {"symbols": [], "kl": []})


def _measured(cell: Cell, predictor: Predictor, past: _Past) -> CellResult:
    """KL to the optimum, scores of every site, and the picture of the best one."""
    histories = cell.ground.histories
    inner = list(cell.sites) if cell.sites is not None else default_sites(predictor.sites)
    inner = [site for site in inner if site in predictor.sites]
    read = read_out(predictor, histories, inner)
    kl, values = kl_by_position(histories, read.log_probs), read.features
    values |= _jointly(cell, values)
    found = [Scored(site, s) for site, X in values.items() for s in _all_scores(cell, site, X)]
    found += [Scored(site, s) for site, X in values.items() if site != OUTPUT for s in scores_in_sample(cell.ground, X)]
    best = _best_site(found, inner or [OUTPUT])
    label = cell.candidate.label
    return CellResult(
        run=Run(
            process=cell.label,
            predictor=label,
            seed=cell.seed,
            architecture=describe(cell.candidate.kind, past.config),
            config=dict(past.config),
            training=dict(past.training),
            parameters=past.parameters,
            symbols_seen=past.symbols_seen,
            seconds=past.seconds,
            kl=float(kl.mean()),
            kl_by_row=[float(value) for value in kl],
            learning=dict(past.learning),
        ),
        scores=tuple(found),
        pictures=pictures(
            (cell.label, label, cell.seed),
            plane(cell.process, cell.ground),
            cell.ground,
            {site: X for site, X in values.items() if site != OUTPUT or site == best},
            best=best,
        ),
        checkpoint=None,
        notes=(),
        positions=_by_position(cell, values),
    )


def _untrained(cell: Cell, twin: Predictor, number: int) -> list[Scored]:
    """The same network as it was before training, or with other initial weights: what its architecture alone gives."""
    sites = list(cell.sites) if cell.sites is not None else default_sites(twin.sites)
    values = read_out(twin, cell.ground.histories, [site for site in sites if site in twin.sites]).features
    del values[OUTPUT]
    values |= _jointly(cell, values)
    setting = "" if number == 1 else f"twin={number}"
    found = []
    for site, X in values.items():
        rng = generator(cell.entropy, "further", cell.label, cell.candidate.label, cell.seed or 0, site, number)
        ridge = scores(cell.ground, X, control="untrained")
        rest = further_scores(cell.ground, X, control="untrained", rng=rng)
        found += [Scored(site, replace(s, setting=f"{s.setting} {setting}".strip())) for s in (*ridge, *rest)]
    return found


def _all_scores(cell: Cell, site: str, X: Num[np.ndarray, "history width"]) -> list[Score]:
    """Of one site: the standing rows, their p-values, and those of further probes."""
    rng = generator(cell.entropy, "further", cell.label, cell.candidate.label, cell.seed or 0, site)
    found = with_p_values(cell.ground, X, scores(cell.ground, X, nulls=True), rng=rng)
    return found + further_scores(cell.ground, X, rng=rng)


def is_layer(site: str) -> bool:
    """Whether a site is the output of a whole layer."""
    return _LAYER.fullmatch(site) is not None


def _jointly(cell: Cell, values: Mapping[str, Num[np.ndarray, "history _"]]) -> dict[str, Num[np.ndarray, "history _"]]:
    """The outputs of all layers side by side, where that was asked for and there are several."""
    layers = [site for site in values if is_layer(site)]
    if not cell.ground.further.jointly or len(layers) < 2:
        return {}
    return {LAYERS: np.hstack([values[site] for site in layers])}


def _by_position(cell: Cell, values: Mapping[str, Num[np.ndarray, "history _"]]) -> tuple[PositionCurve, ...]:
    ground = cell.ground
    if not ground.further.by_position:
        return ()
    real = [target for target in ground.targets["probability"] if not target.control]
    return tuple(
        PositionCurve(
            cell.label,
            cell.candidate.label,
            cell.seed,
            site,
            one.target,
            [float(value) if np.isfinite(value) else None for value in one.r2],
            [float(value) for value in one.share],
        )
        for site, X in values.items()
        for one in score_by_position(
            X, real, ground.histories, weighting="probability", split=ground.splits[0], probe=ground.probe
        )
    )


def _edited(cell: Cell, model: Predictor, twin: Predictor, found: Sequence[Scored]) -> CausalRows:
    """The edits that were asked for."""
    if not cell.ground.further.edits:
        return CausalRows()
    names = (cell.label, cell.candidate.label, cell.seed)
    rng = generator(cell.entropy, "edits", cell.label, cell.candidate.label, cell.seed or 0)
    best = _by_site(found, cell.ground.headline_target)
    return causal_rows(model, twin, cell.process, cell.ground, best, names=names, rng=rng)


def _by_budget(
    cell: Cell, kept: Kept, blank: Callable[[], Predictor], found: CellResult, seconds: float
) -> tuple[tuple[BudgetRow, ...], tuple[Picture, ...]]:
    """Scores at the checkpoints that were asked for, at the site that is best in the end; and pictures of all sites.

    The last checkpoint is pictured already.
    """
    target = cell.ground.headline_target
    inner = {site: value for site, value in _by_site(found.scores, target).items() if site not in (OUTPUT, LAYERS)}
    if not kept.weights or not inner:
        return (), ()
    names = (cell.label, cell.candidate.label, cell.seed)
    shown = [picture.site for picture in found.pictures if picture.site not in (OUTPUT, LAYERS)]
    best = next(picture.site for picture in found.pictures if picture.best)
    on, earlier = plane(cell.process, cell.ground), list[Picture]()

    def look(step: int, values: Mapping[str, Num[np.ndarray, "history _"]]) -> None:
        if step < cell.training.steps:
            earlier.extend(
                pictures(names, on, cell.ground, {site: values[site] for site in shown}, best=best, step=step)
            )

    rows = budget_rows(
        kept,
        blank,
        cell.ground,
        max(inner, key=lambda site: inner[site]),
        target,
        cell.training,
        seconds,
        names=names,
        sites=shown,
        look=look,
    )
    return rows, tuple(earlier)


def _extracted(cell: Cell, model: Predictor) -> tuple[MachineRow, ...]:
    """The machine, where that was asked for."""
    if not cell.ground.further.extract:
        return ()
    names = (cell.label, cell.candidate.label, cell.seed)
    rng = generator(cell.entropy, "extraction", cell.label, cell.candidate.label, cell.seed or 0)
    return (machine_row(model, cell.process, cell.length, names=names, rng=rng),)


def _best_site(found: Sequence[Scored], sites: Sequence[str]) -> str:
    """The site from which the belief is read best, histories held out, by probability."""
    ranked = [(value, site) for site, value in _by_site(found, "belief").items() if site in sites]
    return max(ranked)[1] if ranked else sites[0]


def _by_site(found: Sequence[Scored], target: str) -> dict[str, float]:
    """The sites with a score of one target, histories held out, by probability."""
    return {
        s.site: s.score.score
        for s in found
        if s.score.score is not None
        and (s.score.target, s.score.probe, s.score.control, s.score.split, s.score.weighting)
        == (target, "ridge", "", "history", "probability")
    }


def _plain_config(model: nn.Module) -> dict[str, Any]:
    config = getattr(model, "config", None)
    return _in_json_types(asdict(config)) if is_dataclass(config) and not isinstance(config, type) else {}


def _in_json_types(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as they come back from a file: lists for tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(settings))
    return plain


def describe(kind: str, config: Mapping[str, Any]) -> str:
    """One line about an architecture, for people: its settings but for what the process fixes."""
    own = {key: value for key, value in config.items() if key not in ("n_symbol", "max_length")}
    return ", ".join([kind, *(f"{key.replace('_', ' ')} {value}" for key, value in own.items())])
