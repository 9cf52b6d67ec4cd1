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
from probes.intervention.verdicts import NO_MOVE, Facts, verdict

__all__ = ["EditEffect", "Scored", "judged", "of_twin", "scored"]


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
        later: the same as `effect` for what follows the next symbol: the KLs at this horizon less those at horizon 1.
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
    later: float | None
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
    """A row, and what is needed to judge it.

    Attributes:
        drawn: the effect in each bootstrap sample: the same samples for all rows.
        later: the same for what follows the next symbol. before: KL to the injected belief's prediction before.
        scale: what the effect counts for beside that of the real edit.
    """

    row: EditEffect
    drawn: Float[np.ndarray, " draw"]
    later: "Later | None" = None
    before: float = np.inf
    scale: float = 1.0

    @property
    def counted(self) -> tuple[float | None, Float[np.ndarray, " draw"]]:
        """The effect and its samples, to be held against those of the real edit."""
        return None if self.row.effect is None else self.scale * self.row.effect, self.scale * self.drawn

    @property
    def counted_later(self) -> tuple[float | None, Float[np.ndarray, " draw"]]:
        """The same for what follows the next symbol."""
        if self.later is None or self.later.effect is None:
            return None, np.empty(0)
        return self.scale * self.later.effect, self.scale * self.later.drawn


@dataclass(frozen=True, eq=False)
class Later:
    """The score of what follows the next symbol: horizon k less horizon 1, by the chain rule of KL."""

    effect: float | None
    drawn: Float[np.ndarray, " draw"]
    moved: float
    due: float


def scored(
    run: Measured, setting: Setting, kind: str, names: tuple[str, str, int | None], visible: int | None
) -> list[Scored]:
    """Rows without verdicts: by strength and control, the real edit first, and horizon."""
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
    if not len(found.pairs):
        scores = ("kl_to_injected", "kl_to_original", "effect", "low", "high", "later", "moved", "due")
        about |= dict.fromkeys(scores) | {"control": "", "strength": 1.0, "reason": found.reason}
        return [Scored(EditEffect(**about, horizon=k + 1), np.empty(0)) for k in range(setting.horizon)]
    weight = found.pairs.weight
    draws = resampled(setting.bench, found, rng=np.random.default_rng(ENTROPY))
    plain = run.log_Q["before", 0.0]
    before = [joint_kl(P, log_Q) for P, log_Q in zip(run.injected, plain, strict=True)]
    due = [joint_kl(P0, _log(P)) for P0, P in zip(run.original, run.injected, strict=True)]

    def effect(after: np.ndarray, before: np.ndarray, due: float) -> tuple[float | None, np.ndarray]:
        if not due > _ALIKE:
            return None, np.empty(0)
        value = float(part_of_the_way(weight[None], after, before)[0])
        return (None if np.isnan(value) else value), part_of_the_way(draws, after, before)

    rows = []
    for (control, strength), log_Q in run.log_Q.items():
        after = [joint_kl(P, each) for P, each in zip(run.injected, log_Q, strict=True)]
        moved = [_mean(weight, joint_kl(np.exp(p), each)) for p, each in zip(plain, log_Q, strict=True)]
        for k in range(setting.horizon):
            due_k = _mean(weight, due[k])
            value, drawn = effect(after[k], before[k], due_k)
            later = None
            if k and all(np.isfinite(each).all() for each in (after[k], before[k])) and np.isfinite(moved[k]):
                left = _mean(weight, before[k] - before[0])
                own = min(left, due_k - _mean(weight, due[0]) if np.isfinite(due_k) else np.inf)
                later = Later(*effect(after[k] - after[0], before[k] - before[0], own), moved[k] - moved[0], own)
            low, high = interval(drawn)
            row = EditEffect(
                **about,
                horizon=k + 1,
                control=control,
                strength=strength,
                kl_to_injected=_mean(weight, after[k]),
                kl_to_original=_mean(weight, joint_kl(run.original[k], log_Q[k])),
                effect=value,
                low=low,
                high=high,
                later=None if later is None else later.effect,
                moved=moved[k],
                due=due_k,
            )
            rows.append(Scored(row, drawn, later, _mean(weight, before[k])))
    order = {"": 0, "before": 1}
    return sorted(rows, key=lambda s: (s.row.strength or -np.inf, order.get(s.row.control, 2)))


