"""Mixed states: counts known in closed form, the graph replayed against enumeration, and what does not close."""

import numpy as np
import oracles
import pytest
from hypothesis import given
from machines import (
    abc,
    even,
    golden_mean,
    mess3,
    nemo,
    period,
    probability_clock,
    rip,
    rrxor,
    sns,
    two_coins,
    z1r,
)
from strategies import any_hmms, few, unifilar_hmms

from compmech import (
    GHMM,
    HMM,
    MixedStatePresentation,
    NegativeProbability,
    epsilon_machine,
    mixed_state,
    mixed_states,
    zoo,
)
from compmech.merging import BeliefIndex, equal_values


@pytest.mark.parametrize(
    ("machine", "transient", "recurrent"),
    [
        (golden_mean(), 1, 2),
        (golden_mean(0.3), 1, 2),
        (even(), 2, 2),
        (nemo(), 3, 3),
        (z1r(), 4, 3),
        (rip(), 6, 3),
        (rrxor(), 31, 5),
        (period(2), 1, 2),
        (period(8), 7, 8),
        (HMM([[[0.3]], [[0.7]]]), 0, 1),
    ],
    ids=["golden mean", "golden mean .3", "even", "nemo", "z1r", "rip", "rrxor", "period 2", "period 8", "coin"],
)
def test_counts_of_mixed_states(machine: HMM, transient: int, recurrent: int) -> None:
    graph = mixed_states(machine)
    assert graph.closed
    assert graph.lost_mass == 0.0
    assert graph.n_mixed == transient + recurrent
    assert graph.recurrent.sum() == recurrent
    assert not graph.doubtful.any()
    np.testing.assert_array_equal(graph.beliefs[0], machine.start)


def test_recurrent_mixed_states_of_a_synchronising_machine_are_its_states() -> None:
    graph = mixed_states(rrxor())
    found = {tuple(belief) for belief in graph.beliefs[graph.recurrent]}
    assert found == {tuple(row) for row in np.eye(5)}


def replayed(graph: MixedStatePresentation, word: np.ndarray) -> tuple[float, int]:
    """The probability of a word read off the graph, and the node it ends at (-1: forbidden)."""
    node, probability = 0, 1.0
    for symbol in word:
        probability *= graph.emit[node, symbol]
        node = graph.successor[node, symbol]
        if node < 0:
            return probability, -1
    return probability, node


@few
@given(any_hmms())
def test_the_graph_replays_words_and_beliefs(machine: HMM) -> None:
    graph = mixed_states(machine, depth=3)
    for length in range(4):
        for word in oracles.all_words(machine.n_symbol, length):
            probability, node = replayed(graph, word)
            assert probability == pytest.approx(oracles.word_probability(machine, word), abs=1e-13)
            assert (node < 0) == (probability == 0)
            if node >= 0:
                np.testing.assert_allclose(graph.beliefs[node], oracles.belief(machine, word), atol=1e-12)


@few
@given(any_hmms())
def test_distinct_beliefs_are_those_of_enumeration(machine: HMM) -> None:
    graph = mixed_states(machine, depth=3)
    assert graph.n_mixed == len(oracles.distinct_beliefs(machine, 3))


@few
@given(any_hmms())
def test_levels_hold_the_probability_of_each_belief(machine: HMM) -> None:
    graph = mixed_states(machine, depth=3)
    for length in range(4):
        nodes, probability = graph.level(length)
        assert len(set(nodes.tolist())) == len(nodes)
        np.testing.assert_allclose(probability.sum(), 1, rtol=1e-13)
        expected = np.zeros(graph.n_mixed)
        for word in oracles.all_words(machine.n_symbol, length):
            chance, node = replayed(graph, word)
            if node >= 0:
                expected[node] += chance
        np.testing.assert_allclose(probability, expected[nodes], atol=1e-14)
        assert expected[np.setdiff1d(np.arange(graph.n_mixed), nodes)].sum() == 0
        mean = probability @ graph.beliefs[nodes]
        np.testing.assert_allclose(mean, machine.start @ np.linalg.matrix_power(machine.A, length), atol=1e-13)


