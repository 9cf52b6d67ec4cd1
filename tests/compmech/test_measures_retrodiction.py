"""What the future says of the causal state, against long futures by enumeration."""

from itertools import product

import numpy as np
import pytest
from golden_machines import NAMES, golden, machine
from hypothesis import given, settings
from strategies import unifilar_hmms

from compmech import EpsilonMachine, epsilon_machine, zoo
from compmech.measures.interval import entropy
from compmech.measures.retrodiction import Retrodiction, crypticity_and_ephemeral, retrodiction, reversed_matrices

FINITE = [name for name in NAMES if np.isfinite(golden(name).get("n_reverse_causal_states", 0))]


def seen_from(found: EpsilonMachine) -> Retrodiction | None:
    return retrodiction(found.successor, found.to_hmm().T, found.start, max_states=500)


def given_words(found: EpsilonMachine, length: int) -> tuple[float, float]:
    """H[S_0 | X_0:L] and H[X_0 | S_0, X_1:L+1], by words."""
    hmm = found.to_hmm()
    state = symbol = 0.0
    for word in product(range(found.n_symbol), repeat=length):
        ahead = np.ones(found.n_state)
        for x in reversed(word):
            ahead = hmm.T[x] @ ahead
        total = found.start @ ahead
        if total > 0:
            state += total * float(entropy(found.start * ahead / total))
            joint = found.start[:, None] * np.einsum("xij,j->ix", hmm.T, ahead)
            symbol += float((joint.sum(axis=1) * entropy(joint / joint.sum(axis=1, keepdims=True).clip(1e-300))).sum())
    return state, symbol


@pytest.mark.parametrize("name", FINITE)
def test_published_reverse_machines(name: str) -> None:
    found = epsilon_machine(machine(name))
    seen = seen_from(found)
    crypticity, ephemeral = crypticity_and_ephemeral(seen, found.to_hmm().T, found.start)
    expected = golden(name)
    assert len(seen.beliefs) == expected["n_reverse_causal_states"]
    assert float(entropy(seen.probability)) == pytest.approx(expected["reverse_statistical_complexity"], abs=1e-10)
    assert ephemeral == pytest.approx(expected["ephemeral_information"], abs=1e-10)
    assert crypticity == pytest.approx(expected.get("crypticity", 0.0), abs=1e-10)


@settings(max_examples=25)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_words_close_in_from_above(process) -> None:
    """H[S_0 | X_0:L] and H[X_0 | S_0, X_1:L+1] fall to chi and r."""
    found = epsilon_machine(process)
    seen = seen_from(found)
    if seen is None:
        return
    np.testing.assert_allclose(seen.probability @ seen.beliefs, found.start, atol=1e-9)
    limits = crypticity_and_ephemeral(seen, found.to_hmm().T, found.start)
    short, long = given_words(found, 2), given_words(found, 7)
    for limit, far, near in zip(limits, short, long, strict=True):
        assert limit - 1e-9 <= near <= far + 1e-9


def test_words_reach_the_limit_at_a_finite_order() -> None:
    found = epsilon_machine(machine("noisy_random_phase_slip"))
    limits = crypticity_and_ephemeral(seen_from(found), found.to_hmm().T, found.start)
    assert given_words(found, 9) == pytest.approx(limits, abs=1e-12)


def test_infinitely_many_reverse_causal_states_are_not_cut_to_finitely_many() -> None:
    assert seen_from(epsilon_machine(machine("misiurewicz"))) is None


def test_states_told_only_in_the_limit_are_told() -> None:
    """Alternating biased coins: no finite future tells the phase, the whole future does."""
    found = epsilon_machine(machine("abc"))
    seen = seen_from(found)
    np.testing.assert_allclose(np.sort(seen.beliefs.ravel()), [0, 0, 1, 1], atol=1e-12)


def test_reading_backwards_twice_is_reading_forwards() -> None:
    process = zoo.nemo(0.3, 0.6)
    once = reversed_matrices(process.T, process.start)
    np.testing.assert_allclose(once.sum(axis=(0, 2)), 1)
    np.testing.assert_allclose(reversed_matrices(once, process.start), process.T, atol=1e-15)
