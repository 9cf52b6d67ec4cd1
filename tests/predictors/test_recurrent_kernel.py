"""The compiled rows of RNN, GRU and LSTM against torch.nn's own: values, derivatives, and what they may be given."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from predictors import kernels
from predictors.kernels.recurrent import compiled_recurrence

pytestmark = pytest.mark.skipif(not kernels.status().compiled, reason=kernels.status().detail)

KINDS: dict[str, Callable[[int], nn.RNNBase]] = {
    "rnn_tanh": lambda width: nn.RNN(width, width, batch_first=True),
    "rnn_relu": lambda width: nn.RNN(width, width, batch_first=True, nonlinearity="relu"),
    "gru": lambda width: nn.GRU(width, width, batch_first=True),
    "lstm": lambda width: nn.LSTM(width, width, batch_first=True),
}
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}  # of what is largest; rounding is about 1e-15 and 1e-6
# tiles are of 16 rows and 16 sequences, and vectors of 4 to 16 numbers: whole ones, tails, and less than one
SIZES = [(1, 1, 1), (1, 2, 5), (2, 16, 16), (5, 17, 33), (16, 15, 8), (17, 40, 21), (35, 3, 64), (3, 33, 70)]


def drawn(kind: str, n_seq: int, n_row: int, width: int, dtype: torch.dtype = torch.float64):
    """A layer of torch's, inputs for it, and a state to begin with."""
    rng = torch.Generator().manual_seed(n_seq + 100 * n_row)
    layer = KINDS[kind](width).to(dtype)
    for weight in layer.parameters():
        nn.init.uniform_(weight, -(width**-0.5), width**-0.5, generator=rng)
    shapes = [(n_seq, n_row, width), (n_seq, width), (n_seq, width)][: 3 if kind == "lstm" else 2]
    x, *state = (torch.randn(shape, dtype=dtype, generator=rng).requires_grad_() for shape in shapes)
    return layer, x, state


def compiled(kind: str, x: Tensor, state: list[Tensor], layer: nn.RNNBase) -> Tensor:
    """h at every row, and c after the last one as if it were one more."""
    library = kernels.library(x, *state)
    assert library is not None
    hs, c = compiled_recurrence(library, kind, x, state, list(layer.parameters()))
    assert (c is None) == (kind != "lstm")
    return hs if c is None else torch.cat([hs, c[:, None]], dim=1)


def torchs(kind: str, x: Tensor, state: list[Tensor], layer: nn.RNNBase) -> Tensor:
    before = [each[None].contiguous() for each in state]
    hs, after = layer(x, tuple(before) if kind == "lstm" else before[0])
    return torch.cat([hs, after[1].transpose(0, 1)], dim=1) if kind == "lstm" else hs


def agree(found: Tensor, expected: Tensor, inputs: list[Tensor]) -> None:
    weights, allowed = torch.linspace(-1, 1, expected.numel(), dtype=expected.dtype), TOLERANCE[expected.dtype]
    losses = [(each * weights.view_as(expected)).sum() for each in (found, expected)]
    got, want = (torch.autograd.grad(loss, inputs) for loss in losses)
    for one, other in zip((found, *got), (expected, *want), strict=True):
        assert one.shape == other.shape
        torch.testing.assert_close(one, other, rtol=0, atol=allowed * max(1.0, float(other.detach().abs().max())))


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n_seq", "n_row", "width"), SIZES)
def test_rows_and_derivatives_are_those_of_torchs_layer(
    kind: str, n_seq: int, n_row: int, width: int, dtype: torch.dtype
) -> None:
    layer, x, state = drawn(kind, n_seq, n_row, width, dtype)
    found, expected = compiled(kind, x, state, layer), torchs(kind, x, state, layer)
    agree(found, expected, [x, *state, *layer.parameters()])


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_and_derivatives_may_lie_anywhere_in_memory(kind: str) -> None:
    layer, x, state = drawn(kind, 6, 20, 9)
    for look in (
        lambda x: x[:, 3:18],
        lambda x: x[::2],
        lambda x: x[:, :1].expand(-1, 7, -1),
        lambda x: x.transpose(0, 1).contiguous().transpose(0, 1),
        lambda x: x.transpose(1, 2).contiguous().transpose(1, 2),
    ):
        seen = look(x)
        before = [each.t().contiguous().t()[: len(seen)] for each in state]
        found, expected = compiled(kind, seen, before, layer), torchs(kind, seen, before, layer)
        agree(found.transpose(0, 2), expected.transpose(0, 2), [x, *state, *layer.parameters()])
    found, expected = compiled(kind, x, state, layer), torchs(kind, x, state, layer)
    slopes = (torch.autograd.grad(each.sum(), [x, *state]) for each in (found, expected))
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)  # the derivative is one number, expanded


