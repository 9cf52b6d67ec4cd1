"""A corpus as a process against sums over every occurrence, and against closed forms."""

import math
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import config
from strategies import few, python_random_untouched

from compmech import ImpossibleWord, Process, UnmatchedWord, filter_beliefs, mixed_states, statistics
from compmech.corpus import BeliefCount, Corpus, LongestSuffix, process, suffix_array
from compmech.corpus.suffix_array import settle, sorted_windows
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
        contexts, left = corpus.contexts(longest), corpus.next_entropies(longest - 1)
    for length, bits in enumerate(left):
        words = reference.words(length + 1)
        before = Counter()
        for word, count in words.items():
            before[word[:-1]] += count
        expected = sum(n * math.log2(before[word[:-1]] / n) for word, n in words.items()) / words.total()
        assert bits == pytest.approx(expected, abs=1e-12)
    assert contexts == tuple(
        sum(bool(reference.belief(word)) for word in reference.words(length)) if length else 1
        for length in range(longest + 1)
    )


@few
@given(corpora())
def test_every_route_of_the_sort_gives_the_same_order(case):
    """Small pieces, ranks at once, and eight bytes at a time for as long as it goes: none is seen in the result."""
    reference, corpus, _ = case
    stream = corpus.index.stream
    symbols = stream.symbols.tolist()

    def history(place):
        document = []
        while place and symbols[place - 1]:
            place -= 1
            document.append(symbols[place])
        return document

    expected = sorted((p for p, x in enumerate(symbols) if x), key=lambda place: (history(place), place))
    assert len(expected) == len(reference.states)
    for changed in (
        {},
        {"_IN_CACHE": 0},
        {"_CHUNK": 5, "_TIED": 4, "_IN_CACHE": 3, "_PART": 2},
        {"_FEW": 0},
        {"_FEW": 10**9},
        {"_FEW": 0, "_FAR": 60, "_TIED": 3},
    ):
        with pytest.MonkeyPatch.context() as patch, python_random_untouched():
            for name, value in changed.items():
                patch.setattr(suffix_array, name, value)
            patch.setattr(suffix_array, "window_depth", lambda n_symbol, below: 1 + (n_symbol == 2))
            windows = sorted_windows(stream)
            found, head = windows.places(len(symbols))
            settle(stream, found, head, windows.depth)
        assert found.tolist() == expected, changed


@pytest.mark.parametrize("n_symbol", [2, 3, 20, 255, 256, 5_000, 50_000])
def test_long_random_corpora_equal_brute_force(n_symbol):
    """Zipf's symbols, so that large alphabets repeat themselves too; every suffix is looked up in a list of all."""
    rng = np.random.default_rng(n_symbol)
    share = 1 / np.arange(1, n_symbol + 1)
    codes = rng.choice(n_symbol, size=1500, p=share / share.sum())
    codes[rng.integers(1500, size=6)] = -1
    documents = [list(part) for part in np.split(codes, np.flatnonzero(codes == -1))]
    documents = [[x for x in document if x >= 0] for document in documents]
    followed = Counter(tuple(d[t - k : t]) for d in documents for t in range(len(d)) for k in range(min(t, 12) + 1))
    corpus = Corpus(Series(codes, tuple(range(n_symbol))))
    words = rng.choice(n_symbol, size=(300, 12), p=share / share.sum())
    whole = np.flatnonzero([(codes[t : t + 12] >= 0).all() for t in range(1488)])
    words[::2] = [codes[t : t + 12] for t in rng.choice(whole, size=150)]
    words[::4, 3] = rng.choice(n_symbol, size=75)
    found = corpus.longest_suffix(words)
    for seq, word in enumerate(words.tolist()):
        length = next(k for k in range(12, -1, -1) if followed[tuple(word[12 - k :])])
        assert (found.lengths[seq], found.counts[seq]) == (length, followed[tuple(word[12 - length :])])


def periodic(word, repeats):
    return Corpus(word * repeats)


@pytest.mark.parametrize("word", ["a", "ab", "aab", "abcde"])
def test_a_periodic_corpus_in_closed_form(word):
    """After its first symbols every position is told from the next by how far back the document goes, and only so."""
    period, repeats = len(word), 40
    corpus = periodic(word, repeats)
    n_token = period * repeats
    distinct = len({word[k:] + word[:k] for k in range(period)})
    assert distinct == period
    beliefs = corpus.beliefs()
    if word != "aab":  # where a letter alone does not give the phase, the first words are of several phases
        assert beliefs == BeliefCount(n_token, n_token, period)
    length = n_token + 1 - period * 20  # 20 windows of each phase
    assert corpus.block_entropies(length)[-1] == pytest.approx(np.log2(period))
    queries = corpus.encode([word * 3])
    rows = corpus.predict(queries)[0]
    for t in range(period, 3 * period):
        assert rows[t, queries[0, t]] == 1


