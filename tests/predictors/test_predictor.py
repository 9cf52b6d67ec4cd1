"""Sites, taps, carries: what capture, edited and at mean, on a predictor small enough to compute by hand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pytest
import torch
from torch import Tensor

from predictors import Edited, Predictor, Site, UnknownSite, at, capture, edited
from predictors.predictor import check_sites, check_tokens, segments, untouched, visit, written_rows


@dataclass(frozen=True)
class _Carry:
    row: int
    log_probs: Tensor
    total: Tensor


class Counter:
    """Its state is the number of ones read so far, and P(1) = logistic(state): everything is known in closed form."""

    n_symbol, first_row = 2, 0
    sites: Mapping[str, Site] = MappingProxyType({"total": Site(1, (1,), "ones read", state=True, recurrent=True)})

    def _from(self, total: Tensor, row: int, tap) -> _Carry:
        total = visit(tap, "total", range(row, row + 1), total[:, None, None])[:, 0, 0]
        logits = torch.stack([torch.zeros_like(total), total], dim=1)
        return _Carry(row, logits.log_softmax(-1), total)

    def init_carry(self, n_seq, *, tap=untouched):
        check_sites(self, tap.reads | tap.writes.keys())
        return self._from(torch.zeros(n_seq, dtype=torch.float64), 0, tap)

    def step(self, tokens_t, carry, *, tap=untouched):
        carry = self._from(carry.total + tokens_t, carry.row + 1, tap)
        return carry.log_probs, carry

    def advance(self, tokens, carry, *, tap=untouched):
        rows = [carry.log_probs.new_empty(len(tokens), 0, 2)]
        for tokens_t in tokens.unbind(1):
            row, carry = self.step(tokens_t, carry, tap=tap)
            rows.append(row[:, None])
        return torch.cat(rows, dim=1), carry

    def log_probs(self, tokens, *, tap=untouched):
        carry = self.init_carry(len(tokens), tap=tap)
        return torch.cat([carry.log_probs[:, None], self.advance(tokens, carry, tap=tap)[0]], dim=1)


WORDS = torch.tensor([[1, 0, 1, 1], [0, 0, 1, 0]])


def totals(predictor: Predictor) -> list[list[float]]:
    return capture(predictor, WORDS, ["total"])["total"][..., 0].tolist()


def test_capture_gives_every_row_of_the_sites_asked_for() -> None:
    assert totals(Counter()) == [[0, 1, 1, 2, 3], [0, 0, 0, 1, 1]]
    assert capture(Counter(), WORDS, []) == {}


def test_an_edit_acts_at_its_row_and_is_carried_on() -> None:
    model = edited(Counter(), {"total": at(2, lambda value: value + 10)})
    assert totals(model) == [[0, 1, 11, 12, 13], [0, 0, 10, 11, 11]]
    assert totals(Counter()) == [[0, 1, 1, 2, 3], [0, 0, 0, 1, 1]]


def test_an_edit_of_every_row_sees_what_it_wrote_before() -> None:
    model = edited(Counter(), {"total": lambda rows, value: 2 * value})
    assert totals(model) == [[0, 2, 4, 10, 22], [0, 0, 0, 2, 4]]


def test_inner_edits_act_first() -> None:
    add, double = {"total": at(1, lambda value: value + 3)}, {"total": at(1, lambda value: 2 * value)}
    assert totals(edited(edited(Counter(), add), double))[0][1] == 8
    assert totals(edited(edited(Counter(), double), add))[0][1] == 5


def test_stacked_edits_of_different_rows_both_act() -> None:
    model = edited(edited(Counter(), {"total": at(1, lambda v: v + 3)}), {"total": at(3, lambda v: 2 * v)})
    assert totals(model)[0] == [0, 4, 4, 10, 11]


def test_an_edited_predictor_is_a_predictor_and_keeps_the_names() -> None:
    model = edited(Counter(), {})
    assert isinstance(model, Predictor)
    assert isinstance(model, Edited)
    assert (model.n_symbol, model.first_row, model.sites) == (2, 0, Counter.sites)
    assert torch.equal(model.log_probs(WORDS), Counter().log_probs(WORDS))


def test_an_edit_in_steps_equals_the_edit_in_a_pass() -> None:
    model = edited(Counter(), {"total": at(2, lambda value: -value)})
    carry = model.init_carry(2)
    rows = [carry.log_probs]
    for tokens_t in WORDS.unbind(1):
        row, carry = model.step(tokens_t, carry)
        rows.append(row)
    assert torch.equal(torch.stack(rows, 1), model.log_probs(WORDS))


@pytest.mark.parametrize("change", [lambda value: value[:1], lambda value: value.repeat(1, 2)])
def test_an_edit_that_changes_the_shape_is_refused(change) -> None:
    model = edited(Counter(), {"total": lambda rows, value: change(value[:, 0])[:, None]})
    with pytest.raises(ValueError, match=r"'total' must keep the shape .*\(2, 1, 1\); it gave"):
        model.log_probs(WORDS)


def test_an_edit_at_a_row_that_changes_the_shape_is_refused() -> None:
    model = edited(Counter(), {"total": at(2, lambda value: value[0])})
    with pytest.raises(ValueError, match=r"at row 2 must keep the shape \(seq, width\) = \(2, 1\); it gave \(1,\)"):
        model.log_probs(WORDS)


def test_an_edit_that_changes_the_dtype_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must keep the dtype torch\.float64; it gave torch\.float32"):
        edited(Counter(), {"total": lambda rows, value: value.float()}).log_probs(WORDS)


def test_a_negative_row_is_refused() -> None:
    with pytest.raises(ValueError, match="got -1"):
        at(-1, torch.zeros_like)


def test_an_unknown_site_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownSite, match="no site 'totl'; did you mean 'total'") as caught:
        capture(Counter(), WORDS, ["totl"])
    assert (caught.value.name, caught.value.known) == ("totl", ("total",))
    with pytest.raises(UnknownSite, match="it has total"):
        edited(Counter(), {"layer.0": at(1, torch.zeros_like)})


def test_a_site_needs_a_shape_of_its_width() -> None:
    assert Site(6, (2, 3), "a matrix").delay == 0
    with pytest.raises(ValueError, match=r"got width 6, shape \(2, 2\)"):
        Site(6, (2, 2), "a matrix")


class _Writes:
    reads: frozenset[str] = frozenset()

    def __init__(self, writes: Mapping[str, Collection[int] | None]) -> None:
        self.writes, self.calls = writes, []

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        self.calls.append((site, rows))
        return value + 1


def test_written_rows_are_those_declared() -> None:
    tap = _Writes({"a": {7, 3, 11}, "b": None})
    assert written_rows(tap, "a", range(2, 9)) == [3, 7]
    assert written_rows(tap, "b", range(2, 4)) == [2, 3]
    assert written_rows(tap, "c", range(2, 9)) == []
    assert written_rows(untouched, "a", range(9)) == []


def test_a_tap_is_called_only_where_it_reads_or_writes() -> None:
    tap, value = _Writes({"a": {3}}), torch.zeros(1, 2, 1)
    assert visit(tap, "a", range(1, 3), value) is value
    assert visit(tap, "b", range(2, 4), value) is value
    assert torch.equal(visit(tap, "a", range(2, 4), value), value + 1)
    assert tap.calls == [("a", range(2, 4))]


@pytest.mark.parametrize("cuts", [set(), {3}, {2, 3, 6}, {0, 100}, set(range(10))])
def test_segments_partition_the_rows_and_end_at_the_cuts(cuts: set[int]) -> None:
    parts = list(segments(range(2, 7), cuts))
    assert [row for part in parts for row in part] == list(range(2, 7))
    assert {part[-1] for part in parts} == (cuts & set(range(2, 7))) | {6}
    assert list(segments(range(3, 3), cuts)) == []


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (torch.tensor([[0, 1], [3, 1]]), r"0 \.\. 2; tokens\[1, 0\] is 3"),
        (torch.tensor([[0, -1]]), r"tokens\[0, 1\] is -1"),
        (torch.tensor([0, 1]), r"axes \(seq, time\); got shape \(2,\): one sequence is tokens\[None\]"),
        (torch.zeros(1, 2, 3, dtype=torch.long), r"got shape \(1, 2, 3\)"),
        (torch.zeros(1, 2), r"got dtype torch.float32: use tokens.long\(\)"),
        (torch.zeros(1, 2, dtype=torch.bool), "got dtype torch.bool"),
    ],
)
def test_bad_tokens_are_named(tokens: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_tokens(tokens, 3)


def test_good_tokens_pass() -> None:
    for dtype in (torch.int64, torch.int32, torch.uint8):
        check_tokens(torch.tensor([[0, 2]], dtype=dtype), 3)
    check_tokens(torch.zeros(4, 0, dtype=torch.int64), 3)
    check_tokens(torch.tensor([0, 2]), 3, ndim=1)