@few
@given(unifilar_hmms(most_states=3))
def test_every_edge_of_a_closed_graph_is_a_step_of_bayes(machine: HMM) -> None:
    graph = mixed_states(machine, max_states=500)
    node, symbol = np.nonzero(graph.successor >= 0)
    moved = np.einsum("ei,eij->ej", graph.beliefs[node], machine.T[symbol])
    total = moved.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(graph.emit[node, symbol], total[:, 0], atol=1e-14)
    np.testing.assert_allclose(graph.beliefs[graph.successor[node, symbol]], moved / total, atol=graph.merge_tol)
    if graph.closed:
        assert ((graph.emit > 0) == (graph.successor >= 0)).all()
        long = machine.sample(3, 200, rng=np.random.default_rng(0))
        for word in long:
            at, log_probability = 0, 0.0
            for x in word:
                log_probability += np.log(graph.emit[at, x])
                at = graph.successor[at, x]
            assert log_probability == pytest.approx(machine.log_prob(word[None])[0], abs=1e-9)


def test_nodes_know_a_shortest_word_that_leads_there() -> None:
    graph = mixed_states(rrxor())
    assert graph.word(0) == ()
    for node in range(graph.n_mixed):
        assert replayed(graph, np.array(graph.word(node), dtype=int))[1] == node
    lengths = [len(graph.word(node)) for node in range(graph.n_mixed)]
    assert lengths == sorted(lengths)  # breadth first
    assert max(lengths) == 6


def test_tree_of_mess3() -> None:
    """No two words of Mess3 give the same belief: 1 + 3 + ... + 3^7 nodes, all mass on the last level."""
    graph = mixed_states(mess3(), depth=7)
    assert graph.n_mixed == (3**8 - 1) // 2
    assert not graph.closed
    nodes, probability = graph.level(7)
    assert len(nodes) == 3**7
    np.testing.assert_allclose(probability.sum(), 1, rtol=1e-13)
    assert graph.lost_mass == pytest.approx(1)
    words = np.array([graph.word(int(node)) for node in nodes])
    np.testing.assert_allclose(probability, np.exp(mess3().log_prob(words)), rtol=1e-12)


def test_depth_zero() -> None:
    graph = mixed_states(mess3(), depth=0)
    assert graph.n_mixed == 1
    assert graph.level(0)[1] == 1.0
    with pytest.raises(IndexError):
        graph.level(1)


def test_a_depth_beyond_closure_keeps_propagating() -> None:
    graph = mixed_states(golden_mean(), depth=10)
    assert graph.closed
    assert graph.n_mixed == 3
    nodes, probability = graph.level(10)
    np.testing.assert_array_equal(nodes, [1, 2])
    np.testing.assert_allclose(probability, [2 / 3, 1 / 3], rtol=1e-13)


def test_a_search_that_stops_states_what_it_lost() -> None:
    graph = mixed_states(mess3(), max_states=200)  # 1 + 3 + 9 + 27 + 81 = 121 nodes fit
    assert not graph.closed
    assert graph.n_mixed == 121
    assert graph.depth == 4
    assert graph.unexpanded.sum() == 81
    assert graph.lost_mass == pytest.approx(1)
    assert not graph.recurrent.any()


def test_lost_mass_is_that_of_words_standing_on_unexpanded_nodes() -> None:
    machine = sns()
    graph = mixed_states(machine, max_states=9)
    assert not graph.closed
    expanded = {tuple(np.round(belief, 9)) for belief in graph.beliefs[~graph.unexpanded]}
    lost = 0.0
    for word in oracles.all_words(2, graph.depth):
        chance = oracles.word_probability(machine, word)
        if chance > 0 and tuple(np.round(oracles.belief(machine, word), 9)) not in expanded:
            lost += chance
    assert 0 < lost < 1
    assert graph.lost_mass == pytest.approx(lost, rel=1e-12)


@pytest.mark.parametrize("machine", [abc(), abc(0.9, 0.05), abc(0.99, 0.02), two_coins()])
def test_beliefs_that_only_converge_are_not_taken_for_closed(machine: HMM) -> None:
    graph = mixed_states(machine, max_states=5000)
    assert not graph.closed
    assert graph.lost_mass > 0
    assert graph.doubtful.any()


def test_beliefs_with_different_support_are_never_one() -> None:
    machine = HMM([[[1 - 1e-13, 0], [0, 0]], [[0, 1e-13], [0, 1]]], start=[1 - 1e-13, 1e-13])
    graph = mixed_states(machine, depth=1)
    assert graph.n_mixed == 3  # (1 - 1e-13, 1e-13), (1, 0) and (0, 1)


