"""Running a predictor unedited and edited: what all edits have in common, and what one kind at one place gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast, get_args

import numpy as np
import torch
from jaxtyping import Float, Int

from predictors import Predictor
from probes.history import Histories
from probes.intervention.beliefs import BeliefSpace, belief_space
from probes.intervention.cases import Bench, bench
from probes.intervention.component import Through
from probes.intervention.futures import joint_log_probs
from probes.intervention.places import Place
from probes.intervention.replacements import Replacement, replacement
from probes.intervention.seen import Seen
from probes.intervention.workbench import Workbench
from probes.linear import RidgeProbe
from probes.prefixes import Source
from probes.splits import by_history

__all__ = ["CASES", "Measured", "Setting", "measured", "prepared", "reaches_future"]

CASES = 256
"""How many edits are drawn by default."""

_FOLDS = 3


@dataclass(frozen=True, eq=False)
class Setting:
    """What all edits of one predictor, process and row have in common. Made by `prepared`."""

    space: BeliefSpace
    histories: Histories
    bench: Bench
    fold: Int[np.ndarray, " all"]
    horizon: int
    through: Through
    probe: RidgeProbe
    n_case: int
    seen: Seen

    def workbench(self, predictor: Predictor, where: Place) -> Workbench:
        """This setting, for one predictor and place."""
        known = (self.space, self.histories, self.bench, self.fold)
        return Workbench(predictor, where, *known, self.through, self.probe, self.seen)


def prepared(
    process: Source,
    histories: Histories,
    *,
    row: int | None,
    horizon: int | None,
    through: str,
    probe: RidgeProbe | None,
    n_case: int,
    seen: Seen | None,
    rng: np.random.Generator,
) -> Setting:
    """Check and complete what the caller of `causal_effects` says."""
    if n_case < 1:
        raise ValueError(f"n_case, the number of edits, must be at least 1; got {n_case}")
    if through not in get_args(Through):
        raise ValueError(f'through must be "probe" or "encoding"; got {through!r}')
    space = belief_space(process)
    if len(histories.alphabet) != space.process.n_symbol or histories.belief.shape[1] != space.process.n_state:
        raise ValueError(
            f"the histories are of another process: {len(histories.alphabet)} symbols and {histories.belief.shape[1]} "
            f"states, not {space.process.n_symbol} and {space.process.n_state}"
        )
    if horizon is not None and horizon < 1:
        raise ValueError(f"horizon must be at least 1, the number of symbols predicted; got {horizon}")
    row = max(1, histories.length // 2) if row is None else row
    seen = seen or Seen()
    classes = seen.classes(process, histories)
    chosen = bench(space, histories, classes, row)
    ahead = max(3, space.least_horizon) if horizon is None else horizon
    space.steps(ahead)  # refuses, before anything is run, a horizon with too many words
    fold = by_history(classes, n_fold=_FOLDS, n_draw=1, rng=rng).fold
    return Setting(space, histories, chosen, fold, ahead, cast(Through, through), probe or RidgeProbe(), n_case, seen)


@dataclass(frozen=True, eq=False)
class Measured:
    """Everything that was run for one kind at one place.

    Attributes:
        injected, original: exact P(next k symbols), k = 1 .. horizon, for each case.
        log_Q: by control and strength the predictor's; "before" among them.
    """

    work: Workbench
    found: Replacement
    injected: list[Float[np.ndarray, "case _"]]
    original: list[Float[np.ndarray, "case _"]]
    log_Q: Mapping[tuple[str, float], list[Float[np.ndarray, "case _"]]] = field(repr=False)


def measured(
    work: Workbench,
    kind: str,
    setting: Setting,
    *,
    strengths: Sequence[float],
    controls: bool,
    rng: np.random.Generator,
) -> Measured:
    """Run the predictor unedited, edited, and (if wanted) edited as the controls say."""
    found = replacement(work, kind, n_case=setting.n_case, rng=rng)
    words, base = work.bench.words[found.pairs.into], work.values[found.pairs.into]
    if found.before is not None:
        base = base + found.before

    def asked(values: np.ndarray | None) -> list[np.ndarray]:
        """What the predictor says with these values put in, or with none."""

        def predictor(case: Int[np.ndarray, " case"]) -> Predictor:
            return work.predictor if values is None else work.place.written(work.predictor, values[case])

        return joint_log_probs(predictor, words, setting.horizon)

    horizons = range(1, setting.horizon + 1)
    log_Q = {}
    if len(found.pairs):
        log_Q["before", 0.0] = asked(base if found.start != "own belief" else None)
        for control, displaced in found.displaced.items():
            for strength in strengths if controls or not control else ():
                log_Q[control, strength] = asked(base + strength * displaced)
    return Measured(
        work,
        found,
        [work.space.words(found.injected, k) for k in horizons],
        [work.space.words(found.original, k) for k in horizons],
        log_Q,
    )


def reaches_future(work: Workbench, *, rng: np.random.Generator, n: int = 64) -> bool:
    """Whether the place can change anything after row t: states can, by contract; of other sites it is tried out.

    Tried by putting in the values of other histories and comparing predictions after row t bit by bit, along the two
    symbols that the predictor itself finds most probable.
    """
    if any(work.predictor.sites[slot.site].state for slot in work.place.slots):
        return True
    into, of = rng.integers(len(work.values), size=(2, n))
    edited = work.place.written(work.predictor, work.values[of])
    tokens = torch.from_numpy(work.bench.words[into].astype(np.int64))
    with torch.no_grad():
        runs = [model.advance(tokens, model.init_carry(n))[1] for model in (work.predictor, edited)]
        for _ in range(2):
            assert runs[0].log_probs is not None  # rows >= 1 are there in every predictor
            symbol = runs[0].log_probs.argmax(-1)
            (plain, first), (other, second) = (
                model.step(symbol, carry) for model, carry in zip((work.predictor, edited), runs, strict=True)
            )
            if not torch.equal(plain, other):
                return True
            runs = [first, second]
    return False
