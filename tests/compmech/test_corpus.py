"""A corpus as a process against sums over every occurrence, and against closed forms."""

import math
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import few, python_random_untouched

from compmech import ImpossibleWord, Process, UnmatchedWord
from compmech.corpus import BeliefCount, Corpus, LongestSuffix
from compmech.inference.series import Series, series


class Reference:
    """Documents as lists, and every question answered by looking at every position."""

    def __init__(self, documents, n_symbol):
        self.documents = [list(document) for document in documents if len(document)]
        self.n_symbol = n_symbol
        self.states = [(d, t) for d, document in enumerate(self.documents) for t in range(len(document))]

    def belief(self, word):
        """The positions whose history ends in the word."""
        word = list(word)
        return tuple((d, t) for d, t in self.states if t >= len(word) and self.documents[d][t - len(word) : t] == word)

    def backed_off(self, word):
        return next(self.belief(word[k:]) for k in range(len(word) + 1) if self.belief(word[k:]))

    def prediction(self, belief):
        counts = Counter(self.documents[d][t] for d, t in belief)
        return np.array([counts[x] for x in range(self.n_symbol)]) / len(belief)

    def words(self, length):
        return Counter(
            tuple(document[t : t + length]) for document in self.documents for t in range(len(document) - length + 1)
        )

    def beliefs(self):
        """All sets of positions that some word singles out."""
        longest = max(map(len, self.documents))
        words = {word for length in range(longest + 1) for word in self.words(length)}
        return {belief for word in words if (belief := self.belief(word))}


@st.composite
def corpora(draw):
    """Documents over 2 to 50,000 symbols of which a few occur, repetitive or not, as reference and as corpus."""
    n_symbol = draw(st.sampled_from([2, 3, 7, 255, 256, 300, 65_535, 50_000, 70_000]))
    used = draw(st.lists(st.integers(0, n_symbol - 1), min_size=1, max_size=4, unique=True))
    document = st.lists(st.sampled_from(used), max_size=24)
    documents = draw(st.lists(document, min_size=1, max_size=5))
    documents = [one * draw(st.integers(1, 3)) for one in documents]
    if not any(documents):
        documents.append([used[0]])
    codes = np.array([x for one in documents for x in [*one, -1]], dtype=np.int32)
    words = draw(st.lists(st.lists(st.sampled_from(used), min_size=5, max_size=5), min_size=1, max_size=4))
    flat = [x for one in documents for x in one]
    if len(flat) > 5:  # a word that may occur
        at = draw(st.integers(0, len(flat) - 5))
        words.append(flat[at : at + 5])
    with python_random_untouched():
        corpus = Corpus(Series(codes, tuple(range(n_symbol))))
    return Reference(documents, n_symbol), corpus, words


@few
@given(corpora())
def test_longest_suffixes_and_predictions_are_those_of_every_position(case):
    reference, corpus, words = case
    with python_random_untouched():
        found, predicted = corpus.longest_suffix(words), corpus.predict(words)
    for seq, word in enumerate(words):
        belief = reference.backed_off(word)
        length = next(k for k in range(len(word), -1, -1) if reference.belief(word[len(word) - k :]))
        assert (found.lengths[seq], found.counts[seq]) == (length, len(belief))
        for t in range(len(word) + 1):
            expected = reference.prediction(reference.backed_off(word[:t]))
            np.testing.assert_array_equal(predicted[seq, t], expected)


@few
@given(corpora())
def test_counts_are_those_of_every_window(case):
    reference, corpus, words = case
    for length in range(1, 6):
        cut = [word[:length] for word in words]
        expected = [reference.words(length)[tuple(word)] for word in cut]
        with python_random_untouched():
            assert corpus.count(cut).tolist() == expected


@few
@given(corpora())
def test_log_probabilities_are_sums_of_predictions(case):
    reference, corpus, words = case
    with python_random_untouched():
        backed, exact = corpus.log_prob(words), corpus.exactly().log_prob(words)
    for seq, word in enumerate(words):
        p = [reference.prediction(reference.backed_off(word[:t]))[word[t]] for t in range(len(word))]
        assert backed[seq] == (pytest.approx(sum(map(math.log, p))) if all(p) else -math.inf)
        known = [bool(reference.belief(word[:t])) for t in range(len(word))]
        assert exact[seq] == (pytest.approx(backed[seq]) if all(known) else -math.inf)


@few
@given(corpora())
def test_the_exact_filter_refuses_exactly_what_has_no_belief(case):
    reference, corpus, words = case
    exact = corpus.exactly()
    for word in words:
        unmatched = [t for t in range(1, len(word) + 1) if not reference.belief(word[:t])]
        with python_random_untouched():
            if unmatched:
                with pytest.raises(UnmatchedWord) as caught:
                    exact.predict([word])
                assert (caught.value.word, caught.value.t) == (tuple(word), unmatched[0] - 1)
            else:
                np.testing.assert_array_equal(exact.predict([word]), corpus.predict([word]))


@few
@given(corpora())
def test_beliefs_are_the_sets_of_positions_that_words_single_out(case):
    reference, corpus, _ = case
    beliefs = reference.beliefs()
    with python_random_untouched():
        found = corpus.beliefs()
    assert found == BeliefCount(len(reference.states), len(beliefs), sum(len(belief) == 1 for belief in beliefs))
    assert found.n_belief <= 2 * found.n_token - 1


@few
@given(corpora())
def test_block_entropies_are_those_of_the_windows(case):
    reference, corpus, _ = case
    longest = max(map(len, reference.documents))
    expected = [0.0]
    for length in range(1, min(longest, 8) + 1):
        p = np.array(list(reference.words(length).values()))
        expected.append(float(-(p / p.sum() * np.log2(p / p.sum())).sum()))
    with python_random_untouched():
        assert corpus.block_entropies(len(expected) - 1) == pytest.approx(expected, abs=1e-12)