def test_equal_beliefs_on_both_sides_of_a_rounding_border_are_one() -> None:
    """Beliefs of exactly 1/8, 3/8, ... sit on the borders of any decimal or binary grid; rounding moves them about."""
    for p in (0.5, 0.25, 0.125, 0.3, 0.7):
        graph = mixed_states(rip(p, 1 - p))
        assert graph.closed
        assert graph.recurrent.sum() == 3


@few
@given(any_hmms())
def test_relabelling_states_changes_no_count(machine: HMM) -> None:
    order = np.random.default_rng(machine.n_symbol).permutation(machine.n_state)
    relabelled = HMM(machine.T[:, order][:, :, order], start=machine.start[order])
    first, second = mixed_states(machine, depth=4), mixed_states(relabelled, depth=4)
    assert first.n_mixed == second.n_mixed
    assert first.closed == second.closed
    assert first.lost_mass == pytest.approx(second.lost_mass, abs=1e-12)


def test_arrays_are_frozen() -> None:
    graph = mixed_states(even())
    with pytest.raises(ValueError, match="read-only"):
        graph.beliefs[0] = 0


def test_signed_beliefs() -> None:
    """The clock's beliefs are the turns since its last reset: one for each number of 0s, if the turn is irrational."""
    graph = mixed_states(probability_clock(turn=1.0), depth=6)
    assert graph.n_mixed == 7
    closed = mixed_states(probability_clock(turn=2 * np.pi / 5))
    assert closed.closed
    assert closed.n_mixed == 5
    assert closed.recurrent.all()


def test_a_negative_probability_is_reported_with_its_word() -> None:
    clock = probability_clock()
    start = np.array([1.0, 1.9, 0.0]) / (1 + 0.95)
    wrong = GHMM(clock.T, start, clock.evaluate, check_words=1)
    with pytest.raises(NegativeProbability) as caught:
        mixed_states(wrong, depth=6)
    vector = start
    for symbol in caught.value.word:
        vector = vector @ clock.T[symbol]
    assert vector @ clock.evaluate < 0


def test_epsilon_machine_has_the_mixed_states_of_its_process() -> None:
    machine = epsilon_machine(rrxor())
    graph = mixed_states(machine)
    assert (graph.n_mixed, graph.recurrent.sum()) == (36, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"depth": -1}, "depth must be >= 0"), ({"max_states": 0}, "max_states"), ({"merge_tol": 0.0}, "merge_tol")],
)
def test_wrong_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mixed_states(even(), **arguments)


def test_beliefs_equal_up_to_printed_digits_are_doubtful_until_the_tolerance_says_so() -> None:
    T = rrxor().T.copy()
    T[0, 1, 4] += 2e-11
    T[1, 1, 3] -= 2e-11
    assert not mixed_states(HMM(T)).closed
    tolerant = mixed_states(HMM(T), merge_tol=1e-7)
    assert tolerant.closed
    assert (tolerant.n_mixed, tolerant.recurrent.sum()) == (36, 5)


def test_mass_lost_at_the_first_levels_is_one_and_no_more() -> None:
    for most in (1, 4, 50, 400):  # parts of 1, whose sum may round to more
        assert mixed_states(zoo.mess3(), max_states=most).lost_mass <= 1
        assert mixed_states(zoo.mess3(), max_states=most).lost_mass == pytest.approx(1, abs=1e-14)  # a sum of <= 400


# ---- the index of equal beliefs


def test_index_finds_equal_vectors_on_both_sides_of_a_border() -> None:
    rng = np.random.default_rng(3)
    index = BeliefIndex(1, tol=1e-10, by_support=False)
    width = 256 * index._window / index._direction[0]  # of a cell of hashes, in terms of the coordinate
    border = rng.permutation(4000)[:, None] * width * 3
    index.add(border[:2000] - 4e-11)
    node, _, fresh = index.match(np.concatenate([border + 4e-11, border[2000:] - 4e-11]))
    np.testing.assert_array_equal(node, np.concatenate([np.arange(4000), np.arange(2000, 4000)]))
    assert len(fresh) == 2000


def test_index_finds_all_equal_vectors_and_no_others() -> None:
    rng = np.random.default_rng(0)
    distinct = rng.dirichlet(np.ones(4), 500)
    index = BeliefIndex(4, tol=1e-10, by_support=False)
    index.add(distinct[:200])
    which = rng.integers(0, 500, 3000)
    node, distance, fresh = index.match(distinct[which] + rng.uniform(-2e-11, 2e-11, (3000, 4)))
    old = which < 200
    np.testing.assert_array_equal(node[old], which[old])
    assert distance.max() < 1e-10
    assert len(fresh) == len(np.unique(which[~old]))
    for label in np.unique(which[~old]):
        assert len(np.unique(node[which == label])) == 1
    assert set(node[~old]) == set(range(200, 200 + len(fresh)))


