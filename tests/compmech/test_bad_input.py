"""Input that is no process: each error says where, and what to do. The same in Python and in machine files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest

from compmech import (
    GHMM,
    HMM,
    EpsilonMachine,
    ImpossibleWord,
    MachineFileError,
    NotErgodic,
    NotStationary,
    epsilon_machine,
    filter_beliefs,
    load,
    mixture,
    product,
    stationary,
    statistics,
    trim,
    zoo,
)
from compmech.blackwell import blackwell, sample_orbits
from compmech.blackwell.system import belief_system
from compmech.bottleneck import causal_bottleneck, pasts_of
from compmech.compose import PresentationTooLarge, random_shares, settled
from compmech.divergence import sampled_divergence
from compmech.measures import estimate
from compmech.rational import RationalHMM, rational_epsilon_machine

GOOD = [[[0.5, 0.0], [1.0, 0.0]], [[0.0, 0.5], [0.0, 0.0]]]
SHORT = [[[0.5, 0.0], [0.9, 0.0]], [[0.0, 0.5], [0.0, 0.0]]]
NEGATIVE = [[[0.5, 0.0], [1.2, 0.0]], [[0.0, 0.5], [0.0, -0.2]]]
TURNED = np.swapaxes(np.array([[[0.2, 0.3], [0.9, 0.0]], [[0.5, 0.0], [0.0, 0.1]]]), 1, 2).tolist()
TWO = [[[1.0, 0.0], [0.0, 0.5]], [[0.0, 0.0], [0.0, 0.5]]]


def test_a_reducible_process_whose_start_moves_is_mended_as_the_message_says() -> None:
    """Two closed classes of one and two states: leaving start out, which would do with a single one, is no way out."""
    T = np.zeros((2, 3, 3))
    T[0, 0, 0] = T[1, 0, 0] = 0.5
    T[0, 1, 2], T[1, 2, 1] = 1, 1
    process = HMM(T, start=[0.5, 0.5, 0])
    with pytest.raises(NotStationary, match=r"compose\.settled\(process\) is .*stationary\(process\) the start"):
        statistics(process)
    with pytest.raises(NotErgodic, match=r"Give start=.*settled"):
        HMM(T)
    for mended in (settled(process), HMM(T, start=stationary(process))):
        assert statistics(mended).entropy_rate == pytest.approx(0.5)
    with pytest.raises(NotErgodic, match="ask for that of one class"):
        belief_system(settled(process))
    assert belief_system(HMM(process.T[:, [1, 2]][:, :, [1, 2]])).process.n_state == 2


@pytest.mark.parametrize(
    ("T", "kind", "place", "repair", "in_a_file"),
    [
        (
            SHORT,
            ValueError,
            r"state 1 sums to 0\.9",
            r"T was read as \(symbol, state, next_state\)",
            r"sum to 0\.9",
        ),
        (NEGATIVE, ValueError, r"T\[1, 1, 1\] is -0\.2", r"GHMM\(T, start, evaluate\)", r'"1"\]\[1\]\[1\] is -0\.2'),
        (TURNED, ValueError, r"state 0 sums to 1\.6", r"T looks transposed.*swapaxes\(T, 1, 2\)", "transposed"),
        (TWO, NotErgodic, r"2 closed classes of states \(\[0\]; \[1\]\)", r"Give start=", "2 closed classes"),
    ],
    ids=["rows that do not sum", "negative", "transposed", "no unique stationary vector"],
)
def test_matrices(tmp_path: Path, T: list, kind: type, place: str, repair: str, in_a_file: str) -> None:
    with pytest.raises(kind, match=f"{place}.*{repair}"):
        HMM(T)
    path = tmp_path / "machine.json"
    path.write_text(json.dumps({"alphabet": ["0", "1"], "matrices": dict(zip("01", T, strict=True))}))
    with pytest.raises(MachineFileError, match=rf"^\S*machine\.json: .*{in_a_file}"):
        load(path)


def test_impossible_words() -> None:
    """Golden mean: 11 cannot be."""
    with pytest.raises(ImpossibleWord, match=r"symbol 1 at t=2 has probability 0 after \[0, 1\].*drop such words"):
        filter_beliefs(HMM(GOOD), [[0, 1, 1]])
    with pytest.raises(ImpossibleWord) as caught:
        HMM(GOOD).predict([[0, 0, 0], [1, 1, 0]])
    assert (caught.value.word, caught.value.t) == ((1, 1, 0), 1)
    assert HMM(GOOD).log_prob([[0, 1, 1]])[0] == -np.inf


def test_signed_matrices() -> None:
    with pytest.raises(ValueError, match=r"A @ evaluate must equal evaluate.*entry 1 is 0\.9.*Is T transposed"):
        GHMM(SHORT, [1, 0], [1, 1])
    with pytest.raises(ValueError, match=r"start @ evaluate must be 1; it is 2.*Give start / \(start @ evaluate\)"):
        GHMM(GOOD, [1, 1], [1, 1])


def test_a_presentation_too_large_for_its_budget() -> None:
    parts = zoo.rrxor(), zoo.golden_mean(), zoo.golden_mean()
    with pytest.raises(PresentationTooLarge, match=r"the product.*more than max_entries=100\. Give max_entries=3200"):
        product(*parts, max_entries=100)
    assert product(*parts, max_entries=3200).T.size == 3200


# The golden mean process, and a third state that leads there and that nothing leads to.
LED_IN = [
    [[0.5, 0.0, 0.0], [1.0, 0.0, 0.0], [0.25, 0.0, 0.0]],
    [[0.0, 0.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.75, 0.0]],
]


def in_a_file(path: Path, **given: object) -> Path:
    path.write_text(json.dumps({"alphabet": [0, 1], "matrices": dict(zip("01", LED_IN, strict=True)), **given}))
    return path


def check_statistics(process: HMM | GHMM | EpsilonMachine) -> None:
    """Those of the golden mean process, to rounding."""
    found, expected = statistics(process).to_dict(), statistics(HMM(GOOD)).to_dict()
    assert found.pop("block_entropies") == pytest.approx(expected.pop("block_entropies"))
    del found["how"], expected["how"]  # it may speak of rounding
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    "process",
    [
        HMM(LED_IN),
        HMM(LED_IN, start=[2 / 3, 1 / 3, 0]),
        GHMM(LED_IN, [2 / 3, 1 / 3, 0], [1, 1, 1]),
        EpsilonMachine([[0, 1], [0, -1], [0, 1]], [[0.5, 0.5], [1, 0], [0.25, 0.75]]),
    ],
    ids=["HMM", "HMM with a start", "GHMM", "EpsilonMachine"],
)
def test_unreachable_states_change_no_statistic(process: HMM | GHMM | EpsilonMachine) -> None:
    """They are allowed in Python, where constructions leave them over, and are no causal states."""
    check_statistics(process)
    assert epsilon_machine(process).n_state == 2
    assert trim(process).n_state == (3 if isinstance(process, GHMM) else 2)


def test_unreachable_states_in_rationals() -> None:
    process = RationalHMM([[[str(entry) for entry in row] for row in matrix] for matrix in LED_IN])
    assert process.start[2] == 0
    assert rational_epsilon_machine(process).n_state == 2


def test_a_start_that_is_left_for_ever(tmp_path: Path) -> None:
    """The error of the file with the start, taken at its word, does not end in the error of the file without it."""
    started = load(in_a_file(tmp_path / "started.json", start=[0, 0, 1]))
    assert filter_beliefs(started, [[1, 0]])[0].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    with pytest.raises(NotStationary, match=r"stationary\(process\).* State \[2\] of the start.*without it") as caught:
        statistics(started)
    assert caught.value.transient == (2,)
    check_statistics(settled(started))
    with pytest.raises(MachineFileError, match=r"state 2 can never be reached.* Delete rows and columns of it"):
        load(in_a_file(tmp_path / "unstarted.json"))
    with pytest.raises(NotStationary) as caught:
        statistics(HMM(GOOD, start=[1, 0]))  # not stationary, but every state is visited again and again
    assert caught.value.transient == ()
    table = EpsilonMachine([[0, 1], [0, -1], [0, 1]], [[0.5, 0.5], [1, 0], [0.25, 0.75]], start=[0.5, 0, 0.5])
    with pytest.raises(NotStationary, match=r"State \[2\]"):
        statistics(table)


# ---------------------------------------------------------------------------- what the annotations rule out, unread


@pytest.fixture
def unannotated(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for callers: the checker of annotations that tests run under would answer first."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


DRAWS: dict[str, Callable[[Any], object]] = {
    "HMM": lambda rng: zoo.even().sample(2, 3, rng=rng),
    "GHMM": lambda rng: zoo.bloch_walk().sample(2, 3, rng=rng),
    "EpsilonMachine": lambda rng: epsilon_machine(zoo.even()).sample(2, 3, rng=rng),
    "estimate": lambda rng: estimate(zoo.even(), rng=rng, n_symbols=10),
    "divergence": lambda rng: sampled_divergence(zoo.even(), zoo.golden_mean(), 3, n_words=5, rng=rng),
    "shares": lambda rng: random_shares(zoo.even(), 2, rng=rng),
    "blackwell": lambda rng: blackwell(zoo.mess3(), rng=rng),
    "orbits": lambda rng: sample_orbits(zoo.mess3(), 2, 3, rng=rng),
    "bottleneck": lambda rng: causal_bottleneck(pasts_of(zoo.even(), 2, 2), [2.0], rng=rng),
}


@pytest.mark.usefixtures("unannotated")
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
@pytest.mark.parametrize("rng", [7, None, np.random.RandomState(0)], ids=["seed", "none", "old"])
def test_generators_are_named_where_something_else_is_given(draw: Callable[[Any], object], rng: object) -> None:
    seed = "7" if rng == 7 else "0"
    with pytest.raises(ValueError, match=rf"must be a numpy Generator; got .*rng=np\.random\.default_rng\({seed}\)"):
        draw(rng)


@pytest.mark.usefixtures("unannotated")
@pytest.mark.parametrize("compose", [mixture, product])
def test_processes_in_a_list(compose: Any) -> None:
    with pytest.raises(ValueError, match=rf"takes processes one by one; got a list of 2\. Give {compose.__name__}\(\*"):
        compose([zoo.even(), zoo.golden_mean()])
    compose(*[zoo.even(), zoo.golden_mean()])
