"""What is measured of one predictor: its divergence, the scores of every site, and the pictures of its beliefs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Num

from predictors import Predictor
from probes.cell import LAYERS, Cell, CellResult, Scored, by_site, generator, is_layer
from probes.ground import further_scores, scores, scores_in_sample, with_p_values
from probes.history import kl_by_position
from probes.pictures import pictures, plane
from probes.positions import score_by_position
from probes.readout import OUTPUT, default_sites, read_out
from probes.results import PositionCurve, Run
from probes.scoring import Score

__all__ = ["Past", "describe", "in_json_types", "measured", "untrained_scores"]


@dataclass(frozen=True)
class Past:
    """What happened to a predictor before it was measured."""

    parameters: int = 0
    symbols_seen: int = 0
    seconds: float = 0.0
    config: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    learning: Mapping[str, list[float]] = field(default_factory=lambda: {"symbols": [], "kl": []})


def measured(cell: Cell, predictor: Predictor, past: Past) -> CellResult:
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


def untrained_scores(cell: Cell, twin: Predictor, number: int) -> list[Scored]:
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


def _best_site(found: Sequence[Scored], sites: Sequence[str]) -> str:
    """The site from which the belief is read best, histories held out, by probability."""
    ranked = [(value, site) for site, value in by_site(found, "belief").items() if site in sites]
    return max(ranked)[1] if ranked else sites[0]


def in_json_types(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as they come back from a file: lists for tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(settings))
    return plain


def describe(kind: str, config: Mapping[str, Any]) -> str:
    """One line about an architecture, for people: its settings but for what the process fixes."""
    own = {key: value for key, value in config.items() if key not in ("n_symbol", "max_length")}
    return ", ".join([kind, *(f"{key.replace('_', ' ')} {value}" for key, value in own.items())])
