"""The places of a stream in the order of their histories: the suffix array of the documents read backwards.

Arrays alone, nothing compiled for it. The last symbols before each place are packed into the high bits of a number of
64 bits, its place into the low ones, and those numbers are sorted. Histories that agree on so many symbols are told
apart by prefix doubling: what comes before the symbols that agree has a rank already. For 1e7 symbols of random text
the packing decides nearly all.

Reference:
    Manber and Myers, SIAM J. Comput. 22, 935 (1993); Larsson and Sadakane, Theor. Comput. Sci. 387, 258 (2007).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Integer, UInt64

from compmech.corpus.stream import SEPARATOR, Stream

# Places packed at a time: 256 KB of numbers, which stay in the cache for all digits.
_CHUNK = 2**15

# More numbers than that are sorted in buckets of their highest bits: half the time of one sort, for 1e7.
_IN_CACHE = 2**19
_BUCKET_BITS = 12

# Chunks put into buckets at a time: numbers of 8 MB.
_PART = 32

# While no more than one in so many places is tied, eight bytes are read for each tied one, up to so many symbols back;
# else each place gets a rank, which costs a random access for each.
_FEW = 8
_FAR = 256

# Tied places sorted at a time. Their groups, ranks and slots must go into 64 bits together: 16 + 32 + 16.
_TIED = 2**16


@dataclass(frozen=True, eq=False)
class Windows:
    """The last symbols before each place, sorted.

    Attributes:
        keys: the window as a number to the base of the alphabet, the last symbol highest and what is unread as the
            least symbol, times 2 ** bits, plus the place.
        bits: bits of a place.
        depth: symbols in a window.
    """

    keys: UInt64[np.ndarray, " state"]
    bits: int
    depth: int

    def leading(self, depth: int, n_symbol: int) -> Iterator[tuple[int, np.ndarray]]:
        """The windows cut to the last `depth` symbols, piece by piece: the least of a piece, and what is above that."""
        unit = np.uint64(max(n_symbol, 2) ** (self.depth - depth))
        for first in range(0, len(self.keys), _CHUNK):
            codes = (self.keys[first : first + _CHUNK] >> np.uint64(self.bits)) // unit
            yield int(codes[0]), (codes - codes[0]).astype(np.int64)

    def places(self, size: int) -> tuple[Integer[np.ndarray, " state"], Bool[np.ndarray, " slot"]]:
        """The places, and which of them begin a group of equal windows; there is one more at the end.

        They are int32 in a stream of fewer than 2^31 symbols, else int64.
        """
        keys, mask = self.keys, (np.uint64(1) << np.uint64(self.bits)) - np.uint64(1)
        order = np.empty(len(keys), dtype=np.int32 if size < 1 << 31 else np.int64)
        head = np.ones(len(keys) + 1, dtype=bool)
        for first in range(0, len(keys), _CHUNK):
            piece = keys[first : first + _CHUNK + 1]
            order[first : first + len(piece)] = piece & mask
            np.greater(piece[1:] ^ piece[:-1], mask, out=head[first + 1 : first + len(piece)])
        return order, head


def sorted_windows(stream: Stream) -> Windows:
    """Eight bytes for each symbol of the documents, sorted."""
    bits = max(len(stream.symbols) - 1, 1).bit_length()
    depth = window_depth(stream.n_symbol, 1 << (64 - bits))
    most = (max(stream.n_symbol, 2) ** depth << bits) - 1
    total = int(np.count_nonzero(stream.symbols))
    if total > _IN_CACHE:
        keys = _by_buckets(_packed(stream, depth, bits), total, max(most.bit_length() - _BUCKET_BITS, 0))
    else:
        keys = np.concatenate(list(_packed(stream, depth, bits)))
        keys.sort()
    return Windows(keys, bits, depth)


def _by_buckets(pieces: Iterator[UInt64[np.ndarray, " piece"]], total: int, shift: int) -> UInt64[np.ndarray, " state"]:
    """The numbers of all pieces sorted: put into buckets by what the shift leaves of them, each sorted in the cache."""
    parts, waiting = [], []
    for piece in pieces:
        waiting.append(piece)
        if len(waiting) == _PART:
            parts.append(_in_buckets(np.concatenate(waiting), shift))
            waiting = []
    if waiting:
        parts.append(_in_buckets(np.concatenate(waiting), shift))
    found = np.empty(total, dtype=np.uint64)
    end = 0
    for bucket in range(1 << _BUCKET_BITS):
        begin = end
        for keys, edges in parts:
            piece = keys[edges[bucket] : edges[bucket + 1]]
            found[end : end + len(piece)] = piece
            end += len(piece)
        found[begin:end].sort()
    return found


def _in_buckets(keys: UInt64[np.ndarray, " piece"], shift: int) -> tuple[UInt64[np.ndarray, " piece"], list[int]]:
    """The numbers bucket by bucket, and where each bucket begins.

    To transpose a sparse matrix of one row is a sort by counting, which SciPy has compiled: column by column.
    """
    from scipy.sparse import csr_array

    bucket = (keys >> np.uint64(shift)).astype(np.int32)
    one_row = csr_array((keys, bucket, np.array([0, len(keys)], dtype=np.int32)), shape=(1, 1 << _BUCKET_BITS))
    columns = one_row.tocsc()
    return columns.data, columns.indptr.tolist()


def settle(stream: Stream, order: np.ndarray, head: np.ndarray, depth: int) -> None:
    """Sort the places whose windows of that depth are equal by what is before those. `order` and `head` are changed.

    Equal histories, in documents that begin alike, are in the order of the stream.
    """
    if head.all():
        return
    _separate_young(stream, order, head, depth)
    agreed = _look_further(stream, order, head, depth)
    _double(order, head, agreed, len(stream.symbols))


def window_depth(n_symbol: int, below: int) -> int:
    """The most symbols whose words are at most `below` in number; of a single symbol as many as bits."""
    base, depth = max(n_symbol, 2), 0
    while base ** (depth + 1) <= below:
        depth += 1
    return depth


def young_places(starts: np.ndarray, lengths: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Places with fewer than `depth` symbols before them, and with how many."""
    count = np.minimum(lengths, depth)
    age = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(starts, count) + age, age


