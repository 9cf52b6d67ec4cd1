"""Steps between read-out beliefs against the Bayes map: exact beliefs pass, what ignores the symbol fails."""

import numpy as np
import pytest

from compmech import zoo
from probes import histories
from probes.update import successions, symbol_updates


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_every_longer_history_is_paired_with_its_prefix() -> None:
    found = histories(zoo.golden_mean(), 6)
    before, after = successions(found)
    assert len(after) == int((found.row > 1).sum())
    for i, j in zip(before.tolist(), after.tolist(), strict=True):
        assert found.symbols(j)[:-1] == found.symbols(i)


@pytest.mark.parametrize("name", ["mess3", "rrxor", "nemo"])
def test_exact_beliefs_move_by_the_bayes_map_and_by_no_other(name: str) -> None:
    process = zoo.entry(name).build()
    found = histories(process, 8)
    updates = symbol_updates(process, found, found.belief, rng=rng())
    assert len(updates) == {"mess3": 3, "rrxor": 2, "nemo": 1}[name]  # nemo's 1 leads to one state
    for update in updates:
        # squares of rounding errors: 1e-15 of values up to 1, over variances of 1e-2 and more
        assert update.bayes == pytest.approx(1, abs=1e-9)
        assert update.fitted == pytest.approx(1, abs=1e-6)
        assert update.distance < 1e-4
        assert update.still < 0.9
        assert update.others is not None
        assert update.others < 0.9


def test_beliefs_with_noise_are_said_to_move_nearly_so() -> None:
    process = zoo.mess3(x=0.15, a=0.6)
    found = histories(process, 8)
    noisy = found.belief + 0.02 * rng(1).standard_normal(found.belief.shape)
    updates = symbol_updates(process, found, noisy, weighting="uniform", rng=rng())
    assert len(updates) == 3
    for update in updates:
        assert 0.5 < update.bayes < 0.999
        assert update.bayes > update.still


def test_a_predictor_with_maps_of_its_own_is_told_from_bayes() -> None:
    """Beliefs of another Mess3: their steps are linear maps, but not those of this process."""
    process, other = zoo.mess3(x=0.05, a=0.85), zoo.mess3(x=0.2, a=0.5)
    found = histories(process, 8)
    theirs = np.empty_like(found.belief)
    for i in range(len(found)):
        belief = other.start
        for x in found.symbols(i):
            belief = belief @ other.T[x]
            belief = belief / belief.sum()
        theirs[i] = belief
    for update in symbol_updates(process, found, theirs, weighting="uniform", rng=rng()):
        assert update.fitted > 0.999
        assert update.bayes < 0.9
        assert update.distance > 0.1


def test_wrong_shapes_and_single_symbols_are_refused() -> None:
    process = zoo.mess3()
    found = histories(process, 3)
    with pytest.raises(ValueError, match="over 3 states"):
        symbol_updates(process, found, found.belief[:, :2], rng=rng())
    with pytest.raises(ValueError, match="length 2"):
        short = histories(process, 1)
        symbol_updates(process, short, short.belief, rng=rng())
    lost = found.belief.copy()
    lost[4, 1] = np.nan
    with pytest.raises(ValueError, match=r"read\[4, 1\] is nan"):
        symbol_updates(process, found, lost, rng=rng())
