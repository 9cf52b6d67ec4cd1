"""What a comparison found, network by network, in JSON types: every seed's value, the mean and its t interval."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isinf
from typing import Any

from probes.headline import Headline, Score, control_scores, headline, headline_target, runs_of
from probes.results import Comparison
from probes.seed_effects import EVERYTHING, ONE_SITE, SeedEffects, mean_over_seeds, seed_effects

__all__ = ["effects_of", "of_process", "over_seeds"]


def over_seeds(values: Mapping[int, float | None]) -> dict[str, Any]:
    """The value of every seed, their mean and its 95 % t interval; no mean where one is missing or infinite."""
    mean, low, high = mean_over_seeds(values)
    by_seed = {str(seed): _plain(value) for seed, value in sorted(values.items())}
    return {"by_seed": by_seed, "mean": mean, "low": low, "high": high}


def of_process(comparison: Comparison) -> dict[str, Any]:
    """Everything that the page says of one process."""
    (summary,) = comparison.processes
    target = headline_target(summary)
    names = list(dict.fromkeys(run.predictor for run in comparison.runs))
    found = {name: headline(comparison, summary.process, name, target) for name in names}
    baseline = next(each.baseline for each in found.values() if each.baseline is not None)
    return {
        "process": summary.process,
        "title": summary.title,
        "length": summary.length,
        "steps": comparison.spec["processes"][0]["steps"],
        "histories": summary.histories,
        "beliefs": summary.beliefs,
        "horizon_ranks": summary.horizon_ranks,
        "target": target,
        "baseline": {"control": baseline.control, "setting": baseline.setting, "r2": baseline.value},
        "ceilings": {
            name: {kind: _of_control(comparison, summary.process, kind, name) for kind in ("belief", target)}
            for name in ("true-p", "true-log-p")
        },
        "networks": [_network(comparison, found[name], name) for name in names],
        "ranks": [asdict(row) for row in comparison.ranks],
        "differences": [asdict(row) for row in comparison.differences],
        "notes": comparison.notes,
    }


def _of_control(comparison: Comparison, process: str, target: str, name: str) -> float | None:
    return max(
        (s.value for s in control_scores(comparison, process, target, name) if s.value is not None), default=None
    )


def _network(comparison: Comparison, found: Headline, name: str) -> dict[str, Any]:
    process = comparison.processes[0].process
    runs = runs_of(comparison, process, name)
    belief = headline(comparison, process, name, "belief")
    shares: dict[tuple[Any, ...], dict[int, float | None]] = {}
    for row in comparison.shares:
        if row.predictor == name and row.seed is not None:
            key = (row.edit, EVERYTHING if row.site is None else ONE_SITE, row.through, row.horizon)
            shares.setdefault(key, {})[row.seed] = row.share
    return {
        "predictor": name,
        "parameters": runs[0].parameters,
        "symbols_seen": runs[0].symbols_seen,
        "training": {key: runs[0].training.get(key) for key in ("lr", "clip", "batch", "steps")},
        "kl": over_seeds({run.seed or 0: run.kl for run in runs}),
        "belief": _score(belief.best),
        "headline": _score(found.best),
        "uniform": _score(found.uniform),
        "by_class": _score(found.by_class),
        "permuted": _score(found.permuted),
        "untrained": _score(found.untrained),
        "above": found.difference,
        "verdict": found.best.verdict if found.best else "",
        "edits": [_edit(each) for each in seed_effects(row for row in comparison.edits if row.predictor == name)],
        "shares": [
            {**dict(zip(("edit", "site", "through", "horizon"), key, strict=True)), "share": over_seeds(values)}
            for key, values in shares.items()
        ],
    }


_EDITED = ("edit", "site", "kind", "through", "horizon", "control")


def _edit(each: SeedEffects) -> dict[str, Any]:
    """An edit or a control of it; of edits of one site's rows also what they did after the next symbol."""
    told = {name: getattr(each, name) for name in _EDITED}
    later = {"later": over_seeds(each.later)} if each.edit != "carry" and not each.control else {}
    return {**told, "effect": over_seeds(each.effect), **later, "verdicts": list(each.verdicts)}


def effects_of(net: Mapping[str, Any]) -> list[SeedEffects]:
    """The edits of one network, as `of_process` wrote them."""
    return [
        SeedEffects(
            net["predictor"],
            **{name: each[name] for name in _EDITED},
            effect=_by_seed(each["effect"]),
            later=_by_seed(each["later"]) if "later" in each else {},
            verdicts=tuple(each["verdicts"]),
        )
        for each in net["edits"]
    ]


def _by_seed(values: Mapping[str, Any]) -> dict[int, float | None]:
    return {int(seed): None if value is None else float(value) for seed, value in values["by_seed"].items()}


def _score(score: Score | None) -> dict[str, Any] | None:
    if score is None:
        return None
    values = {row.seed or 0: row.score for row in score.rows}
    return {"site": score.site, "reason": score.reason, **over_seeds(values)}


def _plain(value: float | None) -> float | str | None:
    return str(value) if value is not None and isinf(value) else value