def test_a_repetitive_corpus_is_counted_beyond_what_is_compared_at_once():
    """Agreement on thousands of symbols; the count is that of a period, one belief a token."""
    for word, repeats in (("ab", 2000), ("abcde", 700)):
        n_token = len(word) * repeats
        assert periodic(word, repeats).beliefs() == BeliefCount(n_token, n_token, len(word))
    halves = np.random.default_rng(5).integers(2, size=1500)
    twice = Corpus([halves.tolist(), halves.tolist()])  # equal documents: every history is in both, none is alone
    once = Corpus(halves.tolist())
    assert twice.beliefs().n_certain == 0
    assert twice.beliefs().n_belief == once.beliefs().n_belief


def de_bruijn(n_symbol, order):
    """A word that has each of order `order` once, by preferring the largest symbol; its beginning again at its end."""
    word, seen = [0] * order, set()
    while True:
        for symbol in range(n_symbol - 1, -1, -1):
            new = (*word[len(word) - order + 1 :], symbol)
            if new not in seen:
                seen.add(new)
                word.append(symbol)
                break
        else:
            return word[order:]


@pytest.mark.parametrize(("n_symbol", "order"), [(2, 3), (2, 8), (3, 4), (10, 2)])
def test_a_de_bruijn_word_in_closed_form(n_symbol, order):
    word = de_bruijn(n_symbol, order)
    n_word = n_symbol**order
    word = word[-(order - 1) :] + word if len(word) == n_word else word
    assert len(word) == n_word + order - 1
    corpus = Corpus(word, alphabet=range(n_symbol))
    assert corpus.block_entropies(order)[-1] == pytest.approx(order * np.log2(n_symbol), abs=1e-12)
    every = np.stack(np.unravel_index(np.arange(n_word), (n_symbol,) * order), axis=1)
    assert (corpus.count(every) == 1).all()
    inner = (n_word - 1) // (n_symbol - 1)  # words shorter than the order
    assert corpus.beliefs() == BeliefCount(len(word), inner + n_word - 1, n_word - 1)


def test_words_of_equal_length_share_the_probability_out():
    corpus = Corpus(["abbabab", "bbaca", "c"])
    words = np.stack(np.unravel_index(np.arange(3**4), (3,) * 4), axis=1)
    assert np.exp(corpus.log_prob(words)).sum() == pytest.approx(1)
    # exact: what has run into an end is missing
    assert np.exp(corpus.exactly().log_prob(words)).sum() < 1
    assert corpus.log_prob(words[:, :0]).tolist() == [0.0] * 81


