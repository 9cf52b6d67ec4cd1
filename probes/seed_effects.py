"""What edits did, gathered over seeds: one entry for each network, place, kind, horizon and control."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from probes.ranking import t_test
from probes.tables import EditEffect

__all__ = ["EVERYTHING", "ONE_SITE", "SeedEffects", "mean_over_seeds", "seed_effects"]

EVERYTHING, ONE_SITE = "all", "best"
"""Where: everything carried on, or the one site that is read best, which may differ between seeds."""


def mean_over_seeds(values: Mapping[int, float | None]) -> tuple[float | None, float | None, float | None]:
    """Mean and 95 % t interval; no mean where a value is missing or infinite, no interval of a single one."""
    known = [value for value in values.values() if value is not None and isfinite(value)]
    if not known or len(known) < len(values):
        return None, None, None
    if len(known) == 1:
        return known[0], None, None
    mean, low, high, _ = t_test(known)
    return mean, low, high


@dataclass(frozen=True)
class SeedEffects:
    """Effects of one edit of one network, or of a control of it, at one horizon; strength 1.

    Attributes:
        site: `EVERYTHING` or `ONE_SITE`.
        effect: by index of the seed, as `EditEffect` has it: the part of the way to exact Bayes for the injected
            belief.
        later: the same of what follows the next symbol.
        verdicts: those of all seeds, each once.
        within: of a single seed, the bootstrap interval of its effect; (None, None) where that is not known.
    """

    predictor: str
    edit: str
    site: str
    kind: str
    through: str
    horizon: int
    control: str
    effect: Mapping[int, float | None]
    later: Mapping[int, float | None] = field(default_factory=dict)
    verdicts: tuple[str, ...] = ()
    within: tuple[float | None, float | None] = (None, None)

    @property
    def values(self) -> list[float]:
        """The effects that there are, by seed; -inf where a possible word lost all probability."""
        return [value for _, value in sorted(self.effect.items()) if value is not None]

    @property
    def mean(self) -> float | None:
        """Over seeds. None where a seed has no effect, or an infinite one."""
        return mean_over_seeds(self.effect)[0]

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """95 %: of t across seeds or, of a single seed, that within it."""
        _, low, high = mean_over_seeds(self.effect)
        return self.within if low is None else (low, high)


def seed_effects(rows: Iterable[EditEffect]) -> list[SeedEffects]:
    """Gather the rows of one process, in the order in which they first appear."""
    like: dict[tuple[str, str, str, str, str, int, str], list[EditEffect]] = {}
    for row in rows:
        if row.seed is not None and (row.strength == 1 or row.control == "before"):
            site = EVERYTHING if row.site is None else ONE_SITE
            key = (row.predictor, row.edit, site, row.kind, row.through, row.horizon, row.control)
            like.setdefault(key, []).append(row)
    return [_gathered(key, found) for key, found in like.items()]


def _gathered(key: tuple[str, str, str, str, str, int, str], rows: Sequence[EditEffect]) -> SeedEffects:
    by_seed = {row.seed: row for row in rows if row.seed is not None}
    within = (rows[0].low, rows[0].high) if len(rows) == 1 else (None, None)
    return SeedEffects(
        *key,
        effect={seed: row.effect for seed, row in by_seed.items()},
        later={seed: row.later for seed, row in by_seed.items()},
        verdicts=tuple(sorted({row.verdict for row in rows})),
        within=within,
    )