def test_index_keeps_vectors_that_share_a_hash_apart() -> None:
    index = BeliefIndex(2, tol=1e-10, by_support=False)
    direction = index._direction
    across = np.array([direction[1], -direction[0]])  # moves along this do not change the hash
    vectors = np.array([0.3, 0.7]) + np.arange(6)[:, None] * 1e-3 * across
    node, _, fresh = index.match(np.concatenate([vectors, vectors]))
    assert len(fresh) == 6
    np.testing.assert_array_equal(node[:6], node[6:])
    index.add(vectors)
    np.testing.assert_array_equal(index.match(vectors[::-1])[0], np.arange(6)[::-1])


def test_equal_values() -> None:
    values = np.array([[0.5, 0.25], [0.5 + 1e-12, 0.25 - 1e-12], [0.0, 1.0]])
    label = equal_values(values, 1e-10)
    assert label[0, 0] == label[1, 0]
    assert label[0, 1] == label[1, 1]
    assert len(np.unique(label)) == 4


@pytest.mark.parametrize("machine", [mess3(), rrxor(), golden_mean()], ids=repr)
def test_a_level_moved_in_pieces_is_the_level_moved_edge_by_edge(machine: HMM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixed_state, "_PIECE", 64)
    monkeypatch.setattr(mixed_state, "_LARGE", 1)
    in_pieces = mixed_states(machine, depth=6)
    monkeypatch.setattr(mixed_state._Explorer, "_all_edges", lambda *_: None)
    by_edges = mixed_states(machine, depth=6)
    for name in ("successor", "parent", "parent_symbol", "doubtful"):
        np.testing.assert_array_equal(getattr(in_pieces, name), getattr(by_edges, name))
    for name in ("beliefs", "emit", "lost_mass"):
        np.testing.assert_allclose(getattr(in_pieces, name), getattr(by_edges, name), rtol=1e-14)
    assert in_pieces.closed == by_edges.closed


def assert_same(found: MixedStatePresentation, expected: MixedStatePresentation) -> None:
    for name in ("beliefs", "successor", "emit", "parent", "parent_symbol", "doubtful"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    for name in ("closed", "lost_mass", "depth", "merge_tol"):
        assert getattr(found, name) == getattr(expected, name), name


@pytest.mark.parametrize(
    "machine",
    [rrxor(), rip(), sns(), mess3(), golden_mean(), period(8), zoo.bloch_walk(), zoo.frdn(), probability_clock()],
    ids=lambda machine: machine.name or type(machine).__name__,
)
def test_a_search_that_is_resumed_finds_what_one_search_finds(machine: HMM | GHMM) -> None:
    expected = mixed_states(machine, max_states=100)
    for budgets in ([1], [4, 9, 60], [100]):
        found = None
        for budget in [*budgets, 100]:
            found = mixed_states(machine, max_states=budget, resume=found)
        assert_same(found, expected)


@few
@given(any_hmms())
def test_a_tree_that_is_resumed_is_the_tree(machine: HMM) -> None:
    short = mixed_states(machine, depth=2)
    assert_same(mixed_states(machine, depth=2, resume=short), short)
    assert_same(mixed_states(machine, depth=4, resume=short), mixed_states(machine, depth=4))


def test_what_cannot_be_resumed_is_refused() -> None:
    found = mixed_states(mess3(), depth=3)
    with pytest.raises(ValueError, match="not of this process"):
        mixed_states(mess3(0.05, 0.85), resume=found)
    with pytest.raises(ValueError, match="not of this process"):
        mixed_states(golden_mean(), resume=found)
    with pytest.raises(ValueError, match=r"found with merge_tol=1e-10; got 1e-08"):
        mixed_states(mess3(), merge_tol=1e-8, resume=found)
    with pytest.raises(ValueError, match="depth must be at least the 3 that were explored"):
        mixed_states(mess3(), depth=2, resume=found)


def test_a_search_that_a_budget_ended_is_cut_short() -> None:
    """Not so a search to the depth that was asked for, though words go on from there, and not a closed one."""
    assert mixed_states(zoo.mess3(), depth=9, max_states=50).cut_short
    assert not mixed_states(zoo.mess3(), depth=3, max_states=50).cut_short
    assert not mixed_states(zoo.even()).cut_short
