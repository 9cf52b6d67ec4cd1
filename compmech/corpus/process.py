"""A corpus as a process: predictions from the positions that match, or that match the longest suffix that does."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from compmech.corpus.block_words import context_counts, next_entropies, word_entropies
from compmech.corpus.stream import Stream
from compmech.corpus.suffix_index import Matches, SuffixIndex
from compmech.corpus.suffix_tree import BeliefCount, count_beliefs
from compmech.errors import UnmatchedWord
from compmech.inference.series import Series, series
from compmech.validation import check_count, check_names, check_rng, check_words

Queries = tuple[Stream, Int[np.ndarray, " query"], Int[np.ndarray, " query"]]
"""What is before these places of a stream, so many symbols of it."""

# Matching positions, or entries of tables of counts, that are looked at together: 32 MB of integers.
_AT_ONCE = 2**22

# Symbols that are searched for together.
_QUERIES = 2**18


@dataclass(frozen=True)
class LongestSuffix:
    """The longest suffix of each query that the corpus has before some symbol, and how often it has it there.

    Attributes:
        lengths: symbols of that suffix; 0 where not even the last symbol is followed by any.
        counts: positions that it is before, at least 1; for length 0 all of them.
    """

    lengths: Int[np.ndarray, " seq"]
    counts: Int[np.ndarray, " seq"]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Corpus:
    """One or several documents as a process with one state for each token.

    A state emits its token and moves to the next; after the last token of a document there is no next state. So the
    belief after a word is uniform over the positions that the word stands before within their document, the prediction
    is how often each symbol comes next there, and the mixed states are the states of the suffix automaton. The start is
    uniform over all positions. No match reaches across documents.

    A word that no position comes after leaves no belief: the filter is 0/0. With `exact` that is refused. Without, the
    belief is uniform over the positions that match the longest suffix that any does (infini-gram), so that every word
    has predictions; symbols that never follow that suffix have probability 0 all the same, as nothing is smoothed.

    P(w) is the product of these predictions, each on condition that there is a next symbol. It is no stationary
    process: positions near the start of a document are states as any other.

    Built over a suffix array; see SuffixIndex for its memory: at most 6 bytes a symbol for alphabets below 256.

    Args:
        data: as for `compmech.inference.series.series`: a string, a list, an array, or several; or a Series, which is
            not copied symbol by symbol. What is missing ends a document.
        lengths: of the documents that are given one after the other in `data`.
        alphabet: the symbols in order; None: those that occur.
        missing: the symbol that stands for a missing one.
        exact: refuse what the filter cannot be conditioned on, and do not back off.
        name: what the corpus is called.
    Raises:
        ValueError: if there are no symbols, one is not in the alphabet, or lengths do not fit.
    Reference:
        Blumer and others, Theor. Comput. Sci. 40, 31 (1985), the suffix automaton; Liu and others, Infini-gram,
        arXiv 2401.17377 (2024).
    Example:
        >>> corpus = Corpus("abracadabra")
        >>> corpus.alphabet, corpus.predict(corpus.encode(["ab"]))[0, 2].tolist()      # after "ab" always "r"
        (('a', 'b', 'c', 'd', 'r'), [0.0, 0.0, 0.0, 0.0, 1.0])
    """

    index: SuffixIndex
    alphabet: tuple[Hashable, ...]
    exact: bool
    name: str | None

    def __init__(
        self,
        data: Series | Iterable[Any],
        *,
        lengths: Sequence[int] | None = None,
        alphabet: Iterable[Hashable] | None = None,
        missing: Hashable = None,
        exact: bool = False,
        name: str | None = None,
    ) -> None:
        if isinstance(data, Series):
            if lengths is not None or alphabet is not None or missing is not None:
                raise ValueError("a Series has its own alphabet and gaps: give lengths, alphabet, missing to series()")
            if not data.n_observed:
                raise ValueError("there are no symbols in the series")
            given = data
        else:
            given = series(data, lengths=lengths, alphabet=alphabet, missing=missing)
        object.__setattr__(self, "index", SuffixIndex.of(Stream.of(given.codes, given.n_symbol)))
        object.__setattr__(self, "alphabet", check_names(given.alphabet, given.n_symbol, "alphabet"))
        object.__setattr__(self, "exact", bool(exact))
        object.__setattr__(self, "name", name)

    def __repr__(self) -> str:
        called = "" if self.name is None else f"{self.name!r}, "
        how = "exact" if self.exact else "backing off"
        return f"Corpus({called}{self.n_token} tokens in {self.n_document} documents, {self.n_symbol} symbols, {how})"

    @property
    def n_symbol(self) -> int:
        """Size of the alphabet."""
        return len(self.alphabet)

    @property
    def n_token(self) -> int:
        """Tokens of all documents: the states."""
        return len(self.index.order)

    @cached_property
    def n_document(self) -> int:
        """Documents that have tokens."""
        return len(self.index.stream.starts)

    def exactly(self) -> "Corpus":
        """The same corpus, over the same memory, which refuses what its filter cannot be conditioned on."""
        return self._with(exact=True)

    def backing_off(self) -> "Corpus":
        """The same corpus, over the same memory, which goes on from the longest suffix it has."""
        return self._with(exact=False)

    def _with(self, *, exact: bool) -> "Corpus":
        other = object.__new__(Corpus)
        for field, value in (("index", self.index), ("alphabet", self.alphabet), ("exact", exact), ("name", self.name)):
            object.__setattr__(other, field, value)
        return other

    def encode(self, words: Iterable[Iterable[Hashable]]) -> Int[np.ndarray, "seq time"]:
        """Words over the alphabet's names as integers.

        Raises:
            ValueError: for a symbol that is not in the alphabet, or words of several lengths.
        """
        number = {name: code for code, name in enumerate(self.alphabet)}
        rows = [list(word) for word in words]
        for row in rows:
            for symbol in row:
                if symbol not in number:
                    raise ValueError(f"the symbol {symbol!r} is not among the {self.n_symbol} of the corpus")
        if len({len(row) for row in rows}) > 1:
            raise ValueError(f"words must all have the same length; got {sorted({len(row) for row in rows})}")
        coded = [[number[symbol] for symbol in row] for row in rows]
        return np.array(coded, dtype=np.int64).reshape(len(rows), len(rows[0]) if rows else 0)

    def longest_suffix(self, queries: ArrayLike) -> LongestSuffix:
        """Of each query the longest suffix that is before some position, and before how many.

        A suffix that only ends documents does not count, as there is nothing to predict from it.

        Args:
            queries: words, axes (seq, time).
        """
        words = check_words(queries, self.n_symbol)
        lengths, counts = np.empty(len(words), dtype=np.int64), np.empty(len(words), dtype=np.int64)
        for rows in _batches(len(words), max(_QUERIES // max(words.shape[1], 1), 1)):
            found = self.index.longest(*self._queries(words[rows], np.array([words.shape[1]])))
            lengths[rows], counts[rows] = found.lengths, found.last - found.first
        return LongestSuffix(lengths, counts)

    def count(self, words: ArrayLike) -> Int[np.ndarray, " seq"]:
        """How often each word occurs within documents; the empty word as often as there are tokens."""
        symbols = check_words(words, self.n_symbol)
        counts = np.empty(len(symbols), dtype=np.int64)
        if not symbols.shape[1]:
            return np.full(len(symbols), self.n_token)
        for rows in _batches(len(symbols), max(_QUERIES // symbols.shape[1], 1)):
            counts[rows] = self._occurrences(*self._queries(symbols[rows], np.array([symbols.shape[1]])))
        return counts

    def predict(self, words: ArrayLike) -> Float[np.ndarray, "seq row symbol"]:
        """P(x_t | x_<t): row t = 0 .. time is the distribution of symbol t given the t symbols before it.

        Costs the matching positions of each distinct suffix, and for each row as many symbols as match: words of many
        thousands of symbols that the corpus has as a whole are slow.

        Raises:
            UnmatchedWord: if exact, and no position comes after some beginning of a word. It is an ImpossibleWord.
        """
        symbols = check_words(words, self.n_symbol)
        n_seq, n_time = symbols.shape
        found = np.empty((n_seq * (n_time + 1), self.n_symbol))
        for rows in _batches(n_seq, max(_QUERIES // (n_time + 1), 1)):
            matches = self.index.longest(*self._queries(symbols[rows], np.arange(n_time + 1)))
            self._refuse_unmatched(symbols[rows], matches)
            at = slice(rows.start * (n_time + 1), rows.start * (n_time + 1) + len(matches.lengths))
            found[at] = self._frequencies(matches)
        return found.reshape(n_seq, n_time + 1, self.n_symbol)

    def log_prob(self, words: ArrayLike) -> Float[np.ndarray, " seq"]:
        """Log probability of each word in nats: of its symbols one by one, each given those before it.

        It is -inf where a symbol never follows the suffix that it is predicted from; if exact, that is all before it.
        For each symbol as many before it are compared as match.
        """
        symbols = check_words(words, self.n_symbol)
        n_seq, n_time = symbols.shape
        found = np.zeros(n_seq)
        if not n_time:
            return found
        for rows in _batches(n_seq, max(_QUERIES // n_time, 1)):
            part = symbols[rows]
            queries, places, lengths = self._queries(part, np.arange(n_time))
            matches = self.index.longest(queries, places, lengths)
            counts = self._occurrences(queries, places + 1, matches.lengths + 1)
            if self.exact:
                counts[matches.lengths < lengths] = 0
            with np.errstate(divide="ignore"):
                logs = np.log(counts) - np.log(matches.last - matches.first)
            found[rows] = logs.reshape(part.shape).sum(axis=1)
        return found

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> Int[np.ndarray, "seq time"]:
        """Sequences drawn symbol by symbol from the predictions.

        Raises:
            UnmatchedWord: if exact, and a sequence came to the end of a document with no other position to go on from.
        """
        n_seq, n_time, rng = check_count(n_seq, "n_seq"), check_count(n_time, "n_time"), check_rng(rng)
        found = np.empty((n_seq, n_time), dtype=np.int64)
        first, last = np.zeros(n_seq, dtype=np.int64), np.full(n_seq, self.n_token)
        lengths = np.zeros(n_seq, dtype=np.int64)
        for t in range(n_time):
            slot = rng.integers(first, last)
            place = self.index.order[slot].astype(np.int64)
            found[:, t] = self.index.stream.symbols[place].astype(np.int64) - 1
            if t == n_time - 1:
                break
            # what was matched, and the symbol drawn: it stands in the corpus before the next place
            matches = self.index.longest(self.index.stream, place + 1, lengths + 1)
            if self.exact and (matches.lengths <= lengths).any():
                seq = int(np.argmax(matches.lengths <= lengths))
                raise UnmatchedWord(found[seq, : t + 1].tolist(), t, int(matches.lengths[seq]))
            first, last, lengths = matches.first, matches.last, matches.lengths
        return found

    def block_entropies(self, length: int) -> tuple[float, ...]:
        """Entropies of the words of lengths 0, 1, ..., length in the corpus, in bits: each occurrence counts the same.

        They are what the corpus says with windows of that length, without correction for its size: H(L) is at most
        log2 of the number of windows, and bends to it where words become unique.

        Args:
            length: greatest L >= 0. Costs a sort of the tokens for each length.
        Raises:
            ValueError: if no document is as long.
        """
        length = check_count(length, "length")
        return word_entropies(self.index, length)

    def next_entropies(self, length: int) -> tuple[float, ...]:
        """Entropy of a symbol given the k = 0, 1, ..., length symbols before it, in bits, over positions with so many.

        The bits a symbol that the corpus costs a predictor which has counted this very corpus and looks back k symbols.

        Raises:
            ValueError: if no document has a symbol after so many.
        """
        return next_entropies(self.index, check_count(length, "length"))

    def contexts(self, length: int) -> tuple[int, ...]:
        """How many different words of lengths 0, 1, ..., length stand before some position.

        So many beliefs a predictor keeps apart that looks so far back and no further.
        """
        return context_counts(self.index, check_count(length, "length"))

    def beliefs(self) -> BeliefCount:
        """How many beliefs there are: sets of positions that some word singles out."""
        return count_beliefs(self.index)

    def _queries(self, words: Int[np.ndarray, "seq time"], rows: Int[np.ndarray, " row"]) -> Queries:
        """Words cut after so many symbols, for each word one cut after the other."""
        n_seq, n_time = words.shape
        padded = np.full((n_seq, n_time + 1), -1, dtype=np.int64)
        padded[:, :-1] = words
        ends = np.arange(n_seq)[:, None] * (n_time + 1) + rows
        return Stream.of(padded.reshape(-1), self.n_symbol), ends.reshape(-1), np.tile(rows, n_seq)

    def _occurrences(
        self, queries: Stream, places: Int[np.ndarray, " query"], lengths: Int[np.ndarray, " query"]
    ) -> Int[np.ndarray, " query"]:
        """How often what is before these places occurs: before positions, and at the ends of documents."""
        counts = np.zeros(len(places), dtype=np.int64)
        for index in (self.index, self.index.ends):
            found = index.longest(queries, places, lengths)
            counts += np.where(found.lengths == lengths, found.last - found.first, 0)
        return counts

    def _refuse_unmatched(self, words: Int[np.ndarray, "seq time"], matches: Matches) -> None:
        n_time = words.shape[1]
        short = matches.lengths.reshape(len(words), n_time + 1) < np.arange(n_time + 1)
        if self.exact and short.any():
            seq, row = (int(index) for index in np.argwhere(short)[0])
            matched = int(matches.lengths[seq * (n_time + 1) + row])
            raise UnmatchedWord(words[seq].tolist(), row - 1, matched)

    def _frequencies(self, matches: Matches) -> Float[np.ndarray, "row symbol"]:
        """How often each symbol comes next, as a share; suffixes that match the same positions are counted once."""
        found = np.empty((len(matches.first), self.n_symbol))
        ranges, which = _distinct(matches.first, matches.last)
        by_range = np.argsort(which, kind="stable")
        edges = np.searchsorted(which[by_range], np.arange(len(ranges) + 1))
        begin = 0
        while begin < len(ranges):
            end = min(begin + max(_AT_ONCE // self.n_symbol, 1), len(ranges))
            part = ranges[begin:end]
            flat = np.zeros(len(part) * self.n_symbol, dtype=np.int64)
            for group, slots in _slots(part[:, 0], part[:, 1]):
                np.add.at(flat, group * self.n_symbol + self.index.following(slots), 1)
            shares = flat.reshape(len(part), self.n_symbol) / (part[:, 1] - part[:, 0])[:, None]
            rows = by_range[edges[begin] : edges[end]]
            found[rows] = shares[which[rows] - begin]
            begin = end
        return found


def _batches(count: int, size: int) -> Iterator[slice]:
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def _distinct(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different rows of columns, and which each is."""
    order = np.lexsort(columns[::-1])
    rows = np.stack(columns, axis=1)[order]
    new = np.append(True, (rows[1:] != rows[:-1]).any(axis=1))[: len(rows)]
    which = np.empty(len(rows), dtype=np.int64)
    which[order] = np.cumsum(new) - 1
    return rows[new], which


def _slots(first: np.ndarray, last: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All numbers of ranges, each with the index of its range; a limited number at a time."""
    ends = np.cumsum(last - first)
    total = int(ends[-1]) if len(ends) else 0
    for begin in range(0, total, _AT_ONCE):
        number = np.arange(begin, min(begin + _AT_ONCE, total))
        group = np.searchsorted(ends, number, side="right")
        yield group, last[group] - (ends[group] - number)
