"""The inner loops of `compmech.compiled`, for numba; imported only where that is installed and much is to be filtered.

A step multiplies the belief of one sequence with the matrix of its symbol, a row of which is one vector for the
processor: its first lanes are the next states, the lane after them their sum, so that the probability of the symbol is
found with them. Numba does not join neighbouring numbers to vectors by itself, so these steps are spelled out for LLVM.
Eight sequences take turns, so that no step waits for the one before it.

Letters: n states; w lanes of a vector, a power of two and more than n; P matrices (symbol, state, lane), flat; b
beliefs of the eight (sequence, lane), flat; m a belief before it is normalised; q, p, o places in b, P and out.

Words come as they are, without a look at their symbols before: one that is no symbol is read as the first, and its
sequence is not sure.
"""

from functools import cache
from typing import Any, no_type_check

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

SIDE = 8

# Symbols of the eight that are read at a time, to be checked and turned into places of matrices a vector at a time.
READ = 128

# Numbers that may lie between what is written and what is fetched to be written: a quarter of a megabyte, so that it is
# still in the cache when its turn comes.
_FETCHED = 2**15

_LANE = ir.IntType(32)
_PLACE = ir.IntType(64)
_DOUBLE = ir.DoubleType()
_BYTES = 8
_U = np.uintp  # indices that numba does not ask whether they count from the end


def lanes(n_state: int) -> int:
    """Numbers in a vector that holds a belief and its sum."""
    return 1 << int(n_state).bit_length()


