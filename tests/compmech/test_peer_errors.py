"""What other libraries of computational mechanics were seen to get wrong, each beside a value that is known otherwise.

The right value is a closed form or a sum over all words, so no other library is needed to run these. What was seen, in
sofic 0.2.1, emic 0.5.4 and hmmlearn 0.3.3 as installed from PyPI and in the sources of simplexity (2025), transCSSR and
epsilon-transformers, stands in each docstring; it says nothing of other versions, nor of the much that those libraries
do right. Where they do, and are installed, they are oracles at the end of this file.
"""

from math import inf, log2

import numpy as np
import pytest
import truths
from machines import period
from oracles import all_words, word_probabilities
from random_machines import random_unifilar
from truths import H

from compmech import (
    HMM,
    EpsilonMachine,
    ImpossibleWord,
    NotErgodic,
    NotStationary,
    block_entropies,
    epsilon_machine,
    filter_beliefs,
    reverse,
    statistics,
    zoo,
)
from compmech.interop import from_networkx, from_sofic, to_networkx, to_sofic
from compmech.measures import Bounds

EXACT = 1e-11  # sums of a few dozen terms between 0 and 5, each rounded at 1e-16


def crypticities(machine: EpsilonMachine, length: int) -> list[float]:
    """H[S_0 | X_0:L, S_L] for L = 0 .. length, by summing over all words. It rises to the crypticity, and reaches it at
    the cryptic order: there, and never before, the future tells no more of the state than L symbols and a state do."""
    T, n = machine.to_hmm().T, machine.n_state
    joint = np.diag(machine.start)[None]  # (word, state before, state after)
    found = []
    for _ in range(length + 1):
        found.append(entropy_of(joint) - entropy_of(joint.sum(axis=1)))
        joint = np.einsum("wij,xjk->wxik", joint, T).reshape(-1, n, n)
    return found


def entropy_of(p: np.ndarray) -> float:
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def h_and_E(process: HMM, length: int) -> tuple[float, float]:
    """The last step of the block entropies and what it leaves of the last, path by path."""
    last, before = (entropy_of(word_probabilities(process, n)) for n in (length, length - 1))
    h = last - before
    return h, last - length * h


# ------------------------------------------------------------------------------------------- more than 26 states


def test_a_period_of_more_than_26() -> None:
    """sofic 0.2.1 names states A to Z: EpsilonMachine.from_hmm, reverse, to_bidirectional and with them crypticity,
    excess entropy and anatomy raise 'sequential_labels supports at most 26 states' or search on, for minutes."""
    found = statistics(period(30))
    assert found.n_causal_states == found.n_reverse_causal_states == 30
    for key in ("statistical_complexity", "excess_entropy", "reverse_statistical_complexity"):
        assert getattr(found, key) == pytest.approx(log2(30), rel=EXACT)
    assert found.entropy_rate == found.crypticity == found.ephemeral_information == 0
    assert (found.markov_order, found.cryptic_order, found.period) == (29, 0, 30)


def test_a_cryptic_machine_of_more_than_26_states() -> None:
    """As above. Restricted golden mean, k = 30: a 1, then at least 30 0s. The state is how many 0s are still due; all
    but the last k symbols are forgotten and k of them are needed, so E = C - kh."""
    k = 30
    found = statistics(zoo.restricted_golden_mean(k=k))
    pi = np.array([2] + [1] * k) / (k + 2)  # A is left with probability 1/2 a step, the k others at once
    C, h = H(*pi), 2 / (k + 2)
    assert found.n_causal_states == k + 1
    assert found.statistical_complexity == pytest.approx(C, rel=EXACT)
    assert found.entropy_rate == pytest.approx(h, rel=EXACT)
    assert found.excess_entropy == pytest.approx(C - k * h, rel=EXACT)
    assert found.cryptic_order == found.markov_order == k
    assert len(reverse(zoo.restricted_golden_mean(k=k)).start) == k + 1


