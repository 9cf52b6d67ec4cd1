"""The ground that all predictors of one process are judged on: the same histories, splits, targets and nulls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Num

from probes.classes import BeliefClasses, belief_classes
from probes.controls import (
    Control,
    Gaussian,
    GeometricShuffle,
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
from probes.description_length import online_code
from probes.further import DESCRIPTION_LENGTH, Further, further_targets, transfer_targets
from probes.history import Histories, Weighting, histories
from probes.linear import RidgeProbe
from probes.permutation import permutation_test
from probes.prefixes import Source
from probes.scoring import Score, no_score, score, score_in_sample
from probes.splits import Split, by_class, by_history
from probes.suffix_grams import SuffixGrams, suffix_grams
from probes.targets import Target, standard_targets, with_distributions

__all__ = [
    "WEIGHTINGS",
    "Ground",
    "further_scores",
    "gaussian_scores",
    "model_free_scores",
    "prepare",
    "scores",
    "scores_in_sample",
    "suffix_gram_scores",
    "with_p_values",
]

# Targets of equal beliefs differ by what beliefs that count as equal do.
_EQUAL = 1e-6

WEIGHTINGS: tuple[Weighting, ...] = ("probability", "uniform")


@dataclass(frozen=True, eq=False)
class Ground:
    """Everything about one process and length that does not depend on a predictor.

    Attributes:
        histories: what is scored on.
        classes: which of them leave the same belief.
        splits: by history and by belief class.
        targets: for each weighting belief, next and beyond, and what else was asked for; then the nulls: each of the
            three as `shuffled` and `permuted-classes` give it, and what else was asked for.
        probe: how penalties are chosen.
        further: what was asked for beside the standing rows.
    """

    histories: Histories
    classes: BeliefClasses
    splits: tuple[Split, ...]
    targets: Mapping[Weighting, tuple[Target, ...]] = field(repr=False)
    probe: RidgeProbe
    further: Further = field(default_factory=Further)

    @property
    def headline_target(self) -> str:
        """`beyond` or, where nothing lies beyond the next symbol, `belief`."""
        full = any(t.dimension for t in self.targets["probability"] if t.name == "beyond" and not t.control)
        return "beyond" if full else "belief"


def prepare(
    process: Source,
    length: int,
    *,
    max_histories: int | None,
    probe: RidgeProbe | None = None,
    n_fold: int = 5,
    further: Further | None = None,
    own_targets: Callable[[Histories], Sequence[Target]] | None = None,
    rng: np.random.Generator,
) -> Ground:
    """Choose histories, splits and nulls.

    Args:
        own_targets: those of this process alone, such as the parts of a composed one.

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
    further = further or Further()
    own = tuple(own_targets(found)) if own_targets else ()
    of_further = rng.spawn(1)[0]  # after all other streams, so that asking for more changes none of them
    targets = {}
    for weighting in WEIGHTINGS:
        standing = standard_targets(process, found, weighting=weighting)
        real = (*standing, *further_targets(process, found, further.targets, weighting=weighting), *own)
        null = [null_target(null, t, rng=of_nulls) for null in nulls for t in standing]
        null += [null_target(Shuffled(found), t, rng=of_further) for t in real[len(standing) :]]
        if further.controls:
            geometric = GeometricShuffle(found, classes)
            null.append(null_target(geometric, standing[0], weight=found.weight(weighting), rng=of_further))
        null += transfer_targets(found, further.transfer)
        if further.predicts_distributions:
            real = with_distributions(process, found, real)
        targets[weighting] = (*real, *null)
    return Ground(found, classes, splits, targets, probe or RidgeProbe(), further)


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


def further_scores(
    ground: Ground, X: Num[np.ndarray, "history width"], *, control: str = "", rng: np.random.Generator
) -> list[Score]:
    """Scores of the probes that were asked for beside ridge, by probability, on the real targets of every split."""
    weighting: Weighting = "probability"
    targets = [target for target in ground.targets[weighting] if not target.control]
    found: list[Score] = []
    for split in ground.splits:
        for probe in ground.further.made_probes:
            found += score(X, targets, ground.histories, weighting=weighting, split=split, probe=probe, control=control)
    if ground.further.codes:
        found += [_coded(ground, X, target, control, rng) for target in targets if target.name == "belief"]
    return found


def _coded(
    ground: Ground, X: Num[np.ndarray, "history width"], target: Target, control: str, rng: np.random.Generator
) -> Score:
    """The online code of a target's distribution as a score: of the bits that features could save, the share saved."""
    split, weight = ground.splits[0], ground.histories.weight("probability")
    empty = no_score(target, ground.histories, "probability", split, X.shape[1], control, "nothing can be saved")
    named = replace(empty, probe=DESCRIPTION_LENGTH, split="online")
    if target.distribution is None:
        return replace(named, reason=target.reason or "the belief is no function of a distribution")
    code = online_code(X, target.distribution, weight, rng=rng)
    said = f"bits={code.online:.4f} of {code.mean:.4f}, least {code.entropy:.4f}"
    if code.share is None:
        return replace(named, setting=said)
    return replace(named, score=code.share, setting=said, reason="")


def with_p_values(
    ground: Ground, X: Num[np.ndarray, "history width"], found: Sequence[Score], *, rng: np.random.Generator
) -> list[Score]:
    """Scores of ridge on the real targets by probability, each with the p-value of its split's permutations.

    Held out by history, targets are exchanged among histories of equal length; held out by class, among beliefs.
    Targets that are no functions of the belief have none by class.
    """
    if not ground.further.permutations:
        return list(found)
    real = {t.name: t for t in ground.targets["probability"] if not t.control and t.dimension}
    splits = {split.name: split for split in ground.splits if not split.reason}
    tested = []
    for s in found:
        asked = s.control == "" and s.probe == "ridge" and s.weighting == "probability" and s.score is not None
        by_class = s.split == "class"
        if not asked or s.target not in real or (by_class and not _of_belief(ground, real[s.target])):
            tested.append(s)
            continue
        test = permutation_test(
            X,
            real[s.target],
            ground.histories,
            ground.classes,
            weighting="probability",
            split=splits[s.split],
            exchange="classes" if by_class else "histories",
            n_permutation=ground.further.permutations,
            probe=ground.probe,
            rng=rng,
        )
        tested.append(replace(s, p_value=test.p))
    return tested


def _of_belief(ground: Ground, target: Target) -> bool:
    """Whether histories of equal belief have equal targets."""
    label = ground.classes.belief
    _, first = np.unique(label, return_index=True)
    return bool(abs(target.Y - target.Y[first][label]).max() <= _EQUAL)


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
    if ground.further.probes:
        # what the same probes make of the last symbols, the position and the truth about the next symbol
        chosen = [LastSymbols(history, history.length), *controls[-3:]]
        for control, own in zip(chosen, rng.spawn(len(chosen)), strict=True):
            made = features(control, history, rng=own)
            found += further_scores(ground, made, control=control.name, rng=own)
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