def _address(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


def _everywhere(builder: Any, number: Any, vector: Any) -> Any:
    nothing = ir.Constant(vector, ir.Undefined)
    first = ir.Constant(ir.VectorType(_LANE, vector.count), [0] * vector.count)
    return builder.shuffle_vector(builder.insert_element(nothing, number, _LANE(0)), nothing, first)


def _product(builder: Any, b: Any, P: Any, n: int, vector: Any) -> Any:
    """The belief at address b times the matrix at address P, one fused multiply-add for each state."""
    m = None
    for i in range(n):
        row = builder.bitcast(builder.gep(P, [_PLACE(i * vector.count)]), vector.as_pointer())
        part = _everywhere(builder, builder.load(builder.gep(b, [_PLACE(i)])), vector)
        term = builder.fmul(part, builder.load(row, align=_BYTES), flags=("contract",))
        m = term if m is None else builder.fadd(m, term, flags=("contract",))
    return m


def _write(builder: Any, vector: Any, values: Any, address: Any, count: int) -> None:
    """Store the first lanes, the largest powers of two of them at once."""
    done = 0
    while done < count:
        size = 1 << ((count - done).bit_length() - 1)
        part, place = ir.VectorType(_DOUBLE, size), builder.gep(address, [_PLACE(done)])
        chosen = ir.Constant(ir.VectorType(_LANE, size), list(range(done, done + size)))
        some = builder.shuffle_vector(values, ir.Constant(vector, ir.Undefined), chosen)
        builder.store(some, builder.bitcast(place, part.as_pointer()), align=_BYTES)
        done += size


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _move(typing: Any, b: Any, q: Any, P: Any, p: Any, n: Any) -> Any:
    """Move the belief at b[q] by the matrix at P[p], not normalised; the sum is the lane after the states."""
    size = n.literal_value

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(_DOUBLE, lanes(size))
        belief = _address(context, builder, b, args[0], args[1])
        m = _product(builder, belief, _address(context, builder, P, args[2], args[3]), size, vector)
        builder.store(m, builder.bitcast(belief, vector.as_pointer()), align=_BYTES)
        return context.get_dummy_value()

    return types.void(b, q, P, p, n), generate


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _fetch(typing: Any, array: Any, place: Any, write: Any) -> Any:
    """Have array[place], if there is such a place, brought to the cache while the work goes on."""
    mode = write.literal_value

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        text = ir.IntType(8).as_pointer()
        address = builder.bitcast(_address(context, builder, array, args[0], args[1]), text)
        kind = ir.FunctionType(ir.VoidType(), [text, _LANE, _LANE, _LANE])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch")
        builder.call(fetch, [address, _LANE(mode), _LANE(3), _LANE(1)])
        return context.get_dummy_value()

    return types.void(array, place, write), generate


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _step(typing: Any, b: Any, q: Any, P: Any, p: Any, out: Any, o: Any, n: Any) -> Any:
    """Move the belief at b[q] by the matrix at P[p], normalise it, and write it to out[o] as well."""
    size = n.literal_value

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(_DOUBLE, lanes(size))
        belief = _address(context, builder, b, args[0], args[1])
        m = _product(builder, belief, _address(context, builder, P, args[2], args[3]), size, vector)
        scale = builder.fdiv(ir.Constant(_DOUBLE, 1.0), builder.extract_element(m, _LANE(size)))
        after = builder.fmul(m, _everywhere(builder, scale, vector))
        builder.store(after, builder.bitcast(belief, vector.as_pointer()), align=_BYTES)
        _write(builder, vector, after, _address(context, builder, out, args[4], args[5]), size)
        return context.get_dummy_value()

    return types.void(b, q, P, p, out, o, n), generate


def _compiled(function: Any, *given: Any) -> Any:
    # fused multiply-add only: no sum is reordered, and nothing is assumed to be finite
    return njit(types.void(*given), cache=True, error_model="numpy", fastmath={"contract"})(function)


_NUMBERS, _FLAGS = types.float64[::1], types.boolean[::1]
_GIVEN = (
    _NUMBERS,
    _NUMBERS,
    types.Array(types.intp, 1, "C", readonly=True),  # as numba sees the read-only; others are passed as such
    types.intp,
    types.intp,
    types.intp,
    types.intp,
    types.float64,
    types.intp,
)


@no_type_check
@njit(inline="always")
def _read(words, word, n_time, n_symbol, size, places, q):
    """Write where the matrices of some symbols are, each of `size` numbers; whether all of them are symbols."""
    largest = _U(0)
    for t in range(_U(n_time)):
        symbol = _U(words[word + t])  # unsigned, negative numbers are the largest of all
        largest = max(largest, symbol)
        places[q + t] = np.uint32((symbol if symbol < n_symbol else _U(0)) * size)
    return largest < n_symbol


@cache
def belief_filter(n: int) -> Any:
    """filter(P, start, words, n_symbol, n_seq, n_time, row, faint, stride, out, sure), all arrays flat.

    The words begin `row` places apart, and stride is at most READ.
    """
    w = lanes(n)

    @no_type_check  # numba cannot compile what a checker wraps
    def beliefs(P, start, words, n_symbol, n_seq, n_time, row, faint, stride, out, sure):
        b = np.zeros(SIDE * w)
        places = np.empty(SIDE * READ, dtype=np.uint32)
        out_row = _U((n_time + 1) * n)
        # what is fetched ahead: the same of the next eight sequences; of long ones what is next in themselves
        is_short = SIDE * (n_time + 1) * n <= _FETCHED
        next_words = _U(SIDE * row if is_short else READ)
        next_out = _U(SIDE * (n_time + 1) * n if is_short else 64 * n)
        for first in range(0, n_seq, SIDE):
            count = _U(min(SIDE, n_seq - first))
            for s in range(count):
                for i in range(_U(n)):
                    b[s * _U(w) + i] = start[i]
                    out[(_U(first) + s) * out_row + i] = start[i]
            for read in range(0, n_time, READ):
                ahead = min(READ, n_time - read)
                for s in range(count):
                    word = (_U(first) + s) * _U(row) + _U(read)
                    if not _read(words, word, ahead, _U(n_symbol), _U(n * w), places, s * _U(READ)):
                        sure[_U(first) + s] = False
                for begin in range(0, ahead, stride):
                    for t in range(_U(begin), _U(min(begin + stride, ahead))):
                        o = _U(first) * out_row + (_U(read) + t + _U(1)) * _U(n)
                        q = _U(0)
                        p = t
                        # one of the lines of memory that hold the symbols read next, eight each
                        line = (_U(first) + (t & _U(7))) * _U(row) + _U(read) + (t >> _U(3) << _U(3))
                        _fetch(words, line + next_words, 0)
                        for _ in range(count):
                            _fetch(out, o + next_out, 1)
                            _step(b, q, P, _U(places[p]), out, o, n)
                            o += out_row
                            q += _U(w)
                            p += _U(READ)
                    for s in range(count):
                        for i in range(_U(n)):
                            value = b[s * _U(w) + i]
                            if not (value >= faint or value == 0.0):  # faint, or no number after a forbidden symbol
                                sure[_U(first) + s] = False

    return _compiled(beliefs, *_GIVEN, _NUMBERS, _FLAGS)


@cache
def log_filter(n: int) -> Any:
    """filter(P, start, words, n_symbol, n_seq, n_time, row, faint, stride, found, sure), likewise."""
    w = lanes(n)

    @no_type_check
    def log_probability(P, start, words, n_symbol, n_seq, n_time, row, faint, stride, found, sure):
        b = np.zeros(SIDE * w)
        places = np.empty(SIDE * READ, dtype=np.uint32)
        product = np.empty(SIDE)  # of the totals whose logarithm is still to be taken
        for first in range(0, n_seq, SIDE):
            count = _U(min(SIDE, n_seq - first))
            for s in range(count):
                product[s] = 1.0
                for i in range(_U(n)):
                    b[s * _U(w) + i] = start[i]
            for begin in range(0, n_time, stride):
                some = _U(min(stride, n_time - begin))
                for s in range(count):
                    word = (_U(first) + s) * _U(row) + _U(begin)
                    if not _read(words, word, some, _U(n_symbol), _U(n * w), places, s * _U(READ)):
                        sure[_U(first) + s] = False
                for t in range(some):
                    q = _U(0)
                    p = t
                    for _ in range(count):
                        _move(b, q, P, places[p], n)
                        q += _U(w)
                        p += _U(READ)
                for s in range(count):
                    total = b[s * _U(w) + _U(n)]
                    product[s] *= total
                    if product[s] < faint:
                        found[_U(first) + s] += np.log(product[s])
                        product[s] = 1.0
                    for i in range(_U(n)):
                        value = b[s * _U(w) + i] / total
                        b[s * _U(w) + i] = value
                        if not (value >= faint or value == 0.0):
                            sure[_U(first) + s] = False
            for s in range(count):
                found[_U(first) + s] += np.log(product[s])

    return _compiled(log_probability, *_GIVEN, _NUMBERS, _FLAGS)