def test_minimising_more_than_26_states() -> None:
    """As above: EpsilonMachine.from_hmm raises for any machine of more than 26 states. Here 200, each given thrice."""
    least = random_unifilar(200, rng=np.random.default_rng(5))
    turns = np.roll(np.eye(3), 1, axis=1)
    copied = HMM(np.array([np.kron(matrix, turns) for matrix in least.to_hmm().T]), start=np.repeat(least.start, 3) / 3)
    found = epsilon_machine(copied)
    assert found.n_state == 200
    assert np.sort(found.start) == pytest.approx(np.sort(least.start), rel=1e-9)


# ------------------------------------------------------------------------------------------------ cryptic orders


CRYPTIC_ORDERS = {
    "abc": 0,
    "band_merging": 0,
    "before_after": 0,
    "cyclic_branching": 0,
    "even": 0,
    "matching_parentheses": 0,
    "multiples": 0,
    "noisy_period": 0,
    "parity_check": 0,
    "period": 0,
    "periodic_word": 0,
    "redundant_even": 0,
    "rrxor": 0,
    "text_with_parentheses": 0,
    "three_even": 0,
    "z1r": 0,
    "zrr": 0,
    "even_odd": 1,
    "rip": 1,
    "rn1n": 1,
    "rnc": 1,
    "rrxro": 1,
    "random_phase_slip": 2,
    "three_hundred": 2,
    "noisy_random_phase_slip": 3,
    # sofic agrees on these
    "biased_coin": 0,
    "golden_mean": 1,
    "nemo": inf,
    "butterfly": 2,
}


@pytest.mark.parametrize(("name", "order"), CRYPTIC_ORDERS.items())
def test_cryptic_orders(name: str, order: float) -> None:
    """sofic 0.2.1 gives inf for Even, RRXOR, ABC, RIP, RnC, RRXRO and a dozen others, 1 for all periodic words and
    three_even, 3 for Z1R, 4 and 5 for the two phase slips: wherever more than one word leads to a state, its power
    automaton counts states that no single past allows. Even is 0 in Mahoney, Ellison and Crutchfield (2009)."""
    machine = epsilon_machine(zoo.get(name)())
    found = statistics(machine)
    assert found.cryptic_order == order
    few = int(min(order, 3))
    upto = few + (3 if len(machine.alphabet) <= 3 else 2)
    chi = crypticities(machine, upto)
    assert (np.diff(chi[: few + 1]) > 1e-6).all()  # it rises until there
    if order < inf:
        assert chi[few:] == pytest.approx([found.crypticity] * (upto - few + 1), abs=EXACT)
    else:
        assert (np.diff(chi) > 0).all()
        assert chi[-1] < found.crypticity


# ------------------------------------------------------------------------------------------------ parallel edges


def test_a_coin_is_two_edges() -> None:
    """transCSSR (compute_mixed_matrix.py) takes h from the net matrix of the states, where edges with the same ends are
    one: a fair coin has no entropy there. So has every edge that a networkx.DiGraph is made of."""
    found = statistics(HMM([[[0.5]], [[0.5]]]))
    assert (found.entropy_rate, found.excess_entropy, found.statistical_complexity) == (1, 0, 0)
    assert found.ephemeral_information == 1


@pytest.mark.parametrize("name", ["rip", "z1r", "zrr", "band_merging"])
def test_parallel_edges_count_as_many(name: str) -> None:
    """As above, where only some edges are parallel: h is less in the net matrix, and not here."""
    process = zoo.get(name)()
    pi, T = process.start, process.T
    merged = sum(p * entropy_of(row) for p, row in zip(pi, T.sum(axis=0), strict=True))
    each = sum(p * entropy_of(T[:, state]) for state, p in enumerate(pi))
    found = statistics(process).entropy_rate
    assert found == pytest.approx(each, rel=EXACT)
    assert found > merged + 0.1
    assert to_networkx(process).number_of_edges() == np.count_nonzero(process.T)
    assert np.array_equal(from_networkx(to_networkx(process)).T, process.T)


