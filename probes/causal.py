"""Edits of one network in a comparison: at the sites where it holds the belief best, and of all that it carries.

The three edits stay apart. `carry` is done twice: with everything carried on, which is alike across architectures, and
with the one state site from which the headline target is read best. `rows<=t` and `row t` are done at the best site
whatever it is, but for `final`, where an edit is an edit of the output. Sites are chosen by the scores of the same
seed, so that they may differ between seeds; each row names its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from compmech import GHMM, HMM
from predictors import Predictor
from probes.ground import Ground
from probes.intervention import EditEffect, causal_effects, causal_share
from probes.intervention.component import Through
from probes.intervention.runs import prepared
from probes.intervention.seen import Seen
from probes.tables import ShareRow

__all__ = ["CausalRows", "causal_rows", "check_edits"]

_BY_COMPONENT = ("belief", "arbitrary", "erase")
"""Kinds that put in what a probe finds of the belief; how it is found matters to these and to `visible-at-k`."""

_THROUGH: tuple[Through, ...] = ("encoding", "probe")


@dataclass(frozen=True)
class CausalRows:
    """What is found, and what could not be done."""

    effects: tuple[EditEffect, ...] = ()
    shares: tuple[ShareRow, ...] = ()
    notes: tuple[str, ...] = ()


def check_edits(process: HMM | GHMM, ground: Ground) -> None:
    """Refuse, before anything is trained, a process and length of which no edit can be scored.

    Raises:
        ValueError: in the words of `causal_effects`.
    """
    prepared(
        process,
        ground.histories,
        row=None,
        horizon=None,
        through="probe",
        probe=ground.probe,
        n_case=ground.further.edit_cases,
        seen=None,
        rng=np.random.default_rng(0),
    )


def causal_rows(
    model: Predictor,
    twin: Predictor,
    process: HMM | GHMM,
    ground: Ground,
    best: Mapping[str, float],
    *,
    names: tuple[str, str, int | None],
    rng: np.random.Generator,
) -> CausalRows:
    """Everything that `ground.further` asks for, of one network.

    Args:
        twin: the same network before training, for the control `untrained`.
        best: the probed sites, with the score of the headline target.
        names: process, predictor and seed.
    """
    further, entropy = ground.further, int(rng.integers(2**63 - 1))
    seen = Seen()
    effects: list[EditEffect] = []
    shares: list[ShareRow] = []
    notes: dict[str, None] = {}

    @contextmanager
    def told(edit: str, site: str | None) -> Iterator[None]:
        try:
            yield
        except ValueError as error:  # a predictor without state sites, say; the process was checked before
            place = site or "everything carried"
            notes[f"{names[1]} on {names[0]}: no edit {edit} of {place}: {error}"] = None

    for edit, site in _places(model, further.edits, best):
        where = (model, process, ground.histories, site)
        for through in _THROUGH:
            settings: dict[str, Any] = {
                "edit": edit,
                "through": through,
                "n_case": further.edit_cases,
                "probe": ground.probe,
                "seen": seen,
            }
            for kind in further.edit_kinds:
                if through == "encoding" and not _depends(kind):
                    continue
                with told(edit, site):
                    own = np.random.default_rng(entropy)
                    effects += causal_effects(*where, kind=kind, twin=twin, names=names, rng=own, **settings)
            with told(edit, site):
                found = causal_share(*where, rng=np.random.default_rng(entropy), **settings)
                shares += [ShareRow.of(one, *names) for one in found]
    return CausalRows(tuple(effects), tuple(shares), tuple(notes))


def _depends(kind: str) -> bool:
    return kind in _BY_COMPONENT or kind.startswith("visible-at-")


def _places(model: Predictor, edits: Sequence[str], best: Mapping[str, float]) -> Iterator[tuple[str, str | None]]:
    def highest(sites: Sequence[str]) -> list[str]:
        return sorted(sites, key=lambda site: -best[site])[:1]

    inner = [site for site in best if site in model.sites and site != "final"]
    states = [site for site in inner if model.sites[site].state]
    for edit in edits:
        if edit == "carry":
            yield edit, None
        for site in highest(states if edit == "carry" else inner):
            yield edit, site