def test_samples_have_the_probabilities_of_words():
    """Frequencies of 40,000 words of three symbols, within five standard errors of each."""
    corpus = Corpus(["abbabab", "bbaca", "c"])
    drawn = corpus.sample(40_000, 3, rng=np.random.default_rng(0))
    words = np.stack(np.unravel_index(np.arange(27), (3,) * 3), axis=1)
    p = np.exp(corpus.log_prob(words))
    seen = np.bincount(drawn @ [9, 3, 1], minlength=27) / 40_000
    assert (abs(seen - p) <= 5 * np.sqrt(p * (1 - p) / 40_000)).all()
    again = corpus.sample(40_000, 3, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(again, drawn)
    assert corpus.sample(0, 3, rng=np.random.default_rng(0)).shape == (0, 3)
    assert corpus.sample(2, 0, rng=np.random.default_rng(0)).shape == (2, 0)


def test_an_exact_sample_that_comes_to_an_end_is_refused():
    corpus = Corpus("ab", exact=True)
    assert corpus.sample(50, 1, rng=np.random.default_rng(0)).max() == 1
    with pytest.raises(UnmatchedWord, match="no symbol of the corpus comes after"):
        corpus.sample(50, 2, rng=np.random.default_rng(0))
    assert corpus.backing_off().sample(50, 9, rng=np.random.default_rng(0)).shape == (50, 9)


def test_no_match_reaches_across_documents():
    corpus = Corpus(["ab", "ba"])
    assert corpus.n_document == 2
    words = corpus.encode(["ab", "bb", "ba", "aa"])
    assert corpus.count(words).tolist() == [1, 0, 1, 0]
    assert corpus.longest_suffix(corpus.encode(["ab"])).lengths.tolist() == [1]  # "ab" only ends a document
    split = Corpus("abba", lengths=[2, 2])
    assert split.count(words).tolist() == [1, 0, 1, 0]
    gap = Corpus("ab?ba", missing="?")
    assert gap.count(words).tolist() == [1, 0, 1, 0]
    assert Corpus("abba").count(words).tolist() == [1, 1, 1, 0]


def test_the_refusal_says_what_cannot_be_conditioned_on_and_what_to_do():
    corpus = Corpus("abab", exact=True)
    with pytest.raises(ImpossibleWord) as caught:
        corpus.predict(corpus.encode(["abba"]))
    assert (caught.value.word, caught.value.t, caught.value.matched) == ((0, 1, 1, 0), 2, 1)
    assert str(caught.value) == (
        "no symbol of the corpus comes after [0, 1, 1] (t=2): no belief matches, and the filter would be 0/0. A corpus "
        "made with exact=False (or corpus.backing_off()) goes on from the longest suffix it knows, here of 1 symbols."
    )
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.word, copy.t, copy.matched, str(copy)) == ((0, 1, 1, 0), 2, 1, str(caught.value))
    assert corpus.log_prob(corpus.encode(["abba", "abab"])).tolist() == [-math.inf, pytest.approx(math.log(0.5))]
    backed = corpus.backing_off()
    np.testing.assert_array_equal(backed.predict(backed.encode(["abba"]))[0, 3], [1, 0])


def test_a_corpus_is_a_process_and_says_what_it_is():
    corpus = Corpus(["ab", "ba", ""], name="two words")
    assert isinstance(corpus, Process)
    assert repr(corpus) == "Corpus('two words', 4 tokens in 2 documents, 2 symbols, backing off)"
    assert repr(corpus.exactly()) == "Corpus('two words', 4 tokens in 2 documents, 2 symbols, exact)"
    assert corpus.exactly().index is corpus.index
    copy = pickle.loads(pickle.dumps(corpus))
    np.testing.assert_array_equal(copy.predict([[0, 1]]), corpus.predict([[0, 1]]))


def test_a_series_is_taken_as_it_is():
    given = series(["to be", "or not"])
    corpus = Corpus(given)
    assert corpus.alphabet == given.alphabet
    assert corpus.count(corpus.encode(["o", "t"])).tolist() == [3, 2]


def test_memory_is_at_most_six_bytes_a_symbol_for_few_symbols_and_seven_for_many():
    rng = np.random.default_rng(0)
    for n_symbol, most in ((2, 6), (4, 6), (200, 6), (50_000, 7)):
        corpus = Corpus(Series(rng.integers(n_symbol, size=50_000), tuple(range(n_symbol))))
        assert corpus.index.n_bytes <= most * 50_000 + 1000


def test_nothing_is_writeable():
    corpus = Corpus("abracadabra")
    for array in (corpus.index.order, corpus.index.begin, corpus.index.young, corpus.index.stream.data):
        assert not array.flags.writeable
    assert not corpus.index.stream.words.flags.writeable


def automaton_size(word):
    """States of the suffix automaton by the online construction of Blumer et al., as in textbooks."""
    length, link, edges, last = [0], [-1], [{}], 0
    for symbol in word:
        new = len(length)
        length.append(length[last] + 1)
        link.append(0)
        edges.append({})
        at = last
        while at >= 0 and symbol not in edges[at]:
            edges[at][symbol] = new
            at = link[at]
        if at >= 0:
            target = edges[at][symbol]
            if length[target] == length[at] + 1:
                link[new] = target
            else:
                copy = len(length)
                length.append(length[at] + 1)
                link.append(link[target])
                edges.append(dict(edges[target]))
                while at >= 0 and edges[at].get(symbol) == target:
                    edges[at][symbol] = copy
                    at = link[at]
                link[target] = link[new] = copy
        last = new
    return len(length)


@pytest.mark.parametrize("n_symbol", [1, 2, 5, 400])
def test_beliefs_are_as_many_as_states_of_the_suffix_automaton(n_symbol):
    rng = np.random.default_rng(n_symbol)
    for size in (1, 2, 10, 700):
        word = rng.integers(n_symbol, size=size).tolist()
        corpus = Corpus(word, alphabet=range(n_symbol))
        assert corpus.beliefs().n_belief == automaton_size(word[:-1])


