"""The ground that all predictors of one process are judged on: the same histories, splits, targets and nulls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Num

from probes.classes import BeliefClasses, belief_classes
from probes.controls import (
    Control,
    Gaussian,
    LastSymbols,
    NextLogProbabilities,
    NextProbabilities,
    PermutedClasses,
    Position,
    RandomFeatures,
    Shuffled,
    features,
    null_target,
)
from probes.history import Histories, Weighting, histories
from probes.linear import RidgeProbe
from probes.prefixes import Source
from probes.scoring import Score, score, score_in_sample
from probes.splits import Split, by_class, by_history
from probes.suffix_grams import SuffixGrams, suffix_grams
from probes.targets import Target, standard_targets

__all__ = [
    "WEIGHTINGS",
    "Ground",
    "gaussian_scores",
    "model_free_scores",
    "prepare",
    "scores",
    "scores_in_sample",
    "suffix_gram_scores",
]

WEIGHTINGS: tuple[Weighting, ...] = ("probability", "uniform")


@dataclass(frozen=True, eq=False)
class Ground:
    """Everything about one process and length that does not depend on a predictor.

    Attributes:
        histories: what is scored on.
        classes: which of them leave the same belief.
        splits: by history and by belief class.
        targets: for each weighting belief, next and beyond, and then each as the nulls `shuffled` and
            `permuted-classes` give it.
        probe: how penalties are chosen.
    """

    histories: Histories
    classes: BeliefClasses
    splits: tuple[Split, ...]
    targets: Mapping[Weighting, tuple[Target, ...]] = field(repr=False)
    probe: RidgeProbe


def prepare(
    process: Source,
    length: int,
    *,
    max_histories: int | None,
    probe: RidgeProbe | None = None,
    n_fold: int = 5,
    rng: np.random.Generator,
) -> Ground:
    """Choose histories, splits and nulls.

    Raises:
        ValueError: if the length is below 1, or allows too few histories for `n_fold` folds, or all leave one belief.
    """
    of_histories, of_splits, of_nulls = rng.spawn(3)
    found = histories(process, length, max_histories=max_histories, rng=of_histories)
    classes = belief_classes(process, found)
    splits = tuple(split(classes, n_fold=n_fold, rng=of_splits) for split in (by_history, by_class))
    if splits[0].reason:
        raise ValueError(f"{splits[0].reason}: read more symbols, or allow more histories")
    if classes.n_belief == 1:
        raise ValueError("every history leaves the same belief: there is nothing for a probe to read")
    nulls: list[Control] = [Shuffled(found)]
    if classes.n_belief > 1:
        nulls.append(PermutedClasses(classes))
    targets = {}
    for weighting in WEIGHTINGS:
        real = standard_targets(process, found, weighting=weighting)
        targets[weighting] = (*real, *(null_target(null, t, rng=of_nulls) for null in nulls for t in real))
    return Ground(found, classes, splits, targets, probe or RidgeProbe())


def scores(
    ground: Ground, X: Num[np.ndarray, "history width"], *, control: str = "", nulls: bool = False
) -> list[Score]:
    """Held-out scores of one set of features: every weighting, split and target, and the nulls if wanted.

    Args:
        control: the name of the baseline, ceiling or null that made the features; empty for a predictor's.
    """
    found: list[Score] = []
    for weighting in WEIGHTINGS:
        targets = [target for target in ground.targets[weighting] if nulls or not target.control]
        for split in ground.splits:
            found += score(
                X, targets, ground.histories, weighting=weighting, split=split, probe=ground.probe, control=control
            )
    return found


def scores_in_sample(ground: Ground, X: Num[np.ndarray, "history width"]) -> list[Score]:
    """Ordinary least squares scored on its own rows, as published figures are, weighted uniformly; also shuffled."""
    targets = [t for t in ground.targets["uniform"] if t.control in ("", "shuffled")]
    return list(score_in_sample(X, targets, ground.histories, weighting="uniform", n_belief=ground.classes.n_belief))


def model_free_scores(ground: Ground, widths: Sequence[int], *, rng: np.random.Generator) -> list[Score]:
    """Held-out scores of the features that need no predictor: baselines and ceilings.

    Args:
        widths: of the predictors' sites; random features are made as wide as each.
    """
    found: list[Score] = []
    history = ground.histories
    controls: list[Control] = [LastSymbols(history, k) for k in range(1, history.length + 1)]
    controls += [RandomFeatures(history, width, history.length) for width in sorted(set(widths))]
    controls += [Position(history), NextProbabilities(history), NextLogProbabilities(history)]
    for control, own in zip(controls, rng.spawn(len(controls)), strict=True):
        setting = f"k={control.k}" if isinstance(control, LastSymbols | RandomFeatures) else ""
        found += [
            replace(s, setting=setting)
            for s in scores(ground, features(control, history, rng=own), control=control.name)
        ]
    return found


def suffix_gram_scores(ground: Ground) -> list[SuffixGrams]:
    """The suffix-gram baseline for every weighting, split and target, with its curve over K."""
    found: list[SuffixGrams] = []
    for weighting in WEIGHTINGS:
        targets = [target for target in ground.targets[weighting] if not target.control]
        for split in ground.splits:
            found += suffix_grams(targets, ground.histories, weighting=weighting, split=split)
    return found


def gaussian_scores(ground: Ground, width: int, *, rng: np.random.Generator) -> list[Score]:
    """What noise of this width reaches when it is scored on its own rows."""
    noise = Gaussian(ground.histories, width)
    found = scores_in_sample(ground, features(noise, ground.histories, rng=rng))
    return [replace(s, control=f"in-sample {noise.name}", verdict="") for s in found if s.control == "in-sample"]
