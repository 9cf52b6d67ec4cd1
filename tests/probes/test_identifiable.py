"""Indistinguishable states: what no word tells is reported, not recovered from a predictor, and found if planted."""

import numpy as np
import pytest

from compmech import HMM, zoo
from compmech.compose import copy_map, random_shares, redundant
from probes import (
    KernelProbe,
    RidgeProbe,
    Target,
    belief_target,
    features,
    identifiability,
    next_target,
    score,
    state_target,
    unidentifiable_target,
)
from probes.controls import LastSymbols
from tests.probes.ground_for_tests import Ground, in_other_coordinates


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def split() -> Ground:
    """Mess3 with its first two states in two copies each, whose shares depend on everything."""
    original = zoo.mess3(x=0.15, a=0.6)
    return Ground(redundant(original, [2, 2, 1], random_shares(original, [2, 2, 1], rng=rng(3))), 7)


def scored(ground: Ground, X: np.ndarray, target: Target, probe: RidgeProbe | KernelProbe | None = None) -> float:
    (found,) = score(X, [target], ground.histories, weighting="probability", split=ground.split, probe=probe)
    assert found.score is not None, found.reason
    return found.score


def test_the_report_says_what_is_and_is_not_identifiable(split: Ground) -> None:
    found = identifiability(split.process)
    assert (found.dimension, found.hidden_dimension) == (3, 2)
    assert found.identifiable == (False, False, False, False, True)
    assert [len(group) for group in found.groups] == [2, 2, 1]
    assert found.report.startswith("3 dimensions of belief are identifiable, 2 are not")
    assert "only sums are" in found.report
    np.testing.assert_allclose(found.hidden.T @ found.hidden, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(found.hidden.T @ copy_map(zoo.mess3(), [2, 2, 1]), 0, atol=1e-9)


@pytest.mark.parametrize("process", [zoo.rrxor(), zoo.mess3(), zoo.nemo(), zoo.even()], ids=lambda p: p.name)
def test_minimal_presentations_are_identifiable(process: HMM) -> None:
    found = identifiability(process)
    assert all(found.identifiable)
    assert found.hidden_dimension == 0
    assert found.dimension == process.n_state
    assert found.report.startswith(f"all {process.n_state} state probabilities are identifiable")
    ground = Ground(process, 6)
    target = unidentifiable_target(process, ground.histories, weighting="uniform")
    assert (target.dimension, target.reason) == (0, found.report)
    assert identifiability(in_other_coordinates(process, rng())).hidden_dimension == 0


def test_a_split_in_fixed_shares_adds_nothing_to_learn() -> None:
    found = identifiability(redundant(zoo.even(), [2, 1], [0.3, 0.7, 1.0]))
    assert all(found.identifiable)  # the belief in a copy is a fixed share of that in its state
    assert [len(group) for group in found.groups] == [2, 1]


def test_nothing_of_it_is_in_what_a_perfect_predictor_knows(split: Ground) -> None:
    """The belief of the minimal machine, all that any predictor needs, does not give the hidden coordinate linearly."""
    hidden = unidentifiable_target(split.process, split.histories, weighting="probability")
    assert hidden.dimension == 2
    known = belief_target(split.process, split.histories)
    assert scored(split, known.Y, known) == pytest.approx(1, abs=1e-8)
    assert scored(split, known.Y, hidden) < 0.01
    # the state belief itself is read only as far as it can be known
    states = state_target(split.histories)
    told = scored(split, known.Y, states)
    assert 0.1 < told < 0.999


def test_it_is_found_where_it_is_planted(split: Ground) -> None:
    hidden = unidentifiable_target(split.process, split.histories, weighting="probability")
    assert scored(split, split.histories.belief, hidden) == pytest.approx(1, abs=1e-8)


def test_it_is_a_function_of_the_history_all_the_same(split: Ground) -> None:
    """So a score above 0 is no evidence: the baseline to be subtracted reads some of it without a network."""
    hidden = unidentifiable_target(split.process, split.histories, weighting="probability")
    recent = features(LastSymbols(split.histories, 3), split.histories, rng=rng())
    known = belief_target(split.process, split.histories).Y
    assert scored(split, recent, hidden) > scored(split, known, hidden) + 0.05


def test_a_probe_on_the_prediction_does_not_recover_it_either(split: Ground) -> None:
    hidden = unidentifiable_target(split.process, split.histories, weighting="probability")
    assert scored(split, next_target(split.histories).Y, hidden) < 0.01
