"""What an edit does to the predictions that follow, by horizon, beside what exact Bayes does and beside controls."""

from collections.abc import Sequence

import numpy as np

from predictors import Predictor
from probes.history import Histories
from probes.intervention.effect_rows import EditEffect, judged, of_twin, scored
from probes.intervention.places import place
from probes.intervention.replacements import visible_horizon
from probes.intervention.runs import CASES, Measured, measured, prepared, reaches_future
from probes.intervention.seen import Seen
from probes.linear import RidgeProbe
from probes.prefixes import Source

__all__ = ["causal_effects"]


def causal_effects(
    model: Predictor,
    process: Source,
    histories: Histories,
    site: str | None = None,
    *,
    edit: str,
    kind: str,
    rng: np.random.Generator,
    row: int | None = None,
    horizon: int | None = None,
    twin: Predictor | None = None,
    through: str = "encoding",
    probe: RidgeProbe | None = None,
    strengths: Sequence[float] = (1.0,),
    n_case: int = CASES,
    controls: bool = True,
    names: tuple[str, str, int | None] = ("", "", None),
    seen: Seen | None = None,
) -> tuple[EditEffect, ...]:
    """Edit what a predictor holds after histories of length t, and compare its predictions with exact Bayes.

    Args:
        model: any Predictor with sites. process: what it should know. histories: `probes.histories(process, length)`.
        site: where; None, for `carry` alone: everything carried on.
        edit: `carry`, `rows<=t` or `row t`. kind: what is put in place of what (`replacements.kinds_of` lists them).
        row: t; None: half the length.
        horizon: the most symbols predicted together; None: k*, the least that tells the belief, and at least 3.
        twin: the same network before training, for the control `untrained`; None: no such control.
        through: how the belief component is found: by the `encoding` regression, or as the subspace of a linear `probe`
            (see `component` for what either gets wrong).
        probe: how penalties are chosen; None: RidgeProbe().
        strengths: displacements are multiplied by each.
        n_case: how many edits are drawn.
        controls: whether to run the controls too. An exact predictor refuses what is no belief, and with it most of
            them.
        names: process, predictor and seed, as rows should call them.
        seen: what other edits of the same predictors and histories have looked at, not to be computed again.
    Returns:
        Rows by strength, control (the real edit first) and horizon.
    Raises:
        UnknownSite: for a site that the predictor does not have.
        ValueError: if an argument is not what is said above, no history has length t, all leave one belief, or there
            are too few to fit a probe and edit by it apart.
    """
    strengths = [float(strength) for strength in strengths]
    if not strengths or not np.isfinite(strengths).all():
        raise ValueError(f"strengths must be one or more finite numbers; got {strengths}")
    visible = visible_horizon(kind)
    of_setting, of_kind, of_reach = rng.spawn(3)
    if visible is not None and horizon is not None and horizon < visible:
        raise ValueError(f"{kind} shows at horizon {visible} and not before; horizon {horizon} ends before it")
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
    entropy = int(of_kind.integers(2**63 - 1))  # the twin is edited at the same histories

    def run(predictor: Predictor, controls: bool) -> Measured:
        work = setting.workbench(predictor, place(predictor, edit, site, setting.bench.row))
        own = np.random.default_rng(entropy)
        return measured(work, kind, setting, strengths=strengths, controls=controls, rng=own)

    real = run(model, controls)
    rows = scored(real, setting, kind, names, visible)
    if not len(real.found.pairs):
        return tuple(s.row for s in rows)
    if twin is not None:
        rows += of_twin(scored(run(twin, False), setting, kind, names, visible), rows)
    return tuple(judged(rows, real, visible, reaches_future(real.work, rng=of_reach)))
