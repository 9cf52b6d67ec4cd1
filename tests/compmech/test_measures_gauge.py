"""What a presentation's state holds: closed forms, brackets by enumeration, epsilon-machines, reversal."""

from itertools import product
from math import log2

import numpy as np
import pytest
from golden_machines import NAMES, golden, machine
from hypothesis import given, settings
from machines import mess3, probability_clock, sns
from strategies import ergodic_hmms, periodic_hmms, unifilar_hmms

from compmech import HMM, NotStationary, epsilon_machine, statistics, zoo
from compmech.measures.beliefs import settled_beliefs
from compmech.measures.findings import as_bounds
from compmech.measures.gauge import PresentationInformation, presentation_information
from compmech.measures.interval import Bounds, entropy
from compmech.measures.retrodiction import reversed_matrices

PARTS = ("excess_entropy", "crypticity", "oracular_information", "gauge_information")


def parts(found: PresentationInformation) -> list[Bounds]:
    return [as_bounds(getattr(found, key)) for key in PARTS]


def values(found: PresentationInformation) -> list[float]:
    """The four parts, all of them exact."""
    assert all(part.is_exact for part in parts(found))
    return [part.lower for part in parts(found)]


def backwards(process: HMM) -> HMM:
    """The presentation with all its transitions turned round, states kept."""
    T = reversed_matrices(process.T, process.start)
    return HMM(T / T.sum(axis=(0, 2))[None, :, None], start=process.start)


def idle(process: HMM, weights: list[float]) -> HMM:
    """Every state split into copies that differ in nothing, drawn anew at each step."""
    redrawn = np.outer(np.ones(len(weights)), weights)
    return HMM(np.stack([np.kron(T, redrawn) for T in process.T]))


def brackets(process: HMM, length: int) -> dict[str, tuple[float, float]]:
    """H[R_0 | past], H[R_0 | future] and H[R_0 | both], from below with the states at the far ends known as well as the
    words, and from above with the words alone; word by word."""
    n, pi = process.n_state, process.start
    words = list(product(range(process.n_symbol), repeat=length))
    ahead, behind = [], []
    for word in words:
        step = np.eye(n)
        for x in word:
            step = step @ process.T[x]
        ahead.append(pi[:, None] * step)  # P(R_0 = i, word, R_L = j)
        behind.append((pi[:, None] * step).T)  # P(R_0 = i, word before, R_-L = j)
    future, past = np.array(ahead), np.array(behind)
    far_future, far_past = (np.moveaxis(side, 1, 2).reshape(-1, n) for side in (future, past))
    near_future, near_past = future.sum(axis=2), past.sum(axis=2)

    def left_open(joint: np.ndarray) -> float:
        joint = joint[joint.sum(axis=-1) > 0]
        total = joint.sum(axis=-1, keepdims=True)
        return float((total[:, 0] * entropy(joint / total)).sum())

    def both(left: np.ndarray, right: np.ndarray) -> float:
        return left_open((left[:, None] * right / pi).reshape(-1, n))

    return {
        "past": (left_open(far_past), left_open(near_past)),
        "future": (left_open(far_future), left_open(near_future)),
        "both": (both(far_past, far_future), both(near_past, near_future)),
    }


@pytest.mark.parametrize("n", [1, 2, 5])
def test_states_that_do_nothing_are_gauge(n: int) -> None:
    coin = HMM(np.full((2, n, n), 1 / (2 * n)))
    found = presentation_information(coin)
    assert values(found) == pytest.approx([0, 0, 0, log2(n)], abs=1e-14)
    assert found.state_information == pytest.approx(log2(n))


def test_a_coin_drawn_beforehand_is_oracular_and_one_remembered_is_cryptic() -> None:
    """The state is the next symbol, or the last one."""
    drawn = HMM([[[0.5, 0.5], [0, 0]], [[0, 0], [0.5, 0.5]]])
    assert values(presentation_information(drawn)) == pytest.approx([0, 0, 1, 0], abs=1e-14)
    remembered = HMM([[[0.5, 0], [0.5, 0]], [[0, 0.5], [0, 0.5]]])
    assert values(presentation_information(remembered)) == pytest.approx([0, 1, 0, 0], abs=1e-14)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if np.isfinite(golden(name).get("n_reverse_causal_states", 0))]
)
def test_published_machines(name: str) -> None:
    """Of an epsilon-machine only E and the crypticity; turned round, what was cryptic is oracular."""
    process, known = machine(name), golden(name)
    E, chi = known.get("excess_entropy", 1.0), known.get("crypticity", 0.0)  # abc's are not in the table: 1 and 0
    assert values(presentation_information(process)) == pytest.approx([E, chi, 0, 0], abs=1e-10)
    assert values(presentation_information(backwards(process))) == pytest.approx([E, 0, chi, 0], abs=1e-10)