ENTROPY = 0x0ED17
"""Of the resamplings: one stream for all rows, so that their differences are paired."""

_ALIKE = 1e-9
"""Beliefs whose predictions differ by less, in nats, predict alike."""


def of_twin(rows: list[Scored], real: list[Scored]) -> list[Scored]:
    """Rows of real edits of the untrained twin, as a control of the trained network's.

    A network that predicts hardly anything has hardly anywhere to go, and may go most of it by chance. Its effect
    counts in nats: as a part of how far the trained network had to go.
    """
    far = {s.row.horizon: s.before for s in real if s.row.control == "before"}
    found = []
    for s in rows:
        if not s.row.control:
            known = np.isfinite(s.before) and np.isfinite(far[s.row.horizon]) and far[s.row.horizon] > 0
            scale = s.before / far[s.row.horizon] if known else 1.0
            found.append(replace(s, row=replace(s.row, control="untrained"), scale=scale))
    return found


def judged(rows: list[Scored], run: Measured, visible: int | None, reaches: bool) -> list[EditEffect]:
    """The rows with verdicts on the real edits, and a remark on controls that are the same edit.

    What an edit of one site did to the prediction at row t says nothing of what is carried on from there: from the
    second symbol on, `row t` and `rows<=t` are judged by what follows the next symbol.
    """
    alone = run.work.place.edit != "carry"

    before = {s.row.horizon: s.row.kl_to_original for s in rows if s.row.control == "before"}

    def facts(real: Scored) -> Facts:
        r, at = real.row, (real.row.horizon, real.row.strength)
        beside = [
            s for s in rows if (s.row.horizon, s.row.strength) == at and s.row.control not in ("", *run.found.same)
        ]
        was = before[r.horizon]
        assert r.moved is not None
        assert r.due is not None
        assert r.kl_to_original is not None
        assert was is not None  # scores are missing only where there are no cases
        due = min(r.due, real.before)
        left = r.kl_to_original == np.inf or r.kl_to_original - was >= NO_MOVE * due
        if alone and real.later is not None:
            later = real.later
            margins = [margin(later.effect, later.drawn, *s.counted_later) for s in beside]
            return Facts(later.effect, _least(margins, later.effect, later.drawn), later.moved, later.due, left=left)
        margins = [margin(r.effect, real.drawn, *s.counted) for s in beside]
        return Facts(r.effect, _least(margins, r.effect, real.drawn), r.moved, due, left=left)

    started = True
    if run.found.start != "own belief":
        (first,) = (s.row for s in rows if s.row.control == "before" and s.row.horizon == visible)
        assert first.kl_to_original is not None
        assert first.due is not None
        started = first.kl_to_original <= first.due
    real = {(s.row.horizon, s.row.strength): replace(facts(s), started=started) for s in rows if not s.row.control}
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
            found.append(
                replace(r, verdict=verdict(here, run.work.place, run.work.predictor, kind=r.kind, reaches=reaches))
            )
    return found


def _least(margins: list[float | None], effect: float | None, drawn: Float[np.ndarray, " draw"]) -> float | None:
    """The least of the margins over controls, and of that over no effect at all."""
    low, _ = interval(drawn)
    known = [each for each in [*margins, effect if low is None else low] if each is not None]
    return min(known, default=None)


def _mean(weight: Float[np.ndarray, " case"], values: Float[np.ndarray, " case"]) -> float:
    return float(weight @ values)  # weights are positive: inf stays inf


def _log(P: Float[np.ndarray, "case word"]) -> Float[np.ndarray, "case word"]:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(P))
