"""A budget that is passed: what was computed is kept and is right, and the value the error names is enough."""

import numpy as np
import pytest
from hypothesis import given
from machines import even, golden_mean, mess3, nemo
from oracles import all_words
from random_machines import random_unifilar
from strategies import any_hmms, disguised_hmms, few

from compmech import (
    GHMM,
    HMM,
    BudgetExceeded,
    NoFiniteEpsilonMachine,
    bidirectional,
    block_entropies,
    draw,
    epsilon_machine,
    equivalent,
    forbidden_word,
    mixture,
    renyi_block_entropies,
    reverse,
    word_divergences,
    zoo,
)
from compmech.compose import PresentationTooLarge, blocked, redundant
from compmech.interop import to_dit
from compmech.measures import entropy_convergence
from compmech.measures.block import most_words
from compmech.rational import rational, rational_epsilon_machine, rational_mixed_states


def exceeded(call, *args: object, **options: object) -> BudgetExceeded:
    with pytest.raises(BudgetExceeded) as caught:
        call(*args, **options)
    assert isinstance(caught.value, ValueError)
    return caught.value


def cut_short(p: HMM, q: HMM, budgets: range) -> list[BudgetExceeded]:
    """The errors of those searches for a forbidden word that do not end."""
    found = []
    for budget in budgets:
        try:
            forbidden_word(p, q, max_states=budget)
        except BudgetExceeded as error:
            found.append(error)
    return found


def test_block_entropies_are_kept() -> None:
    error = exceeded(block_entropies, zoo.golden_mean(), 20, max_words=1000)
    assert (error.argument, error.given) == ("max_words", 1000)
    assert len(error.found) == 15  # 987 words of length 14 are possible
    assert error.found == block_entropies(zoo.golden_mean(), 14)
    found = block_entropies(zoo.golden_mean(), 20, max_words=error.enough)
    assert found[:15] == error.found
    assert "of length 15 there are more words than max_words=1000 allows. max_words=28657 is enough" in str(error)


def test_nothing_but_the_empty_word() -> None:
    assert exceeded(block_entropies, mess3(), 4, max_words=1).found == (0.0,)


def test_renyi_block_entropies_are_kept() -> None:
    error = exceeded(renyi_block_entropies, mess3(), 6, 2, max_words=100)
    assert error.enough == 3**6
    found = renyi_block_entropies(mess3(), 6, 2, max_words=error.enough)
    assert error.found == found[:5]


def test_what_converges_keeps_its_block_entropies() -> None:
    error = exceeded(entropy_convergence, mess3(), 8, max_states=5, max_words=100)
    assert error.found == block_entropies(mess3(), 4)


def test_words_for_dit_are_kept() -> None:
    dit = pytest.importorskip("dit")
    error = exceeded(to_dit, golden_mean(), 5, max_words=4)
    assert isinstance(error.found, dit.Distribution)
    assert error.found.is_approx_equal(to_dit(golden_mean(), 2))
    assert len(to_dit(golden_mean(), 5, max_words=error.enough).outcomes) == 13
    assert exceeded(to_dit, golden_mean(), 5, max_words=1).found is None


def test_words_that_are_counted_beforehand() -> None:
    error = exceeded(word_divergences, even(), golden_mean(), 5, max_words=31)
    assert (error.enough, error.found) == (32, None)
    assert word_divergences(even(), golden_mean(), 5, max_words=32).length == 5


def test_words_found_allowed_are_kept() -> None:
    """A search that is cut short gives a length below that of the word, and the value that it names finds the word."""
    p, q = random_unifilar(6, 2, rng=np.random.default_rng(8)).to_hmm(), nemo()
    word = forbidden_word(p, q)
    assert word is not None
    errors = cut_short(p, q, range(1, 40))
    assert len({error.found for error in errors}) > 1
    for error in errors:
        assert error.found < len(word)
        assert forbidden_word(p, q, max_states=error.enough) == word
    same = exceeded(forbidden_word, p, p, max_states=3)
    assert forbidden_word(p, p, max_states=same.enough) is None


def test_words_up_to_the_length_found_are_allowed() -> None:
    """Against all words: q forbids none that p allows, up to that length."""
    p, q = golden_mean(), HMM(even().T, start=[1, 0])
    errors = cut_short(p, q, range(1, 4))
    assert errors
    for error in errors:
        for length in range(error.found + 1):
            words = all_words(2, length)
            assert not (np.isfinite(p.log_prob(words)) & np.isinf(q.log_prob(words))).any()


def test_blocks_that_fit_are_kept_and_the_repair_suffices() -> None:
    error = exceeded(blocked, mess3(), 9, max_entries=100)
    assert isinstance(error, PresentationTooLarge)
    assert error.enough == 3**9 * 9
    assert f"Give max_entries={error.enough}" in str(error)
    assert equivalent(error.found, blocked(mess3(), 2))
    assert len(blocked(mess3(), 9, max_entries=error.enough).alphabet) == 3**9
    with pytest.raises(PresentationTooLarge):
        blocked(mess3(), 9, max_entries=error.enough - 1)