@settings(max_examples=20)
@given(unifilar_hmms(most_states=3, most_symbols=2))
def test_epsilon_machines_have_neither_gauge_nor_oracular_information(process: HMM) -> None:
    found, known = presentation_information(epsilon_machine(process)), statistics(process)
    assert (found.oracular_information, found.gauge_information) == (0, 0)
    assert found.state_information == pytest.approx(known.statistical_complexity, abs=1e-12)
    for key in ("excess_entropy", "crypticity"):
        mine, theirs = as_bounds(getattr(found, key)), as_bounds(getattr(known, key))
        assert mine.lower - 1e-9 <= theirs.upper
        assert theirs.lower - 1e-9 <= mine.upper


@pytest.mark.parametrize("process", [zoo.even(0.3), zoo.golden_mean(), zoo.rip(), zoo.nemo(), zoo.rrxor()])
@pytest.mark.parametrize("weights", [[0.5, 0.5], [0.2, 0.3, 0.5]])
def test_idle_copies_add_gauge_and_nothing_else(process: HMM, weights: list[float]) -> None:
    E, chi, zeta, phi = values(presentation_information(process))
    copied = values(presentation_information(idle(process, weights)))
    assert copied == pytest.approx([E, chi, zeta, phi + float(entropy(np.array(weights)))], abs=1e-10)


def test_equal_parts_side_by_side_are_gauge() -> None:
    """Even twice, never changing from one to the other; and a period-2 process apart from them."""
    even = zoo.even(0.5).T
    T = np.zeros((2, 6, 6))
    T[:, :2, :2] = T[:, 2:4, 2:4] = even
    T[0, 4, 5] = T[1, 5, 4] = 1
    pi = np.array([2 / 3, 1 / 3])
    found = presentation_information(HMM(T, start=np.concatenate([0.25 * pi, 0.25 * pi, [0.25, 0.25]])))
    C = float(entropy(pi))
    assert values(found) == pytest.approx([1 + 0.5 * C + 0.5 * 1, 0, 0, 0.5], abs=1e-10)
    assert found.state_information == pytest.approx(sum(values(found)), abs=1e-12)


def test_beliefs_that_only_converge() -> None:
    """Two coins that swap, each state twice over: the past tells which coin, in the limit, and not which copy."""
    found = presentation_information(idle(machine("abc"), [0.5, 0.5]))
    assert values(found) == pytest.approx([1, 0, 0, 1], abs=1e-9)


@settings(max_examples=10)
@given(ergodic_hmms(most_states=3, most_symbols=2) | periodic_hmms(most_symbols=2))
def test_between_brackets_by_enumeration(process: HMM) -> None:
    found = presentation_information(process)
    E, chi, zeta, phi = parts(found)
    by_words = brackets(process, 4)
    for key, value in (("both", phi), ("past", zeta + phi), ("future", chi + phi)):
        low, high = by_words[key]
        assert value.lower - 1e-9 <= high, key
        assert low - 1e-9 <= value.upper, key
    total = E + chi + zeta + phi
    assert total.lower - 1e-9 <= found.state_information <= total.upper + 1e-9
    assert min(part.lower for part in (E, chi, zeta, phi)) > -1e-9


@settings(max_examples=6)
@given(ergodic_hmms(most_states=3, most_symbols=2))
def test_reversal_exchanges_cryptic_and_oracular(process: HMM) -> None:
    forward, backward = parts(presentation_information(process)), parts(presentation_information(backwards(process)))
    for one, other in zip(forward, [backward[0], backward[2], backward[1], backward[3]], strict=True):
        assert one.lower - 1e-9 <= other.upper
        assert other.lower - 1e-9 <= one.upper


@pytest.mark.parametrize(("process", "width"), [(sns(), 1e-10), (mess3(0.05, 0.85), 1e-4)])
def test_infinitely_many_beliefs_leave_narrow_bounds(process: HMM, width: float) -> None:
    found = presentation_information(process)
    assert all(not part.is_exact and part.upper - part.lower < width for part in parts(found))
    by_words = brackets(process, 5)["both"]
    phi = as_bounds(found.gauge_information)
    assert by_words[0] <= phi.upper
    assert phi.lower <= by_words[1]


def test_pieces_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    process = idle(zoo.rip(), [0.25, 0.75])
    at_once = presentation_information(process)
    monkeypatch.setattr("compmech.measures.gauge._AT_ONCE", 30)
    assert values(presentation_information(process)) == pytest.approx(values(at_once), abs=1e-14)


def test_settled_beliefs() -> None:
    found = settled_beliefs(zoo.even(), max_states=50)
    assert sorted(map(tuple, found.rows.tolist())) == [(0, 1), (1, 0)]
    assert found.uncertainty == 0
    assert settled_beliefs(mess3(), max_states=50) is None
    assert settled_beliefs(idle(machine("abc"), [0.5, 0.5]), max_states=50).uncertainty == pytest.approx(1, abs=1e-9)


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"give an HMM or an EpsilonMachine; got GHMM"):
        clock = probability_clock()
        presentation_information(type(clock)(clock.T, clock.stationary(), clock.evaluate))
    with pytest.raises(NotStationary):
        presentation_information(HMM(zoo.even().T, start=[1, 0]))
