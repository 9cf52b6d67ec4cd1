"""Which places have a history that ends in given symbols: a suffix array, a table of its first symbols, bisection.

All searches are of many queries at once: each step of all bisections is one pass over arrays.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int, Integer

from compmech.corpus.stream import Stream, common_prefix
from compmech.corpus.suffix_array import Windows, settle, sorted_windows, window_depth, young_places

# Places for each entry of the table: at four bytes an entry it takes at most a byte for each symbol of the corpus.
_PLACES_AN_ENTRY = 4


@dataclass(frozen=True, eq=False)
class Matches:
    """The longest suffix of each query that a corpus has, followed by some symbol.

    Attributes:
        lengths: symbols of that suffix.
        first: where the places that it is before begin in the sorted places.
        last: where they end; last - first places match.
    """

    lengths: Int[np.ndarray, " query"]
    first: Int[np.ndarray, " query"]
    last: Int[np.ndarray, " query"]


@dataclass(frozen=True, eq=False)
class SuffixIndex:
    """The places of a stream, sorted, with a table of where each word of the last few symbols begins.

    It holds 4 bytes a place (8 from 2^31 places on), at most 1 for the table, and 1, 2 or 4 bytes a symbol for
    alphabets below 256, below 65,536, and larger: 6 bytes a symbol for the first. Documents shorter than the table's
    words, and the first symbols of others, take 8 bytes a symbol more. Building takes up to 24 bytes a symbol
    beside the stream, for a while.

    Attributes:
        order: places by their histories.
        depth: length of the table's words.
        begin: for each word where the places begin that have read all of it; one more at the end.
        young: of places that have read less than that: word (what is unread as the least symbol) and age, as
            word * (depth + 1) + age, sorted.
    """

    stream: Stream
    order: Integer[np.ndarray, " state"]
    depth: int
    begin: Integer[np.ndarray, " entry"]
    young: Int[np.ndarray, " young"]

    @classmethod
    def of(cls, stream: Stream) -> "SuffixIndex":
        """Sort the places of a stream, and make the table."""
        windows = sorted_windows(stream)
        depth = window_depth(stream.n_symbol, max(len(windows.keys) // _PLACES_AN_ENTRY, 1))
        begin, young = _table(stream, windows, depth)
        order, head = windows.places(len(stream.symbols))
        deep = windows.depth
        del windows  # the largest of all
        settle(stream, order, head, deep)
        for array in (order, begin, young):
            array.setflags(write=False)
        return cls(stream, order, depth, begin, young)

    @property
    def n_bytes(self) -> int:
        """Memory that is held."""
        return sum(array.nbytes for array in (self.stream.data, self.order, self.begin, self.young))

    @cached_property
    def ends(self) -> "SuffixIndex":
        """The same for the places after the last symbols of documents, which nothing follows; 4 bytes for each."""
        starts, symbols = self.stream.starts, self.stream.symbols
        final = np.zeros(len(symbols), dtype=bool)
        final[starts + self.stream.lengths(starts) - 1] = True
        before = self.order[final[self.order]]  # in the order of what is before the last symbols
        order = (before + 1)[np.argsort(symbols[before], kind="stable")].astype(self.order.dtype)
        return SuffixIndex(self.stream, order, 0, np.array([0, len(order)]), np.zeros(0, dtype=np.int64))

    def following(self, slots: Int[np.ndarray, " slot"]) -> Int[np.ndarray, " slot"]:
        """The symbols at sorted places, 0 .. n_symbol-1."""
        return np.asarray(self.stream.symbols[self.order[slots]], dtype=np.int64) - 1

    def longest(
        self, queries: Stream, places: Int[np.ndarray, " query"], lengths: Int[np.ndarray, " query"]
    ) -> Matches:
        """For each query the longest suffix that is before some place, and those places.

        Args:
            queries: where the queries stand, over the same alphabet.
            places: the query is what is before that place,
            lengths: so many symbols of it. There are as many in its document.
        """
        known = np.minimum(lengths, self.depth)
        word = self._words(queries, places, known)
        first, last = self._ranges(word, known)
        full = (known == self.depth) & (first < last)
        short = np.flatnonzero(~full)
        found = known.copy()
        if len(short):
            found[short], first[short], last[short] = self._shallow(word[short], known[short])
        deep = np.flatnonzero(full & (lengths > self.depth))
        if len(deep):
            found[deep], first[deep], last[deep] = self._deep(
                queries, places[deep], lengths[deep], first[deep], last[deep]
            )
        return Matches(found, first, last)

    def _words(self, queries: Stream, places: np.ndarray, known: np.ndarray) -> Int[np.ndarray, " query"]:
        """The last symbols of queries as entries of the table; those that are not there count as the least."""
        base, lanes = max(self.stream.n_symbol, 2), queries.lanes
        bits = 64 // lanes
        low = np.uint64((1 << bits) - 1)
        code = np.zeros(len(places), dtype=np.uint64)
        for at in range(self.depth):
            if at % lanes == 0:
                eight = queries.words[np.maximum(places - at, 0)]
            symbol = (eight >> np.uint64(bits * (lanes - 1 - at % lanes))) & low
            code *= np.uint64(base)
            code += np.where(at < known, symbol - np.uint64(1), np.uint64(0))
        return code.astype(np.int64)

    def _ranges(self, word: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the places begin and end that have read the first `length` <= depth symbols of a word of the table."""
        span = _powers(self.stream.n_symbol, self.depth)[self.depth - length]
        word = word - word % span
        first = self.begin[word].astype(np.int64)
        last = self.begin[word + span].astype(np.int64)
        if len(self.young):
            scale = self.depth + 1
            between = np.searchsorted(self.young, [word * scale + length, (word + 1) * scale])
            first -= between[1] - between[0]
            between = np.searchsorted(self.young, [(word + span) * scale, (word + span + 1) * scale])
            last -= between[1] - between[0]
        return first, last

    def _shallow(self, word: np.ndarray, most: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same as `longest` where the table is deep enough: bisection over the length."""
        least, beyond = np.zeros_like(most), most + 1
        while True:
            open_ = np.flatnonzero(beyond - least > 1)
            if not len(open_):
                break
            middle = (least[open_] + beyond[open_]) // 2
            first, last = self._ranges(word[open_], middle)
            there = first < last
            least[open_] = np.where(there, middle, least[open_])
            beyond[open_] = np.where(there, beyond[open_], middle)
        return least, *self._ranges(word, least)

    def _deep(
        self, queries: Stream, places: np.ndarray, lengths: np.ndarray, first: np.ndarray, last: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same where a bucket of the table has places: all in it agree with the query on the table's symbols."""
        slot, left, right = self._bisect(queries, places, lengths, first, last, after=False)
        found = np.maximum(left, right)
        exact = found == lengths
        begin, end = slot.copy(), slot.copy()
        wide = np.flatnonzero(~exact & (left == found))  # the places before the slot match as far
        begin[wide] = self._bisect(queries, places[wide], found[wide], first[wide], slot[wide], after=False)[0]
        wide = np.flatnonzero(right == found)
        end[wide] = self._bisect(queries, places[wide], found[wide], slot[wide], last[wide], after=True)[0]
        return found, begin, end

    def _bisect(
        self,
        queries: Stream,
        places: np.ndarray,
        lengths: np.ndarray,
        first: np.ndarray,
        last: np.ndarray,
        *,
        after: bool,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The slot that sorts queries in: before the places that continue them or after, and agreement on both sides.

        Agreement is that with the places beside the slot within first .. last-1, `depth` where there is none.
        """
        low, high = first.copy(), last.copy()
        left = np.full(len(places), self.depth, dtype=np.int64)
        right = left.copy()
        while True:
            open_ = np.flatnonzero(low < high)
            if not len(open_):
                return low, left, right
            middle = (low[open_] + high[open_]) // 2
            known = np.minimum(left[open_], right[open_])
            most = lengths[open_]
            agree, before = common_prefix(queries, places[open_], self.stream, self.order[middle], most, known)
            if after:
                before &= agree < most
            up, down = open_[~before], open_[before]
            low[up], left[up] = middle[~before] + 1, agree[~before]
            high[down], right[down] = middle[before], agree[before]


def _powers(n_symbol: int, depth: int) -> Int[np.ndarray, " power"]:
    return max(n_symbol, 2) ** np.arange(depth + 1, dtype=np.int64)


def _table(stream: Stream, windows: Windows, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the places begin that have read each word of that length, and the young ones (see SuffixIndex)."""
    size = max(stream.n_symbol, 2) ** depth
    begin = np.zeros(size + 1, dtype=np.int32 if len(stream.symbols) < 1 << 31 else np.int64)
    for least, above in windows.leading(depth, stream.n_symbol):
        count = np.bincount(above)
        begin[least + 1 : least + 1 + len(count)] += count.astype(begin.dtype)
    np.cumsum(begin, out=begin)
    starts = stream.starts
    places, ages = young_places(starts, stream.lengths(starts), depth)
    words = np.zeros(len(places), dtype=np.int64)
    for at in range(int(ages.max(initial=0))):  # the symbols before a young place, the nearest first
        read = np.flatnonzero(at < ages)
        symbol = stream.symbols[places[read] - 1 - at].astype(np.int64) - 1
        words[read] += symbol * _powers(stream.n_symbol, depth)[depth - 1 - at]
    np.add.at(begin, words, 1)
    return begin, np.sort(words * (depth + 1) + ages)
