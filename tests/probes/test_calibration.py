"""Controls that no other file calibrates: each says nothing where there is nothing, and speaks where it was planted."""

import numpy as np
import pytest
from scipy.stats import binom

from compmech import HMM, zoo
from probes import Target, belief_target, score
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.further import transfer_targets
from probes.geometry import subspace_angles
from tests.probes.ground_for_tests import Ground

# The symbols of RRXOR, and every word of them is possible.
COIN = HMM([[[0.3, 0.4], [0.1, 0.2]], [[0.3, 0.0], [0.0, 0.7]]], alphabet="01")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_transferred_belief_is_read_where_it_was_planted_and_not_in_noise() -> None:
    ground = Ground(zoo.rrxor(), 8)
    own = belief_target(ground.process, ground.histories)
    (other,) = transfer_targets(ground.histories, [("coin", COIN)])

    def read(X: np.ndarray, target: Target) -> float:
        (found,) = score(X, [target], ground.histories, weighting="probability", split=ground.split)
        assert found.score is not None
        return found.score

    assert read(other.Y, other) == pytest.approx(1, abs=1e-8)
    assert read(own.Y, own) == pytest.approx(1, abs=1e-8)
    # what holds one belief exactly holds of the other what both share, and less than its own
    assert read(own.Y, other) < 0.9
    assert read(other.Y, own) < 0.9
    noise = [read(rng(seed).standard_normal((len(ground.histories), 4)), other) for seed in range(20)]
    assert abs(np.mean(noise)) < 0.02


def test_a_network_that_has_learned_nothing_scores_as_its_untrained_twin() -> None:
    """The same initialisation, moved by updates of 1e-9: at every site, target, split and weighting."""
    spec = ComparisonSpec(
        (Subject("z1r", "z1r", zoo.z1r(), 5),),
        (candidate("gru", {"width": 6, "n_layer": 1}),),
        steps=2,
        batch=4,
        learning_rate=1e-9,
    )
    found = compare(spec, rng=rng())
    pairs = 0
    for twin in found.only(control="untrained", predictor="gru"):
        asked = {"site": twin.site, "target": twin.target, "split": twin.split, "weighting": twin.weighting}
        (real,) = found.only(control="", predictor="gru", probe=twin.probe, **asked)
        assert (real.score is None) == (twin.score is None)
        if real.score is not None and twin.score is not None:
            pairs += 1
            assert real.score == pytest.approx(twin.score, abs=1e-5)
    assert pairs >= 10


def test_the_range_of_chance_of_two_subspaces_holds_95_of_100_random_ones() -> None:
    """Targets whose directions are random by the covariance of the activations: the null, as it is stated."""
    made, trials = rng(1), 60
    X = made.standard_normal((200, 6)) * [3, 2, 1, 1, 0.5, 0.3]
    size, axes = np.linalg.eigh(np.cov(X.T, bias=True))
    whitened = (X - X.mean(axis=0)) @ axes / np.sqrt(size)
    fixed, weight = X[:, :2], np.ones(len(X))
    inside = 0
    for trial in range(trials):
        other = whitened @ made.standard_normal((6, 2))
        (found,) = subspace_angles(X, [("one", fixed), ("other", other)], weight, rng=rng(trial), share=1.0, draws=60)
        inside += found.chance[1] <= found.overlap <= found.chance[2]
    # two-sided, once in a thousand seeds; these are fixed
    low, high = binom.ppf([5e-4, 1 - 5e-4], trials, 0.95)
    assert low <= inside <= high
