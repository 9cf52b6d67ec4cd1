"""Proofs of closure: what they bound is held against all words, and planted faults are found."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from machines import abc, even, mess3, nemo, period, probability_clock, rrxor, sns, two_coins
from strategies import disguised_hmms, started_hmms, unifilar_hmms

from compmech import GHMM, HMM, EpsilonMachine, MixedStatePresentation, epsilon_machine, minimal, mixed_states
from compmech.closure import closure_proof


def total_variation(process: HMM | GHMM, found: MixedStatePresentation, length: int) -> float:
    """Half the sum over all words of one length of |P(w) - Q(w)|, Q read off the graph."""
    vectors, weight, nodes = process.start[None], np.ones(1), np.zeros(1, dtype=int)
    for _ in range(length):
        vectors = np.einsum("wi,xij->wxj", vectors, process.T).reshape(-1, process.n_state)
        q, after = found.emit[nodes], found.successor[nodes]
        weight = (weight[:, None] * np.where(after >= 0, q, 0)).ravel()
        nodes = after.clip(0).ravel()
    return float(abs(vectors @ process.evaluate - weight).sum()) / 2


@pytest.mark.parametrize(
    ("process", "n_mixed", "apart"),
    [(even(), 4, 1 / 6), (rrxor(), 36, 2 / 15), (nemo(), 6, 9 / 35), (period(4), 7, 1 / 4)],
)
def test_closed_presentations_are_proved(process: HMM, n_mixed: int, apart: float) -> None:
    proof = closure_proof(process, mixed_states(process))
    assert (proof.holds, proof.method, proof.n_mixed) == (True, "float", n_mixed)
    assert proof.per_symbol < 1e-14  # a few sums of products of probabilities
    assert proof.merged < 1e-15
    assert proof.span < 1e-14
    assert proof.apart == pytest.approx(apart)
    assert proof.sentence.startswith(f"closed: the graph of {n_mixed} beliefs gives words of L symbols")


def test_a_single_belief() -> None:
    proof = closure_proof(HMM([[[0.3]], [[0.7]]]), mixed_states(HMM([[[0.3]], [[0.7]]])))
    assert (proof.holds, proof.n_mixed, proof.n_edge, proof.apart) == (True, 1, 2, inf)
    assert "told apart" not in proof.sentence


@settings(max_examples=40)
@given(unifilar_hmms(most_states=4, most_symbols=2))
def test_whatever_closes_is_proved(process: HMM) -> None:
    found = mixed_states(process, max_states=400)
    proof = closure_proof(process, found)
    assert proof.holds == found.closed
    if found.closed:
        for length in (1, 3, 6):  # both sides rounded: the bound for L symbols, and 2 L products here
            assert total_variation(process, found, length) <= length * (proof.per_symbol + 1e-15)


@settings(max_examples=40)
@given(disguised_hmms(unifilar_hmms(most_states=3, most_symbols=2)))
def test_whatever_closes_is_proved_in_signed_coordinates(pair: tuple[HMM, GHMM]) -> None:
    _, process = pair
    found = mixed_states(process, max_states=200)
    proof = closure_proof(process, found)
    assert proof.holds == found.closed
    if found.closed:
        assert total_variation(process, found, 5) <= 5 * (proof.per_symbol + 1e-14)


def damaged(draw, found: MixedStatePresentation) -> MixedStatePresentation:
    """With one edge led elsewhere, or one belief and one row of probabilities changed."""
    successor, beliefs, emit = found.successor.copy(), found.beliefs.copy(), found.emit.copy()
    mixed, symbol = np.nonzero(successor >= 0)
    edge = draw(st.integers(0, len(mixed) - 1))
    kind = draw(st.sampled_from(["edge", "belief", "emit"]))
    node, x = mixed[edge], symbol[edge]
    if kind == "edge":
        successor[node, x] = draw(st.integers(0, found.n_mixed - 1))
    elif kind == "belief":
        beliefs[node] = (beliefs[node] + 0.1 * beliefs[draw(st.integers(0, found.n_mixed - 1))]) / 1.1
    else:
        row = np.where(successor[node] >= 0, emit[node] + 0.01, 0)
        emit[node] = row / row.sum()
    return replace(found, successor=successor, beliefs=beliefs, emit=emit)


@settings(max_examples=60)
@given(st.data(), started_hmms(most_states=3, most_symbols=2) | unifilar_hmms(most_states=3, most_symbols=2))
def test_the_bound_holds_for_damaged_graphs(data: st.DataObject, process: HMM) -> None:
    found = mixed_states(process, max_states=40)
    assume(found.closed)
    wrong = damaged(data.draw, found)
    proof = closure_proof(process, wrong)
    for length in range(1, 7):
        assert total_variation(process, wrong, length) <= length * (proof.per_symbol + 1e-15)
    if total_variation(process, wrong, 6) > 1e-6:
        assert not proof.holds


@settings(max_examples=40)
@given(st.data(), disguised_hmms(unifilar_hmms(most_states=3, most_symbols=2)))
def test_the_bound_holds_for_damaged_graphs_in_signed_coordinates(data: st.DataObject, pair: tuple[HMM, GHMM]) -> None:
    _, process = pair
    found = mixed_states(process, max_states=40)
    assume(found.closed)
    wrong = damaged(data.draw, found)
    proof = closure_proof(process, wrong)
    for length in range(1, 6):
        assert total_variation(process, wrong, length) <= length * (proof.per_symbol + 1e-14)
    if total_variation(process, wrong, 5) > 1e-6:
        assert not proof.holds


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (sns(), "not closed: 1 of 60 beliefs lack successors and 0 edges"),
        (mess3(), "not closed: 27 of 40 beliefs lack successors"),
        (abc(), "not closed: 0 of 43 beliefs lack successors and 2 edges end in beliefs that may not be theirs"),
        (two_coins(), "not closed: 0 of 35 beliefs lack"),
        (probability_clock(), "not closed: 1 of 60 beliefs"),
    ],
)
def test_what_is_not_closed_is_not_proved(process: HMM | GHMM, words: str) -> None:
    proof = closure_proof(process, mixed_states(process, max_states=60))
    assert not proof.holds
    assert proof.span is None
    assert proof.sentence.startswith(words)


@pytest.mark.parametrize(("process", "max_states"), [(mess3(), 10), (sns(), 4), (probability_clock(), 4)])
def test_the_bound_holds_for_what_was_not_followed(process: HMM | GHMM, max_states: int) -> None:
    """All that leaves the graph is missing from its words: a node alone may miss everything."""
    found = mixed_states(process, max_states=max_states)
    proof = closure_proof(process, found)
    for length in range(1, 7):
        assert total_variation(process, found, length) <= length * (proof.per_symbol + 1e-15)
    assert total_variation(process, found, 6) > 0.001
    assert proof.per_symbol >= 0.5


def test_errors_in_small_coordinates_count_in_full() -> None:
    """Beliefs a thousand times smaller, evaluated a thousand times larger: the same process, the same bound."""
    found = mixed_states(even())
    successor = found.successor.copy()
    successor[1, 1] = 1
    fine = closure_proof(even(), replace(found, successor=successor))
    small = GHMM(even().T, even().start / 1000, np.full(2, 1000.0))
    proof = closure_proof(small, replace(found, successor=successor, beliefs=found.beliefs / 1000))
    assert total_variation(small, replace(found, successor=successor), 1) <= proof.per_symbol
    assert total_variation(small, replace(found, successor=successor), 4) > 0.01
    assert proof.per_symbol > 0.2 * fine.per_symbol > 0.01
    assert not proof.holds


def test_beliefs_that_do_not_sum_to_one_hide_nothing() -> None:
    """Edges of a fair coin that are right, with probabilities that are not, since the beliefs make up for them."""
    coin = HMM([[[0.5]], [[0.5]]])
    found = mixed_states(coin)
    wrong = replace(
        found,
        parent=np.array([-1, 0, 0]),
        parent_symbol=np.array([-1, 0, 1]),
        doubtful=np.zeros((3, 2), dtype=bool),
        beliefs=np.array([[1.0], [1.25], [5 / 6]]),
        emit=np.array([[0.4, 0.6], [0.5, 0.5], [0.5, 0.5]]),
        successor=np.array([[1, 2], [1, 1], [2, 2]]),
    )
    proof = closure_proof(coin, wrong)
    assert total_variation(coin, wrong, 1) == pytest.approx(0.1)
    assert proof.per_symbol == pytest.approx(0.125)
    assert not proof.holds


def test_another_process_is_found_out() -> None:
    found = mixed_states(nemo())
    proof = closure_proof(nemo(p=0.5001), found)
    assert not proof.holds
    assert "is not where the process starts" in proof.sentence
    started = HMM(nemo(p=0.5001).T, start=nemo().start)
    proof = closure_proof(started, found)
    assert proof.sentence.startswith(
        "the edges are not those of the process: words of L symbols may differ by up to L *"
    )
    assert proof.per_symbol == pytest.approx(0.0001, rel=0.01)  # half of two changes of 1e-4, from state A
    assert closure_proof(started, found, tol=1e-3).holds
    assert not closure_proof(nemo(q=0.4), mixed_states(nemo(q=0.5))).holds


def test_the_span_objects_to_what_the_edges_let_pass() -> None:
    """Nine parts in 10^10 are within the tolerance of the edges, and more than rounding all the same."""
    found = mixed_states(even())
    emit = found.emit + 0.9e-9 * np.where(found.emit.min(axis=1) > 0, 1, 0)[:, None] * [1, -1]
    proof = closure_proof(even(), replace(found, emit=emit))
    assert proof.per_symbol < 1e-9
    assert proof.span > 1e-3
    assert not proof.holds
    assert proof.sentence.startswith("graph and process differ by")
    assert closure_proof(even(), replace(found, emit=emit), tol=2e-9).holds


def test_machines_and_large_graphs() -> None:
    machine = epsilon_machine(rrxor())
    assert isinstance(machine, EpsilonMachine)
    assert closure_proof(machine, mixed_states(machine)).holds
    long = epsilon_machine(period(230))
    proof = closure_proof(long, mixed_states(long))
    assert (proof.holds, proof.n_mixed, proof.span) == (True, 459, None)
    assert proof.apart == pytest.approx(1 / 230)  # two sets of hours, one hour more in one of them


def test_presentations_of_other_sizes_are_refused() -> None:
    with pytest.raises(
        ValueError, match="beliefs over the 5 states of the process, with 2 symbols; got 2 states and 2"
    ):
        closure_proof(rrxor(), mixed_states(even()))
    assert closure_proof(minimal(rrxor()), mixed_states(rrxor())).holds