def test_of_an_lstm_the_last_cell_alone_may_be_differentiated() -> None:
    layer, x, state = drawn("lstm", 5, 20, 9)
    found, expected = (rows("lstm", x, state, layer)[:, -1] for rows in (compiled, torchs))
    agree(found, expected, [x, *state, *layer.parameters()])


@pytest.mark.parametrize("kind", KINDS)
def test_same_bytes_every_time_wherever_a_sequence_stands_and_wherever_a_pass_is_cut(kind: str) -> None:
    layer, x, state = drawn(kind, 21, 37, 33, torch.float32)
    found, inputs = compiled(kind, x, state, layer), [x, *state, *layer.parameters()]
    slopes = [torch.autograd.grad(found.square().sum(), inputs, retain_graph=True) for _ in range(2)]
    assert all(torch.equal(one, other) for one, other in zip(*slopes, strict=True))
    with torch.no_grad():
        assert torch.equal(compiled(kind, x, state, layer), found)
        assert torch.equal(compiled(kind, x.flip(0), [each.flip(0) for each in state], layer).flip(0), found)
        before = compiled(kind, x[:, :11], state, layer)
        after = compiled(kind, x[:, 11:], [before[:, 10], *before[:, 11:].unbind(1)], layer)
        assert torch.equal(torch.cat([before[:, :11], after], 1), found)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_a_number_comes_through_in_its_sequence_alone(kind: str) -> None:
    layer, x, state = drawn(kind, 5, 20, 9)
    with torch.no_grad():
        clean = compiled(kind, x, state, layer)
        x[2, 7, 3] = torch.nan
        found = compiled(kind, x, state, layer)
    assert bool(found[2, 7:].isnan().all())
    found[2, 7:] = clean[2, 7:]
    assert torch.equal(found, clean)


@pytest.mark.parametrize("kind", ["rnn_tanh", "gru", "lstm"])
def test_gates_that_are_full_stay_numbers(kind: str) -> None:
    layer, x, state = drawn(kind, 3, 20, 9)
    agree(compiled(kind, x * 1e4, state, layer), torchs(kind, x * 1e4, state, layer), state)


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_derivative_is_refused(kind: str) -> None:
    layer, x, state = drawn(kind, 2, 3, 4)
    (slope,) = torch.autograd.grad(compiled(kind, x, state, layer).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


@pytest.mark.parametrize("kind", KINDS)
def test_no_memory_for_the_working_space_is_told(kind: str, monkeypatch) -> None:
    layer, x, state = drawn(kind, 2, 3, 4)
    library = kernels.library(x)
    found = compiled(kind, x, state, layer)
    monkeypatch.setattr(library, "recurrence_backward", Failing())
    with pytest.raises(MemoryError, match="no memory for the working space of recurrence_backward"):
        found.sum().backward()
    monkeypatch.setattr(library, "recurrence_forward", Failing())
    with pytest.raises(MemoryError, match="no memory for the working space of recurrence_forward"):
        compiled(kind, x, state, layer)


class Failing:
    """A function of the library that finds no memory."""

    def __call__(self, *_: object) -> int:
        return 1