def test_the_bound_for_blocks_knows_forbidden_words() -> None:
    error = exceeded(blocked, zoo.golden_mean(), 9, max_entries=20)
    assert len(blocked(zoo.golden_mean(), 9, max_entries=error.enough).alphabet) == 89
    assert error.enough < 2**9 * 4


@few
@given(any_hmms())
def test_no_more_words_than_the_bound(process: HMM) -> None:
    for length in range(4):
        words = all_words(process.n_symbol, length)
        possible = int(np.isfinite(process.log_prob(words)).sum())
        assert possible <= most_words(process.T, process.start != 0, length) <= process.n_symbol**length


def test_the_bound_counts_words_of_a_machine_with_a_known_state() -> None:
    process = zoo.golden_mean()
    assert most_words(process.T, np.array([True, False]), 60) == 4052739537881  # Fibonacci number 62
    assert most_words(process.T, np.array([True, True]), 2000) == 2**2000  # beyond what is counted


@few
@given(disguised_hmms())
def test_the_bound_holds_for_signed_matrices(pair: tuple[HMM, GHMM]) -> None:
    hmm, ghmm = pair
    assert most_words(ghmm.T, ghmm.start != 0, 3) >= sum(np.isfinite(hmm.log_prob(all_words(hmm.n_symbol, 3))))


# ------------------------------------------------------------- searches for causal states, in floats and in fractions


def unclosed(call, *args: object, **options: object) -> NoFiniteEpsilonMachine:
    with pytest.raises(NoFiniteEpsilonMachine) as caught:
        call(*args, **options)
    return caught.value


def test_the_forward_machine_is_kept_when_the_reverse_one_is_too_large() -> None:
    """The Misiurewicz machine has infinitely many reverse causal states, RIP four."""
    error = unclosed(bidirectional, zoo.misiurewicz(), max_states=50)
    forward, finished = error.found
    assert equivalent(forward, zoo.misiurewicz())
    assert finished == ()
    assert error.explored.n_mixed > 40
    assert "`.found` what was finished before" in str(error)
    error = unclosed(bidirectional, mixture(zoo.rip(), zoo.misiurewicz()), max_states=50)
    forward, finished = error.found
    assert forward.n_state == 7
    assert [machine.n_state for machine in finished] == [4]
    assert equivalent(finished[0], HMM(reverse(zoo.rip()).T))
    assert unclosed(bidirectional, mess3()).found is None


def test_classes_that_were_finished_are_kept() -> None:
    """Three processes side by side: the second has no finite epsilon-machine."""
    coins = redundant(zoo.even(), 2, [0.3, 0.7, 0.6, 0.4])
    error = unclosed(epsilon_machine, mixture(coins, zoo.sns(), zoo.even()), max_states=40)
    assert [machine.n_state for machine in error.found] == [2]
    assert equivalent(error.found[0], HMM(zoo.even().T, alphabet="01"))
    assert error.explored.n_mixed >= 40
    assert unclosed(epsilon_machine, mixture(zoo.sns(), zoo.even()), max_states=40).found is None


def test_fractions_keep_what_was_explored_and_finished() -> None:
    process = rational(mixture(zoo.even(), zoo.sns()))
    error = unclosed(rational_epsilon_machine, process, max_states=30)
    assert [machine.n_state for machine in error.found] == [2]
    assert error.explored.n_mixed > 30
    assert "nan" not in str(error)
    assert error.explored.n_expanded == 30
    assert f": 30 mixed states explored, which lead to {error.explored.n_mixed - 30} more. The process" in str(error)
    cut = rational_mixed_states(rational(zoo.sns()), max_states=30)
    assert not cut.closed
    longer = rational_mixed_states(rational(zoo.sns()), max_states=60)
    assert longer.beliefs[: len(cut.beliefs)] == cut.beliefs
    whole = rational_mixed_states(rational(zoo.even()), max_states=4)
    assert whole.closed


# ----------------------------------------------------------------------------------------------------------- drawings


def test_a_diagram_too_large_to_draw_is_kept() -> None:
    large = zoo.period(64)
    for call in (draw.state_figure, draw.to_tikz, draw.tikz_document):
        error = exceeded(call, large)
        assert (error.argument, error.given, error.enough) == ("max_states", 60, 64)
        assert len(error.found.nodes) == 64
        assert "the state diagram has 64 states, which are more than max_states=60 allows. max_states=64 is" in str(
            error
        )
        assert "`.found` holds" not in error.reason
    assert draw.to_tikz(error.found, max_states=64) == draw.to_tikz(large, max_states=64)
    error = exceeded(draw.to_mermaid, large, max_edges=10)
    assert (error.argument, error.enough) == ("max_edges", 64)
    assert draw.to_mermaid(error.found, max_edges=error.enough) == draw.to_mermaid(large)
    assert "write DOT" in str(error)
