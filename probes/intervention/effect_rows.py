"""Rows: what was run, scored by horizon, with intervals and verdicts."""

from dataclasses import asdict, dataclass, fields, replace
from math import isinf
from typing import Any

import numpy as np
from jaxtyping import Float

from probes.intervention.component import Through
from probes.intervention.futures import joint_kl
from probes.intervention.places import EditName
from probes.intervention.resampling import interval, margin, part_of_the_way, resampled
from probes.intervention.runs import Measured, Setting
from probes.intervention.verdicts import Facts, verdict

__all__ = ["EditEffect", "Scored", "judged", "scored"]


@dataclass(frozen=True)
class EditEffect:
    """One row: an edit, or a control of it, at one horizon. KLs are in nats, on the joint distribution of the next
    `horizon` symbols, means over the edited histories by probability; inf where a possible word gets probability 0.

    Attributes:
        process, predictor, seed: whose; as they were called.
        site: None: everything carried. edit, kind: see `places` and `replacements`.
        horizon: k, symbols predicted together from row t on.
        kl_to_injected: from the exact prediction of the injected belief to the edited predictor.
        kl_to_original: from the exact prediction of the belief that was there.
        effect: 1 - kl_to_injected / (the same without the edit): 1, all the way to the injected belief's prediction;
            0, nowhere; negative, away from it. None where both beliefs predict alike, or there are no cases.
        control: empty for the real thing; before, random-direction, wrong-belief, shuffled-probe, untrained.
        low, high: 95 % interval of the effect, a bootstrap over belief classes (blocks of histories), of those edited
            and those that lend; None with fewer than two classes.
        verdict: what the row says, in the words of `verdicts.VERDICTS`; empty for controls.
        strength: the displacement is multiplied by it; the score stays that of the belief injected at 1.
        moved: KL from the predictor before the edit to the predictor edited.
        due: KL from the exact prediction of the belief that was there to that of the injected one.
        start: the belief that the edit starts from; if it is not the history's own, `before` has it put in first.
        row: t. cases: distinct edits. excluded: probability of the histories that allow no such edit.
        through: how the belief component is found, `probe` or `encoding`.
        depth: words up to this length keep a probability that is not negative under the injected beliefs.
        reason: why there is no score.
    """

    process: str
    predictor: str
    seed: int | None
    site: str | None
    edit: EditName
    kind: str
    horizon: int
    kl_to_injected: float | None
    kl_to_original: float | None
    effect: float | None
    control: str
    low: float | None
    high: float | None
    verdict: str
    strength: float
    moved: float | None
    due: float | None
    start: str
    row: int
    cases: int
    excluded: float
    through: Through
    depth: int
    reason: str = ""

    @classmethod
    def columns(cls) -> list[str]:
        """The names of the columns, in order."""
        return [f.name for f in fields(cls)]

    def to_dict(self) -> dict[str, Any]:
        """In JSON types; infinite values are the strings "inf" and "-inf"."""
        found = asdict(self)
        return {key: str(v) if isinstance(v, float) and isinf(v) else v for key, v in found.items()}


@dataclass(frozen=True, eq=False)
class Scored:
    """A row, and its effect in each bootstrap sample: the same samples for all rows."""

    row: EditEffect
    drawn: Float[np.ndarray, " draw"]


def scored(
    run: Measured, setting: Setting, kind: str, names: tuple[str, str, int | None], visible: int | None
) -> list[Scored]:
    where, found = run.work.place, run.found
    about: dict[str, Any] = {
        "process": names[0],
        "predictor": names[1],
        "seed": names[2],
        "site": where.site,
        "edit": where.edit,
        "kind": kind,
        "verdict": "",
        "start": found.start,
        "row": where.row,
        "cases": len(found.pairs),
        "excluded": found.excluded,
        "through": setting.through,
        "depth": setting.space.depth(visible or setting.horizon),
    }
    none = np.empty(0)
    if not len(found.pairs):
        empty = dict.fromkeys(("kl_to_injected", "kl_to_original", "effect", "low", "high", "moved", "due"))
        about |= empty | {"control": "", "strength": 1.0, "reason": found.reason}
        return [Scored(EditEffect(**about, horizon=k + 1), none) for k in range(setting.horizon)]
    weight = found.pairs.weight
    draws = resampled(setting.bench, found, rng=np.random.default_rng(_ENTROPY))
    rows = []
    for (control, strength), log_Q in run.log_Q.items():
        for k in range(setting.horizon):
            plain, P, P0 = run.log_Q["before", 0.0][k], run.injected[k], run.original[k]
            to_injected, before = joint_kl(P, log_Q[k]), joint_kl(P, plain)
            due = _mean(weight, joint_kl(P0, _log(P)))
            effect, drawn = np.nan, none
            if due > _ALIKE:
                effect = float(part_of_the_way(weight[None], to_injected, before)[0])
                drawn = part_of_the_way(draws, to_injected, before)
            low, high = interval(drawn)
            row = EditEffect(
                **about,
                horizon=k + 1,
                control=control,
                strength=strength,
                kl_to_injected=_mean(weight, to_injected),
                kl_to_original=_mean(weight, joint_kl(P0, log_Q[k])),
                effect=None if np.isnan(effect) else effect,
                low=low,
                high=high,
                moved=_mean(weight, joint_kl(np.exp(plain), log_Q[k])),
                due=due,
            )
            rows.append(Scored(row, drawn))
    order = {"": 0, "before": 1}
    return sorted(rows, key=lambda s: (s.row.strength or -np.inf, order.get(s.row.control, 2)))


_ENTROPY = 0x0ED17
"""Of the resamplings: one stream for all rows, so that their differences are paired."""

_ALIKE = 1e-9
"""Beliefs whose predictions differ by less, in nats, predict alike."""


def judged(rows: list[Scored], run: Measured, visible: int | None, reaches: bool) -> list[EditEffect]:
    """The rows with verdicts on the real edits, and a remark on controls that are the same edit."""

    def facts(real: Scored) -> Facts:
        at = (real.row.horizon, real.row.strength)
        beside = [
            s for s in rows if (s.row.horizon, s.row.strength) == at and s.row.control not in ("", *run.found.same)
        ]
        (before,) = (s.row.kl_to_injected for s in rows if s.row.control == "before" and s.row.horizon == at[0])
        assert real.row.moved is not None
        assert real.row.due is not None
        assert before is not None  # a KL is missing only where there are no cases
        margins = [margin(real.row.effect, real.drawn, s.row.effect, s.drawn) for s in beside]
        margins.append(real.row.effect if real.row.low is None else real.row.low)
        known = [each for each in margins if each is not None]
        return Facts(real.row.effect, min(known, default=None), real.row.moved, min(real.row.due, before))

    real = {(s.row.horizon, s.row.strength): facts(s) for s in rows if not s.row.control}
    found = []
    for r in (s.row for s in rows):
        if r.control in run.found.same:
            found.append(replace(r, reason="the same edit as the real one: little else varies at this place"))
        elif r.control:
            found.append(r)
        else:
            here = real[r.horizon, r.strength]
            if visible is not None and r.horizon < visible:
                here = replace(here, when_visible=real[visible, r.strength])
            found.append(replace(r, verdict=verdict(here, run.work.place, run.work.predictor, reaches=reaches)))
    return found


def _mean(weight: Float[np.ndarray, " case"], values: Float[np.ndarray, " case"]) -> float:
    return float(weight @ values)  # weights are positive: inf stays inf


def _log(P: Float[np.ndarray, "case word"]) -> Float[np.ndarray, "case word"]:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(P))