def window_codes(symbols: UInt64[np.ndarray, " time"], n_symbol: int, depth: int) -> UInt64[np.ndarray, " window"]:
    """The words of `depth` symbols as numbers to the base of the alphabet, the last symbol highest."""
    base = max(n_symbol, 2)
    found, width = None, 0
    power, span = symbols, 1  # codes of `span` symbols; found: of the last `width`, which are higher
    left = depth
    while left:
        if left & 1:
            if found is None:
                found, width = power, span
            else:
                found = found[span:] * np.uint64(base**span) + power[: len(power) - width]
                width += span
        left >>= 1
        if left:
            power, span = power[span:] * np.uint64(base**span) + power[: len(power) - span], 2 * span
    assert found is not None
    return found


def _packed(stream: Stream, depth: int, bits: int) -> Iterator[UInt64[np.ndarray, " piece"]]:
    """The last symbols before each place, and the place, in one number; symbols before the start count as the least."""
    symbols, base = stream.symbols, max(stream.n_symbol, 2)
    starts = stream.starts
    places, ages = young_places(starts, stream.lengths(starts), depth)
    padded = np.concatenate([np.zeros(depth, dtype=symbols.dtype), symbols])
    for first in range(0, len(symbols), _CHUNK):
        last = min(first + _CHUNK, len(symbols))
        piece = padded[first : last - 1 + depth].astype(np.uint64)
        piece -= piece != SEPARATOR
        codes = window_codes(piece, stream.n_symbol, depth)
        low, high = np.searchsorted(places, [first, last])
        young = places[low:high] - first
        unread = np.uint64(base) ** (depth - ages[low:high]).astype(np.uint64)
        codes[young] -= codes[young] % unread
        codes <<= np.uint64(bits)
        codes |= np.arange(first, last, dtype=np.uint64)
        kept = symbols[first:last] != SEPARATOR
        yield codes if kept.all() else codes[kept]


def _groups(head: Bool[np.ndarray, " slots"]) -> Integer[np.ndarray, " slot"]:
    """The slots of groups of two or more."""
    slots = np.flatnonzero(~(head[:-1] & head[1:]))
    return slots.astype(np.int32) if len(head) < 1 << 31 else slots


