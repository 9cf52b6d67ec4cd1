"""A cell carried out: build the predictor, train it, measure it, and do to it what was asked for besides."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from jaxtyping import Num
from torch import nn

from predictors import Predictor, n_parameters, train
from predictors.checkpoint import dumps
from probes.baselines import counted, known_at_once
from probes.budget import Kept, budget_rows
from probes.candidates import make
from probes.causal import CausalRows, causal_rows
from probes.cell import LAYERS, Cell, CellResult, Scored, States, by_site, generator, torch_generator
from probes.cell_scores import Past, in_json_types, measured, untrained_scores
from probes.learned_machine import machine_row
from probes.pictures import pictures, plane
from probes.readout import OUTPUT
from probes.scene import Picture
from probes.tables import BudgetRow, MachineRow

__all__ = ["run_cell"]


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
        return replace(measured(cell, model, Past()), notes=(f"{cell.candidate.label} has no parameters to train",))
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
    past = Past(
        parameters=n_parameters(model),
        symbols_seen=record.symbols_seen,
        seconds=record.seconds,
        config=_plain_config(model),
        training=in_json_types(asdict(cell.training)),
        learning={
            "symbols": [float(e.symbols_seen) for e in record.evaluations if e.mean_kl is not None],
            "kl": [e.mean_kl for e in record.evaluations if e.mean_kl is not None],
        },
    )
    found = measured(cell, model, past)
    twins = [twin, *(fresh(number) for number in range(2, cell.ground.further.twins + 1))]
    untrained = [scored for number, one in enumerate(twins, start=1) for scored in untrained_scores(cell, one, number)]
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
        found = measured(cell, known, Past())
    else:
        started = perf_counter()
        rng = generator(cell.entropy, "data", cell.label, cell.candidate.label, cell.seed or 0)
        sample = cell.process.sample(cell.training.steps * cell.training.batch, cell.length + 1, rng=rng)
        model = counted(cell.candidate.kind, cell.candidate.settings, sample, cell.process.n_symbol)
        past = Past(symbols_seen=int(sample.size), seconds=perf_counter() - started, config={"k": model.k})
        found = measured(cell, model, past)
    advance(cell.training.steps)
    return found


def _edited(cell: Cell, model: Predictor, twin: Predictor, found: tuple[Scored, ...]) -> CausalRows:
    """The edits that were asked for."""
    if not cell.ground.further.edits:
        return CausalRows()
    names = (cell.label, cell.candidate.label, cell.seed)
    rng = generator(cell.entropy, "edits", cell.label, cell.candidate.label, cell.seed or 0)
    best = by_site(found, cell.ground.headline_target)
    return causal_rows(model, twin, cell.process, cell.ground, best, names=names, rng=rng)


def _by_budget(
    cell: Cell, kept: Kept, blank: Callable[[], Predictor], found: CellResult, seconds: float
) -> tuple[tuple[BudgetRow, ...], tuple[Picture, ...]]:
    """Scores at the checkpoints that were asked for, at the site that is best in the end; and pictures of all sites.

    The last checkpoint is pictured already.
    """
    target = cell.ground.headline_target
    inner = {site: value for site, value in by_site(found.scores, target).items() if site not in (OUTPUT, LAYERS)}
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


def _plain_config(model: nn.Module) -> dict[str, Any]:
    config = getattr(model, "config", None)
    return in_json_types(asdict(config)) if is_dataclass(config) and not isinstance(config, type) else {}
