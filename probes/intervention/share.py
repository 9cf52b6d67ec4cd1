"""How much of the belief's causal effect runs through the probed subspace: the faithfulness of a probe.

A probe that reads the belief well need not read it where the predictor does. Put another history's whole state in
place, and the predictions go to that history's; exchange only the belief component that the probe found, and they go
part of that way. The share is

    (K - K_component) / (K - K_whole),      K = mean KL(Bayes for the other history's belief || predictor),

unedited, with the component exchanged, and with everything carried on exchanged, over the same pairs of histories: 1,
all of the effect runs through the subspace; 0, none of it, however well the belief is read there.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from predictors import Predictor
from probes.history import Histories
from probes.intervention.component import Through
from probes.intervention.effect_rows import ENTROPY
from probes.intervention.futures import joint_kl
from probes.intervention.places import EditName, place
from probes.intervention.resampling import interval, part_of_the_way, resampled
from probes.intervention.runs import CASES, Measured, measured, prepared
from probes.intervention.seen import Seen
from probes.linear import RidgeProbe
from probes.prefixes import Source

__all__ = ["CausalShare", "causal_share"]

LEAST_EFFECT = 0.1
"""With a transplant of the whole state that goes less than this part of the way there is no effect to be shared."""


@dataclass(frozen=True)
class CausalShare:
    """The share at one horizon.

    Attributes:
        site, edit, through: where and how the component was exchanged. horizon: symbols predicted together. row: t.
        share: part of the whole state's effect; None where that has no effect to speak of, see `reason`.
        low, high: 95 % interval, a bootstrap over belief classes of both histories of a pair.
        component, whole: the two effects, as `EditEffect.effect` has them.
        cases: distinct pairs.
    """

    site: str | None
    edit: EditName
    through: Through
    horizon: int
    share: float | None
    low: float | None
    high: float | None
    component: float | None
    whole: float | None
    row: int
    cases: int
    reason: str = ""


def causal_share(
    model: Predictor,
    process: Source,
    histories: Histories,
    site: str | None = None,
    *,
    edit: str,
    rng: np.random.Generator,
    row: int | None = None,
    horizon: int | None = None,
    through: str = "encoding",
    probe: RidgeProbe | None = None,
    n_case: int = CASES,
    seen: Seen | None = None,
) -> tuple[CausalShare, ...]:
    """The effect of exchanging the belief component at a place, as a part of that of exchanging the whole state.

    Arguments are those of `causal_effects`.

    Returns:
        One for each horizon.
    Raises:
        ValueError: as `causal_effects`; also if nothing that the predictor carries on is a site, so that there is no
            whole state to compare with.
    """
    of_setting, of_pairs = rng.spawn(2)
    setting = prepared(
        process,
        histories,
        row=row,
        horizon=horizon,
        through=through,
        probe=probe,
        n_case=n_case,
        seen=seen,
        rng=of_setting,
    )
    entropy = int(of_pairs.integers(2**63 - 1))  # both kinds draw the same pairs

    def run(kind: str, edit: str, site: str | None) -> Measured:
        work = setting.workbench(model, place(model, edit, site, setting.bench.row))
        own = np.random.default_rng(entropy)
        return measured(work, kind, setting, strengths=[1.0], controls=False, rng=own)

    part, whole = run("belief", edit, site), run("transplant", "carry", None)
    pairs = part.found.pairs
    assert np.array_equal(pairs.into, whole.found.pairs.into)
    assert np.array_equal(pairs.of, whole.found.pairs.of)
    draws = resampled(setting.bench, part.found, rng=np.random.default_rng(ENTROPY))
    found = []
    for k in range(setting.horizon):
        P = part.injected[k]
        before = joint_kl(P, part.log_Q["before", 0.0][k])
        after = [joint_kl(P, each.log_Q["", 1.0][k]) for each in (part, whole)]
        effects = [float(part_of_the_way(pairs.weight[None], kl, before)[0]) for kl in after]
        reason, share, low, high = "", None, None, None
        if np.isfinite(effects[1]) and effects[1] >= LEAST_EFFECT:
            share = effects[0] / effects[1]
            low, high = interval(_ratios(draws, before, *after))
        else:
            reason = "the transplant of the whole state has hardly an effect that could be shared"
        component, all_of_it = (None if np.isnan(effect) else effect for effect in effects)
        about = (site, part.work.place.edit, setting.through, k + 1)
        found.append(CausalShare(*about, share, low, high, component, all_of_it, setting.bench.row, len(pairs), reason))
    return tuple(found)


def _ratios(
    draws: Float[np.ndarray, "draw case"],
    before: Float[np.ndarray, " case"],
    component: Float[np.ndarray, " case"],
    whole: Float[np.ndarray, " case"],
) -> Float[np.ndarray, " draw"]:
    """The share in each sample; NaN where the whole state's effect is not positive."""
    part, all_of_it = part_of_the_way(draws, component, before), part_of_the_way(draws, whole, before)
    return np.asarray(np.divide(part, all_of_it, out=np.full(len(draws), np.nan), where=all_of_it > 0))