def test_nothing_depends_on_how_much_is_done_at_a_time(monkeypatch):
    corpus = Corpus(["abracadabra", "cadabra", "abba"])
    words = np.random.default_rng(2).integers(corpus.n_symbol, size=(40, 6))
    questions = (corpus.predict, corpus.log_prob, corpus.count, lambda w: corpus.longest_suffix(w).counts)
    expected = [ask(words) for ask in questions]
    monkeypatch.setattr(process, "_AT_ONCE", 7)
    monkeypatch.setattr(process, "_QUERIES", 20)
    for ask, answer in zip(questions, expected, strict=True):
        np.testing.assert_array_equal(ask(words), answer)


CORPUS = Corpus("abracadabra")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Corpus([]), "there are no symbols"),
        (lambda: Corpus(Series(np.array([-1, -1]), ("a",))), "there are no symbols in the series"),
        (lambda: Corpus(series("ab"), lengths=[1, 1]), "a Series has its own alphabet and gaps"),
        (lambda: Corpus("ab", alphabet="a"), "'b' is not in the alphabet"),
        (lambda: Corpus("abc", lengths=[1, 1]), "lengths must sum to the number of symbols, 3; they sum to 2"),
        (lambda: CORPUS.encode(["abz"]), "the symbol 'z' is not among the 5 of the corpus"),
        (lambda: CORPUS.encode(["ab", "a"]), r"words must all have the same length; got \[1, 2\]"),
        (lambda: CORPUS.predict([0, 1]), r"words must have axes \(seq, time\)"),
        (lambda: CORPUS.predict([[0, 5]]), r"words must be integers 0..4; words\[0, 1\] is 5"),
        (lambda: CORPUS.longest_suffix([[-1]]), r"words\[0, 0\] is -1"),
        (lambda: CORPUS.count([["a"]]), "words must be integers"),
        (lambda: CORPUS.log_prob([[9]]), r"words\[0, 0\] is 9"),
        (lambda: CORPUS.sample(-1, 1, rng=np.random.default_rng(0)), "n_seq must be >= 0"),
        (lambda: CORPUS.block_entropies(12), "the longest document has 11 symbols: there is no word of length 12"),
        (lambda: CORPUS.block_entropies(-1), "length must be >= 0"),
        (lambda: CORPUS.contexts(-1), "length must be >= 0"),
        (lambda: CORPUS.next_entropies(-1), "length must be >= 0"),
        (lambda: CORPUS.next_entropies(11), "the longest document has 11 symbols: none is after 11 others"),
    ],
)
def test_what_is_wrong_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_needs_states_says_so():
    """As users meet it: without the checks of shapes that tests add."""
    checked = config.jaxtyping_disable
    config.update("jaxtyping_disable", True)
    try:
        for ask in (mixed_states, lambda corpus: filter_beliefs(corpus, [[0]])):
            with pytest.raises(ValueError, match=r"only processes presented by states are filtered .* got Corpus"):
                ask(CORPUS)
        with pytest.raises(ValueError, match=r"only processes given by matrices or tables will do .* got Corpus"):
            statistics(CORPUS)
        with pytest.raises(ValueError, match="rng must be a numpy Generator; got 3"):
            CORPUS.sample(1, 1, rng=3)
    finally:
        config.update("jaxtyping_disable", checked)


def test_edges():
    single = Corpus("a")
    assert single.beliefs() == BeliefCount(1, 1, 1)
    assert single.predict([[0, 0]]).tolist() == [[[1.0]] * 3]
    assert single.block_entropies(1) == (0.0, 0.0)
    assert CORPUS.block_entropies(0) == (0.0,)
    assert CORPUS.count(np.zeros((2, 0), dtype=int)).tolist() == [11, 11]
    found = CORPUS.longest_suffix(np.zeros((1, 0), dtype=int))
    assert isinstance(found, LongestSuffix)
    assert (found.lengths.tolist(), found.counts.tolist()) == ([0], [11])
    assert CORPUS.predict(np.zeros((0, 3), dtype=int)).shape == (0, 4, 5)
    never = Corpus("aab", alphabet="abc")  # "c" never occurs, and "b" is followed by nothing
    np.testing.assert_allclose(never.predict([[2, 1]])[0], [[2 / 3, 1 / 3, 0]] * 3)
    assert never.encode([]).shape == (0, 0)