def test_rip_by_its_closed_form() -> None:
    """RIP has two edges from its second state to its third."""
    found = statistics(zoo.rip(p=0.3, q=0.8))
    for key, value in truths.rip(0.3, 0.8).items():
        assert getattr(found, key) == pytest.approx(value, rel=1e-11, abs=1e-11), key


# ---------------------------------------------------------------------------------------------- periodic chains


def test_a_periodic_chain_with_classes_of_unequal_size() -> None:
    """emic 0.5.4 finds the stationary distribution by at most 1000 steps from the uniform one. With period 2 they go to
    and fro: it gives (1/3, 1/3, 1/3), h = 0.9371, C = log2(3) and E = 1.4727, and for RRXOR (period 3) E = 5.52 > C."""
    process = HMM([[[0, 0.5, 0], [0.5, 0, 0], [0.25, 0, 0]], [[0, 0, 0.5], [0.5, 0, 0], [0.75, 0, 0]]])
    assert process.start == pytest.approx([1 / 2, 1 / 4, 1 / 4], rel=EXACT)
    found = statistics(process)
    assert found.entropy_rate == pytest.approx(3 / 4 + H(0.25) / 4, rel=EXACT)
    assert found.statistical_complexity == pytest.approx(1.5, rel=EXACT)
    assert found.period == 2
    h, E = h_and_E(process, 5)
    assert h >= found.entropy_rate
    E_found = found.excess_entropy
    assert (E_found.upper if isinstance(E_found, Bounds) else E_found) >= E
    assert statistics(zoo.rrxor()).excess_entropy == pytest.approx(truths.rrxor_fair()["excess_entropy"], rel=EXACT)


def test_a_phase_that_is_found_slowly() -> None:
    """emic 0.5.4 stops at 50 symbols or when a step is small: of two nearly equal coins in turn it gives E = 0.0143,
    of p = 3/4 and 1/4 0.9997. The past tells the phase in the limit, and E is that one bit however nearly equal."""
    assert statistics(zoo.abc()).excess_entropy == pytest.approx(1, rel=1e-12)
    near = statistics(zoo.abc(p=0.49, q=0.51)).excess_entropy
    assert isinstance(near, Bounds)
    assert near.lower > 0.0143
    assert near.lower <= 1 <= near.upper


# --------------------------------------------------------------------------------------------- reducible chains


def test_both_coins_of_a_mixture_are_kept() -> None:
    """sofic 0.2.1 takes one eigenvector of the chain: of two coins drawn once it keeps one, with C = E = 0. emic 0.5.4
    starts in every state equally often, whatever the weights."""
    process = HMM([[[0.2, 0], [0, 0.8]], [[0.8, 0], [0, 0.2]]], start=[0.3, 0.7])
    found = statistics(process)
    for key, value in truths.two_coins(0.2, 0.8, 0.3).items():
        assert getattr(found, key) == pytest.approx(value, rel=EXACT), key
    assert found.statistical_complexity == pytest.approx(H(0.3), rel=EXACT)
    assert epsilon_machine(process).start == pytest.approx([0.3, 0.7])


def test_classes_with_the_same_words_are_one() -> None:
    """As above; here neither class may count as one of its own."""
    T = np.zeros((2, 4, 4))
    T[:, :2, :2] = T[:, 2:, 2:] = zoo.golden_mean().T
    found = statistics(HMM(T, start=np.array([2, 1, 4, 2]) / 9))
    for key, value in truths.golden_mean().items():
        assert getattr(found, key) == pytest.approx(value, rel=EXACT, abs=EXACT), key


def test_a_chain_that_is_reducible_has_no_start_of_its_own() -> None:
    """As above: which of the many stationary distributions is meant is for the user to say."""
    T = np.array([[[0.2, 0], [0, 0.8]], [[0.8, 0], [0, 0.2]]])
    with pytest.raises(NotErgodic, match=r"\(\[0\]; \[1\]\).*Give start"):
        HMM(T)


