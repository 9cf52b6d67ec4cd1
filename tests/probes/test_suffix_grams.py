"""The suffix-gram baseline against a slow table, on processes whose memory is known."""

import numpy as np
import pytest

from compmech import zoo
from probes import Histories, Target, Weighting, belief_target, standard_targets, suffix_grams
from probes.suffix_grams import suffixes
from tests.probes.ground_for_tests import Ground


def slow_guess(
    found: Histories, Y: np.ndarray, weight: np.ndarray, train: np.ndarray, rows: np.ndarray, K: int
) -> np.ndarray:
    """The mean target after the longest suffix of up to K symbols that a training history ends with."""
    words = [found.symbols(i) for i in range(len(found))]
    table: dict[tuple[int, ...], list[int]] = {}
    for i in train:
        for m in range(min(K, len(words[i])) + 1):
            table.setdefault(words[i][len(words[i]) - m :], []).append(int(i))
    out = np.empty((len(rows), Y.shape[1]))
    for n, i in enumerate(rows):
        m = min(K, len(words[i]))
        while words[i][len(words[i]) - m :] not in table:
            m -= 1
        members = table[words[i][len(words[i]) - m :]]
        out[n] = weight[members] @ Y[members] / weight[members].sum()
    return out


@pytest.mark.parametrize("weighting", ["probability", "uniform"])
@pytest.mark.parametrize("by", ["split", "class_split"])
def test_scores_curves_and_choices_are_those_of_a_slow_table(weighting: Weighting, by: str) -> None:
    ground = Ground(zoo.rrxor(), 6)
    h, split = ground.histories, getattr(ground, by)
    Y, weight, fold = belief_target(ground.process, h).Y, h.weight(weighting), split.fold
    (found,) = suffix_grams([Target("belief", Y)], h, weighting=weighting, split=split)
    held = np.flatnonzero(fold >= 0)
    n_fold = int(fold.max()) + 1

    def loss(excluded: set[int], own: int, K: int) -> float:
        rows = np.flatnonzero(fold == own)
        train = np.flatnonzero(~np.isin(fold, list(excluded | {own})))
        return float(weight[rows] @ ((Y[rows] - slow_guess(h, Y, weight, train, rows, K)) ** 2).sum(axis=1))

    null = sum(loss(set(), own, 0) for own in range(n_fold))
    curve = [1 - sum(loss(set(), own, K) for own in range(n_fold)) / null for K in range(6)]
    np.testing.assert_allclose(found.curve, curve, atol=1e-10)
    inner = [[sum(loss({f}, g, K) for g in range(n_fold) if g != f) for K in range(6)] for f in range(n_fold)]
    assert found.chosen == tuple(int(np.argmin(losses)) for losses in inner)
    said = found.score.setting.removeprefix("K=").split("/")
    assert [int(K) for K in said] == list(found.chosen if len(set(found.chosen)) > 1 else found.chosen[:1])
    chosen = 1 - sum(loss(set(), own, found.chosen[own]) for own in range(n_fold)) / null
    assert found.score.score == pytest.approx(chosen, abs=1e-10)
    assert len(held)


def test_suffixes_number_the_endings() -> None:
    ground = Ground(zoo.golden_mean(), 5)
    h = ground.histories
    for m, suffix in enumerate(suffixes(h)):
        endings = [h.symbols(i)[len(h.symbols(i)) - m :] if len(h.symbols(i)) >= m else None for i in range(len(h))]
        np.testing.assert_array_equal(suffix < 0, [ending is None for ending in endings])
        pairs = {(int(s), ending) for s, ending in zip(suffix, endings, strict=True) if ending is not None}
        assert len(pairs) == len({s for s, _ in pairs}) == len({ending for _, ending in pairs})


def test_one_symbol_is_enough_for_golden_mean() -> None:
    ground = Ground(zoo.golden_mean(), 9)
    (found,) = suffix_grams(
        [belief_target(ground.process, ground.histories)], ground.histories, weighting="probability", split=ground.split
    )
    assert found.curve[0] == 0
    np.testing.assert_allclose(found.curve[1:], 1, atol=1e-12)
    assert min(found.chosen) >= 1
    assert found.score.control == "suffix-grams"
    assert found.score.verdict == ""
    assert found.score.rank is None


def test_a_planted_memory_of_three_is_found_at_three() -> None:
    ground = Ground(zoo.mess3(), 7)
    h = ground.histories
    planted = Target("third to last", (h.recent(3)[:, 2:] == 0).astype(float))
    (found,) = suffix_grams([planted], h, weighting="uniform", split=ground.split)
    assert max(abs(value) for value in found.curve[:3]) < 0.1
    assert min(found.curve[3:]) > 0.98  # less than 1 for the few histories shorter than three
    assert set(found.chosen) <= {3, 4, 5, 6}


def test_nothing_of_a_fold_reaches_its_choice() -> None:
    ground = Ground(zoo.mess3(), 7)
    h, fold = ground.histories, ground.split.fold
    signal = (h.recent(3)[:, 2:] == 0).astype(float)
    spoilt = np.where((fold == 0)[:, None], -100 * signal, signal)  # in fold 0 the longer suffix only misleads
    (clean,) = suffix_grams([Target("signal", signal)], h, weighting="uniform", split=ground.split)
    (found,) = suffix_grams([Target("spoilt", spoilt)], h, weighting="uniform", split=ground.split)
    assert found.chosen[0] == clean.chosen[0]
    assert found.chosen[1:] != clean.chosen[1:]  # the others do learn from fold 0


def test_nothing_to_remember_gives_nothing() -> None:
    ground = Ground(zoo.mess3(), 7)
    noise = Target("noise", np.random.default_rng(0).standard_normal((len(ground.histories), 2)))
    (found,) = suffix_grams([noise], ground.histories, weighting="uniform", split=ground.split)
    assert found.score.score is not None
    assert abs(found.score.score) < 0.02
    assert found.curve[-1] < found.curve[0]  # a longer table overfits, and the inner folds do not choose it
    assert max(found.chosen) <= 2


def test_class_split_keeps_the_held_out_suffix_from_the_table() -> None:
    # blocks are the last four symbols: no training history shares more than three with a held-out one
    ground = Ground(zoo.mess3(), 7)
    target = belief_target(ground.process, ground.histories)
    (found,) = suffix_grams([target], ground.histories, weighting="uniform", split=ground.class_split)
    np.testing.assert_allclose(found.curve[3:], found.curve[3], atol=1e-12)
    assert set(found.chosen) == {3}  # the shortest of equally good ones


def test_empty_targets_and_missing_splits_say_why() -> None:
    ground = Ground(zoo.even(), 8)
    targets = standard_targets(ground.process, ground.histories, weighting="uniform")
    found = suffix_grams(targets, ground.histories, weighting="uniform", split=ground.split)
    assert found[0].score.score is not None
    assert found[2].score.score is None
    assert "determines the belief" in found[2].score.reason
    refused = suffix_grams(targets, ground.histories, weighting="uniform", split=ground.class_split)
    assert "transient beliefs" in refused[0].score.reason
    assert refused[0].curve == ()