def _separate_young(stream: Stream, order: np.ndarray, head: np.ndarray, depth: int) -> None:
    """Histories shorter than the window come first, the shortest before all; those of one length are equal."""
    starts = stream.starts
    short = np.zeros(len(stream.symbols), dtype=bool)
    short[young_places(starts, stream.lengths(starts), depth)[0]] = True
    slots = _groups(head)
    begins = np.append(np.flatnonzero(head[slots]), len(slots))
    theirs = np.unique(np.searchsorted(begins, np.flatnonzero(short[order[slots]]), side="right") - 1)
    if not len(theirs):
        return
    count = begins[theirs + 1] - begins[theirs]
    slots = slots[np.repeat(begins[theirs] - (np.cumsum(count) - count), count) + np.arange(count.sum())]
    place = order[slots]
    age = np.minimum(place - starts[np.searchsorted(starts, place, side="right") - 1], depth)
    group = np.cumsum(head[slots])
    sort = np.lexsort((place, age, group))
    age, group = age[sort], group[sort]
    order[slots] = place[sort]
    head[slots[1:]] |= (age[1:] != age[:-1]) | (group[1:] != group[:-1]) | (age[1:] < depth)


def _look_further(stream: Stream, order: np.ndarray, head: np.ndarray, agreed: int) -> int:
    """While few are tied, sort them by the eight bytes before; on how many symbols those agree that are tied still."""
    slots = _groups(head)
    while len(slots) and len(slots) * _FEW <= len(order) and agreed < _FAR:
        place = order[slots]
        word, ended = _within_document(stream.words[place - agreed], stream.lanes)
        group = np.cumsum(head[slots])
        sort = np.lexsort((place, word, group))
        word, group = word[sort], group[sort]
        order[slots] = place[sort]
        head[slots[1:]] |= (word[1:] != word[:-1]) | (group[1:] != group[:-1]) | ended[sort][1:]
        slots = slots[~(head[slots] & head[slots + 1])]
        agreed += stream.lanes
    return agreed


def _within_document(
    words: UInt64[np.ndarray, " slot"], lanes: int
) -> tuple[UInt64[np.ndarray, " slot"], Bool[np.ndarray, " slot"]]:
    """Eight bytes with zeros for all that is before a separator among them, and whether there is one."""
    symbols = words.view(f"u{8 // lanes}").reshape(len(words), lanes)
    beyond = np.logical_or.accumulate((symbols == SEPARATOR)[:, ::-1], axis=1)[:, ::-1]
    symbols[beyond] = SEPARATOR
    return words, beyond[:, 0]


def _double(order: np.ndarray, head: np.ndarray, agreed: int, size: int) -> None:
    """Sort the groups that agree on so many symbols by what comes before, twice as far each time, until all differ."""
    slots = _groups(head)
    if not len(slots):
        return
    rank = np.empty(size, dtype=order.dtype)
    slot = np.arange(len(order), dtype=order.dtype)
    slot[~head[:-1]] = 0
    rank[order] = np.maximum.accumulate(slot, out=slot)
    del slot
    while len(slots):
        for part in _pieces(slots, head):
            _sort_tied(part, order, head, rank, agreed)
        slots = slots[~(head[slots] & head[slots + 1])]
        agreed *= 2


def _pieces(slots: np.ndarray, head: np.ndarray) -> Iterator[np.ndarray]:
    """Whole groups, together no more than so many slots unless a single one is more."""
    begins = np.flatnonzero(head[slots])
    first = 0
    while first < len(slots):
        after = int(np.searchsorted(begins, first + _TIED, side="right")) - 1
        last = int(begins[after])
        if last <= first:
            last = int(begins[after + 1]) if after + 1 < len(begins) else len(slots)
        if len(slots) - first <= _TIED:
            last = len(slots)
        yield slots[first:last]
        first = last


def _sort_tied(slots: np.ndarray, order: np.ndarray, head: np.ndarray, rank: np.ndarray, agreed: int) -> None:
    place = order[slots]
    begin = head[slots]
    group = np.cumsum(begin) - 1
    bits = max(len(slots) - 1, 1).bit_length()
    before = rank[place - agreed].astype(np.uint64)
    width = max(len(order) - 1, 1).bit_length()
    key = (group.astype(np.uint64) << np.uint64(bits + width) if group[-1] else np.uint64(0)) | before << np.uint64(
        bits
    )
    key |= np.arange(len(slots), dtype=np.uint64)
    key.sort()
    place = place[key & np.uint64((1 << bits) - 1)]
    key >>= np.uint64(bits)
    begin[1:] |= key[1:] != key[:-1]
    order[slots] = place
    head[slots] = begin
    rank[place] = np.maximum.accumulate(np.where(begin, slots, 0))