def test_states_that_are_left_for_good_weigh_nothing() -> None:
    """emic 0.5.4 gives states that are never returned to the weight of its last power iteration, and refuses the two
    ways on 0 of this machine. It goes from A to either of two words for ever; it is stationary without A only."""
    T = np.zeros((2, 4, 4))
    T[0, 0, [1, 3]] = 0.5  # to B, then 01 repeated; or to D, then 1 repeated
    T[0, 1, 2] = T[1, 2, 1] = T[1, 3, 3] = 1
    with pytest.raises(NotStationary, match=r"stationary\(process\)"):
        statistics(HMM(T, start=[1, 0, 0, 0]))
    found = statistics(HMM(T, start=[0, 0.25, 0.25, 0.5]))
    assert found.entropy_rate == 0
    assert found.statistical_complexity == found.excess_entropy == pytest.approx(1.5, rel=EXACT)
    assert (found.period, found.n_causal_states, found.cryptic_order) == (2, 3, 0)


# --------------------------------------------------------------------------------------------- nonunifilar input


def test_nonunifilar_machines_are_analysed() -> None:
    """sofic 0.2.1 raises NotImplementedError for the entropy rate of SNS and Mess3, and from_hmm does not end; emic
    0.5.4 refuses them when built. Closed form for SNS; for Mess3 the entropies of a next symbol bound h from above."""
    sns = statistics(zoo.sns())
    truth = truths.sns()
    for key in ("entropy_rate", "statistical_complexity", "excess_entropy"):
        value = getattr(sns, key)
        assert value.lower <= truth[key] <= value.upper < value.lower + 1e-9
    mess3 = statistics(zoo.mess3())
    assert mess3.entropy_rate.lower < mess3.entropy_rate.upper < h_and_E(zoo.mess3(), 4)[0]
    assert mess3.statistical_complexity == inf


def test_nonunifilar_presentations_of_finite_machines_are_exact() -> None:
    """As above, for an input that is another presentation of the Even process only."""
    split = np.array([np.kron(matrix, np.outer(np.ones(2), [0.3, 0.7])) for matrix in zoo.even().T])
    assert not HMM(split).is_unifilar
    found = statistics(HMM(split))
    for key, value in truths.even().items():
        assert getattr(found, key) == pytest.approx(value, rel=EXACT, abs=EXACT), key
    assert found.how["statistical_complexity"] == "exact"


def test_states_of_equal_future_are_one_state() -> None:
    """emic 0.5.4 and sofic 0.2.1 (EpsilonMachine) take the states that are declared: for the Even process with each
    state given twice both say C = 1.918, silently. C is that of the causal states, and a machine that is declared an
    epsilon-machine is looked at."""
    copied = HMM(np.kron(zoo.even().T, np.array([[0.0, 1.0], [1.0, 0.0]])), start=np.kron(zoo.even().start, [0.5, 0.5]))
    assert statistics(copied).statistical_complexity == pytest.approx(
        truths.even()["statistical_complexity"], rel=EXACT
    )
    with pytest.raises(ValueError, match="same future"):
        EpsilonMachine([[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]])


@pytest.mark.parametrize("name", ["rrxro", "rn1n", "days_of_week"])
def test_excess_entropy_where_block_entropies_converge_slowly(name: str) -> None:
    """sofic 0.2.1 raises 'cannot estimate excess entropy without finite block entropies'. E = C - H[S_0 | future], and
    the future has finitely many beliefs about S_0; what L symbols leave of it bounds E from both sides."""
    machine = epsilon_machine(zoo.get(name)())
    found = statistics(machine)
    assert found.how["excess_entropy"] == "exact"
    length = 9 if len(machine.alphabet) == 2 else 2
    chi = crypticities(machine, length)[-1]
    joint = np.ones((1, machine.n_state)) * 1.0
    for _ in range(length):
        joint = np.einsum("xij,wj->wxi", machine.to_hmm().T, joint).reshape(-1, machine.n_state)
    joint = joint * machine.start  # (word, state before it)
    known = entropy_of(joint) - entropy_of(joint.sum(axis=1))
    C = found.statistical_complexity
    assert C - known - EXACT <= found.excess_entropy <= C - chi + EXACT


