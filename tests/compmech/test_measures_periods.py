"""The period of processes whose causal states are infinitely many, and of mixtures of them."""

from math import lcm

import numpy as np
import pytest

from compmech import GHMM, HMM, mixture, statistics, zoo
from compmech.compose import relabelled
from compmech.measures.findings import Findings
from compmech.measures.periods import put_period
from compmech.measures.statistics import Statistics


def found_period(process: HMM | GHMM) -> object:
    found = Findings()
    put_period(found, process)
    return found.values["period"]


def stretched(process: HMM, turns: int) -> HMM:
    """The process with a pause of turns - 1 symbols of its own between any two of its symbols."""
    n, k = process.n_state, process.n_symbol
    T = np.zeros((k + 1, turns, n, turns, n))
    T[:k, 0, :, 1 % turns] = process.T
    for age in range(1, turns):
        T[k, age, :, (age + 1) % turns] = np.eye(n)
    return HMM(T.reshape(k + 1, turns * n, turns * n), name=f"stretched by {turns}")


@pytest.mark.parametrize(
    "name", ["even", "golden_mean", "rrxor", "rrxro", "z1r", "abc", "ehrenfest", "periodic_word", "rip"]
)
def test_the_spectrum_says_what_the_causal_states_say(name: str) -> None:
    process = zoo.get(name)()
    assert found_period(process) == statistics(process, max_words=2000, max_length=1).period


@pytest.mark.parametrize("turns", [(2,), (3,), (1, 1), (1, 2), (2, 3), (4, 6), (6, 10, 15)])
def test_a_mixture_has_the_common_multiple_of_its_parts(turns: tuple[int, ...]) -> None:
    """Non-unifilar parts, distinct ones: no epsilon-machine is found."""
    parts = [stretched(zoo.mess3(x=0.05 + 0.01 * k), n) for k, n in enumerate(turns)]
    assert found_period(parts[0] if len(parts) == 1 else mixture(*parts)) == lcm(*turns)


def test_statistics_of_a_mixture_without_an_epsilon_machine() -> None:
    found: Statistics = statistics(mixture(stretched(zoo.mess3(), 2), stretched(zoo.mess3(), 3)), max_words=2000)
    assert (found.period, found.how["period"]) == (6, "exact")
    assert found.n_causal_states is None


def test_mixtures_of_generalised_processes() -> None:
    assert found_period(mixture(zoo.bloch_walk(), zoo.rrxor())) == 3
    assert found_period(mixture(zoo.bloch_walk(), zoo.rrxor(), relabelled(stretched(zoo.mess3(), 2), str))) == 6


def test_an_angle_that_is_no_fraction_of_a_circle() -> None:
    """A signed machine, of positive words as far as they are looked at, whose means turn by one radian for ever."""
    turn = np.array([[1.0, 0, 0], [0, np.cos(1), np.sin(1)], [0, -np.sin(1), np.cos(1)]])
    lean = np.zeros((3, 3))
    lean[0, 1] = lean[1, 0] = 0.01
    process = GHMM([turn / 2 + lean, turn / 2 - lean], [1, 0, 0], [1, 0, 0])
    found = Findings()
    put_period(found, process)
    assert found.values["period"] is None
    assert found.how["period"].startswith("not defined: it turns")
