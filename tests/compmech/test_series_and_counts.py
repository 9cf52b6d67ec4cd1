"""Series of symbols, and counts of their words, against counting one window at a time."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compmech.inference.counts import count_words
from compmech.inference.series import GAP, Series, series


def slow(codes: list[int], n_symbol: int, length: int) -> list[int]:
    windows = Counter(tuple(codes[t : t + length]) for t in range(len(codes) - length + 1))
    return [windows[word] for word in product(range(n_symbol), repeat=length)]


@given(st.lists(st.integers(-1, 2), min_size=1, max_size=60), st.integers(1, 4))
def test_counts_are_those_of_every_window(codes, length):
    found = count_words(Series(np.array(codes), ("a", "b", "c")), length)
    assert found.counts.tolist() == slow(codes, 3, length)


@given(st.lists(st.integers(-1, 1), min_size=1, max_size=60), st.integers(0, 5), st.integers(1, 9))
def test_parts_are_counted_as_the_whole(codes, length, size):
    whole = Series(np.array(codes), (0, 1))
    parts = [whole.part(first, first + size) for first in range(0, len(codes), size)]
    assert count_words(iter(parts), length).counts.tolist() == count_words(whole, length).counts.tolist()


def test_chunks_do_not_matter(monkeypatch):
    codes = np.random.default_rng(0).integers(-1, 2, 500)
    whole = count_words(Series(codes, (0, 1)), 6).counts
    monkeypatch.setattr("compmech.inference.counts._chunk", lambda n_word: 7)
    assert count_words(Series(codes, (0, 1)), 6).counts.tolist() == whole.tolist()


@given(st.lists(st.integers(0, 1), min_size=8, max_size=40), st.integers(0, 4))
def test_shorter_words_end_the_windows(codes, length):
    whole = count_words(Series(np.array(codes), (0, 1)), 4)
    ends = Counter(tuple(codes[t + 4 - length : t + 4]) for t in range(len(codes) - 3))
    assert whole.shorter(length).counts.tolist() == [ends[word] for word in product((0, 1), repeat=length)]


@pytest.mark.parametrize(
    ("data", "options", "codes", "alphabet"),
    [
        ("abba", {}, [0, 1, 1, 0], ("a", "b")),
        (["ab", "ba"], {}, [0, 1, GAP, 1, 0], ("a", "b")),
        (["a", "b"], {}, [0, 1], ("a", "b")),
        ([[1, 2], [2]], {}, [0, 1, GAP, 1], (1, 2)),
        (np.array([3, 5, 3]), {}, [0, 1, 0], (3, 5)),
        (np.array([[3, 5], [5, 3]]), {}, [0, 1, GAP, 1, 0], (3, 5)),
        (np.array([1.0, np.nan, 0.0]), {}, [1, GAP, 0], (0, 1)),
        (["x", None, "y"], {}, [0, GAP, 1], ("x", "y")),
        ("a?b", {"missing": "?"}, [0, GAP, 1], ("a", "b")),
        (np.array([7, 9, 8]), {"missing": 9}, [0, GAP, 1], (7, 8)),
        ("aabb", {"lengths": [1, 3]}, [0, GAP, 0, 1, 1], ("a", "b")),
        (np.array([0, 1, 1]), {"lengths": [2, 1]}, [0, 1, GAP, 1], (0, 1)),
        ("ba", {"alphabet": "bca"}, [0, 2], ("b", "c", "a")),
        (np.array([2, 1]), {"alphabet": [2, 1, 0]}, [0, 1], (2, 1, 0)),
        ([True, "x", 3], {}, [0, 1, 2], (True, "x", 3)),
        (np.array(["u", "d", "u"]), {}, [1, 0, 1], ("d", "u")),
        (np.array([-5, 2_000_000]), {}, [0, 1], (-5, 2_000_000)),
    ],
)
def test_what_can_be_brought(data, options, codes, alphabet):
    found = series(data, **options)
    assert (found.codes.tolist(), found.alphabet) == (codes, alphabet)
    assert found.codes.dtype == np.int8


def test_words_as_symbols_are_a_list_in_a_list():
    assert series([["sun", "rain", "sun"]]).alphabet == ("rain", "sun")


@pytest.mark.parametrize(
    ("data", "options", "complaint"),
    [
        ("", {}, "there are no symbols"),
        ([], {}, "there are no symbols"),
        ([None, None], {}, "every one is missing"),
        (np.array([np.nan]), {}, "every one is missing"),
        (np.array([], dtype=int), {}, "there are no symbols"),
        (np.array([0.5, 1.0]), {}, r"compmech\.symbolise"),
        (np.zeros((2, 2, 2), dtype=int), {}, r"axes \(time\)"),
        ("abc", {"alphabet": "ab"}, "'c' is not in the alphabet"),
        (np.array([0, 4]), {"alphabet": [0, 1]}, "4 is not in the alphabet"),
        ("abc", {"lengths": [1, 1]}, "sum to the number of symbols, 3; they sum to 2"),
        (["ab", "c1"], {"lengths": [3]}, "either several"),
        ([3, [1, 2]], {}, "sequences and symbols are mixed: entry 1"),
        ("ab", {"alphabet": "aab"}, "alphabet"),
    ],
)
def test_what_cannot_is_said(data, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        series(data, **options)


def test_codes_are_checked():
    with pytest.raises(ValueError, match="got 2"):
        Series(np.array([0, 2]), (0, 1))
    with pytest.raises(ValueError, match="got -2"):
        Series(np.array([0, -2]), (0, 1))


@given(st.lists(st.integers(-1, 1), min_size=1, max_size=30))
def test_pieces_are_what_lies_between_gaps(codes):
    found = Series(np.array(codes), (0, 1))
    said = "".join("-" if code < 0 else str(code) for code in codes).split("-")
    assert ["".join(map(str, piece)) for piece in found.pieces] == [piece for piece in said if piece]
    assert found.n_observed == sum(code >= 0 for code in codes)


def test_splits_are_in_time():
    first, rest = series("aabbabab").split(0.75)
    assert (first.n_observed, rest.n_observed) == (6, 2)
    with pytest.raises(ValueError, match="bring more data"):
        series("a").split(0.5)


def test_too_many_words_are_refused():
    with pytest.raises(ValueError, match="at most"):
        count_words(series("ab"), 40)
    with pytest.raises(ValueError, match="no stretch"):
        count_words(series("ab"), 3).frequencies()
    with pytest.raises(ValueError, match="a part over 3 symbols"):
        count_words([series("ab"), series("abc")], 1)


def test_infinite_numbers_are_no_symbols_and_a_date_that_is_none_is_missing():
    with pytest.raises(ValueError, match="infinite numbers are no symbols"):
        series(np.array([0.0, np.inf]))
    days = np.array(["2024-01-02", "NaT", "2024-01-01"], dtype="M8[D]")
    assert series(days).codes.tolist() == [1, GAP, 0]