# ------------------------------------------------------------------------------------------- impossible words


def test_impossible_words_are_named_and_never_nan() -> None:
    """hmmlearn 0.3.3 gives posteriors of NaN, simplexity divides by zero ('returns nans when state is zeros'),
    transCSSR goes on with 0/0, sofic 0.2.1 (smooth) gives rows of zeros. Golden mean: 11 cannot be."""
    process = zoo.golden_mean()
    words = np.array([[0, 1, 0, 0], [0, 1, 1, 0]])
    for call in (lambda: filter_beliefs(process, words), lambda: process.predict(words)):
        with pytest.raises(ImpossibleWord, match="symbol 1 at t=2 has probability 0 after"):
            call()
    assert process.log_prob(words) == pytest.approx([np.log(1 / 6), -inf])
    assert np.isfinite(filter_beliefs(process, words[:1])).all()


# ------------------------------------------------------------------------------------------------ silent repairs


def test_rows_that_do_not_sum_are_refused() -> None:
    """emic 0.5.4 takes the uniform distribution as stationary when a row sums to less than 1, and simplexity divides
    the matrices by their largest eigenvalue: both go on with another process than the one that was given."""
    with pytest.raises(ValueError, match=r"state 1 sums to 0\.9"):
        HMM([[[0.5, 0], [0.9, 0]], [[0, 0.5], [0, 0]]])


# ------------------------------------------------------------------------------------- peers, where they are right


MARKOV_AND_COMPLEXITY = ("golden_mean", "even", "nemo", "rip", "butterfly", "rrxor", "random_phase_slip", "girvan_d")


@pytest.mark.parametrize("name", MARKOV_AND_COMPLEXITY)
def test_sofic_agrees_on_rates_and_markov_orders(name: str) -> None:
    pytest.importorskip("sofic")
    machine = epsilon_machine(zoo.get(name)())
    peer, found = to_sofic(machine), statistics(machine)
    assert peer.markov_order() == found.markov_order
    assert peer.statistical_complexity() == pytest.approx(found.statistical_complexity, rel=1e-9)
    assert peer.entropy_rate() == pytest.approx(found.entropy_rate, rel=1e-9)
    parallel = from_sofic(peer)
    words = all_words(len(machine.alphabet), 3)
    assert parallel.log_prob(words) == pytest.approx(machine.log_prob(words), rel=1e-9)


@pytest.mark.parametrize("name", ["golden_mean", "even", "nemo", "butterfly"])
def test_emic_agrees_on_aperiodic_machines(name: str) -> None:
    """To 1e-7: emic steps to a stationary distribution until a step changes it by less than 1e-10."""
    types, analysis = pytest.importorskip("emic.types"), pytest.importorskip("emic.analysis")
    machine = epsilon_machine(zoo.get(name)())
    builder = types.EpsilonMachineBuilder()
    T = machine.to_hmm().T
    for x, i, j in np.argwhere(T).tolist():
        builder.add_transition(str(i), x, str(j), float(T[x, i, j]))
    peer, found = builder.with_start_state("0").build(), statistics(machine)
    assert analysis.entropy_rate(peer) == pytest.approx(found.entropy_rate, abs=1e-7)
    assert analysis.statistical_complexity(peer) == pytest.approx(found.statistical_complexity, abs=1e-7)
    assert analysis.excess_entropy(peer) == pytest.approx(found.excess_entropy, abs=1e-6)
    assert block_entropies(machine, 1)[1] == pytest.approx(found.single_symbol_entropy)
