"""Single steps in one call of a kernel: equal to the pass, and left alone wherever the kernel would not know."""

import pytest
import torch
from kernel_paths import path  # noqa: F401
from torch import Tensor, nn

import predictors.network
from predictors import CONFIGS, at, build, capture, edited
from predictors.network import NetworkCarry
from predictors.stepping import FEW, step_blocks

SIZES = {
    "rnn": {"n_layer": 2, "width": 9},
    "rnn relu": {"n_layer": 1, "activation": "relu"},
    "gru": {"n_layer": 2, "width": 9},
    "lstm": {"n_layer": 2, "width": 21},
    "mingru": {"width": 9, "expand": 2},
    "lru": {"width": 9, "n_state": 5},
    "mamba": {"width": 20, "n_state": 3, "n_conv": 3},
    "mamba2": {"width": 8, "n_state": 3, "head_width": 4, "n_group": 2},
}
RECURRENT = list(SIZES)
# rounding of a few hundred terms of order one, over nine rows
CLOSE = {torch.float64: {"rtol": 0.0, "atol": 1e-12}, torch.float32: {"rtol": 0.0, "atol": 1e-5}}


def make(name: str, dtype: torch.dtype = torch.float64) -> nn.Module:
    model = build(CONFIGS[name.split()[0]](n_symbol=3, **SIZES[name]), rng=torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():  # nothing is 0 or 1, as norms and biases are at first
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=rng)
    return model.to(dtype)


def words(n_seq: int, n_time: int = 8) -> Tensor:
    return torch.randint(0, 3, (n_seq, n_time), generator=torch.Generator().manual_seed(2))


def stepped(model: nn.Module, x: Tensor, **options) -> tuple[Tensor, NetworkCarry]:
    rows, carry = [], model.init_carry(len(x))
    for t in range(x.shape[1]):
        row, carry = model.step(x[:, t], carry, **options)
        rows.append(row)
    return torch.stack(rows, 1), carry


@pytest.fixture
def calls(monkeypatch) -> list[bool]:
    """Of the kernel from here on, whether it took the step."""
    found = []

    def counted(*arguments):
        result = step_blocks(*arguments)
        found.append(result is not None)
        return result

    monkeypatch.setattr(predictors.network, "step_blocks", counted)
    return found


@pytest.mark.parametrize("dtype", list(CLOSE), ids=str)
@pytest.mark.parametrize("n_seq", [1, 3, FEW + 1])
@pytest.mark.parametrize("name", RECURRENT)
@torch.no_grad()
def test_steps_equal_the_pass_in_predictions_and_memory(path, calls, name: str, n_seq: int, dtype: torch.dtype) -> None:  # noqa: F811
    model, x = make(name, dtype), words(n_seq)
    rows, carry = stepped(model, x)
    torch.testing.assert_close(rows, model.log_probs(x)[:, 1:], **CLOSE[dtype])
    _, expected = model.advance(x, model.init_carry(n_seq))
    for state, other in zip(carry.memory, expected.memory, strict=True):
        for value, wanted in zip(state, other, strict=True):
            torch.testing.assert_close(value, wanted, **CLOSE[dtype])
    if n_seq <= FEW:
        assert calls == [path == "compiled"] * 8


@pytest.mark.parametrize("name", RECURRENT)
@torch.no_grad()
def test_the_residual_stream_is_read_on_the_way(path, calls, name: str) -> None:  # noqa: F811
    model, x = make(name), words(2)
    sites = [site for site, each in model.sites.items() if not each.state]
    whole = capture(model, x, sites)
    seen = {site: [] for site in sites}

    class Reading:
        reads, writes = frozenset(sites), {}

        def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
            assert len(rows) == value.shape[1] == 1
            seen[site].append(value)
            return value

    stepped(model, x, tap=Reading())
    for site, values in seen.items():
        torch.testing.assert_close(torch.cat(values[-8:], 1), whole[site][:, 1:], **CLOSE[torch.float64])
    assert calls == [path == "compiled"] * 8


@pytest.mark.parametrize("name", RECURRENT)
@torch.no_grad()
def test_a_state_that_is_read_or_anything_written_takes_the_operations(calls, name: str) -> None:
    model, x = make(name), words(1)
    state = next(site for site, each in model.sites.items() if each.state)
    for site in (state, "layer.0"):
        changed = edited(model, {site: at(3, lambda value: value / 2)})
        torch.testing.assert_close(stepped(changed, x)[0], changed.log_probs(x)[:, 1:], **CLOSE[torch.float64])
    assert calls == []


@pytest.mark.parametrize("name", RECURRENT)
def test_with_derivatives_the_operations_are_taken(calls, name: str) -> None:
    rows, _ = stepped(make(name), words(1))
    assert rows.requires_grad
    assert calls == []


@pytest.mark.parametrize("name", RECURRENT)
@torch.no_grad()
def test_a_carry_from_steps_is_a_value(path, name: str) -> None:  # noqa: F811
    model, x = make(name), words(2)
    _, carry = stepped(model, x)
    before = [value.clone() for state in carry.memory for value in state]
    first, _ = model.step(x[:, 0], carry)
    again, _ = model.step(x[:, 0], carry)
    assert torch.equal(first, again)
    for value, old in zip([value for state in carry.memory for value in state], before, strict=True):
        assert torch.equal(value, old)


@torch.no_grad()
def test_a_changed_weight_is_seen(path) -> None:  # noqa: F811
    """In place, by another tensor, by a state dict: whatever was changed, the next step knows."""
    model, x = make("gru"), words(1)
    stepped(model, x)
    model.layers[0].weight_hh.mul_(0.5)
    torch.testing.assert_close(stepped(model, x)[0], model.log_probs(x)[:, 1:], **CLOSE[torch.float64])
    model.layers[1].weight_ih.data = -model.layers[1].weight_ih.data.t().contiguous().t()  # the kernel takes no columns
    torch.testing.assert_close(stepped(model, x)[0], model.log_probs(x)[:, 1:], **CLOSE[torch.float64])
    model.load_state_dict(make("gru").state_dict())
    torch.testing.assert_close(stepped(model, x)[0], stepped(make("gru"), x)[0], **CLOSE[torch.float64])


@pytest.mark.parametrize("name", ["mingru", "lru", "mamba", "mamba2"])
@pytest.mark.parametrize("where", ["model", "block"])
@torch.no_grad()
def test_another_norm_is_not_the_kernels(name: str, where: str) -> None:
    model, x = make(name), words(1)
    (model if where == "model" else model.blocks[1]).norm = nn.Identity()
    torch.testing.assert_close(stepped(model, x)[0], model.log_probs(x)[:, 1:], **CLOSE[torch.float64])


@torch.no_grad()
def test_a_hook_is_not_passed_over() -> None:
    model, x = make("mingru"), words(1)
    model.blocks[0].norm.register_forward_hook(lambda module, arguments, output: 2 * output)
    torch.testing.assert_close(stepped(model, x)[0], model.log_probs(x)[:, 1:], **CLOSE[torch.float64])


@torch.no_grad()
def test_a_computed_parameter_is_not_the_kernels() -> None:
    model, x = make("lru"), words(1)
    nn.utils.parametrizations.weight_norm(model.blocks[0], "glu_weight")
    model.blocks[0].parametrizations.glu_weight.original0.mul_(2)
    torch.testing.assert_close(stepped(model, x)[0], model.log_probs(x)[:, 1:], **CLOSE[torch.float64])


@torch.no_grad()
def test_other_integers_are_symbols_too(path) -> None:  # noqa: F811
    model, x = make("lstm"), words(2)
    torch.testing.assert_close(stepped(model, x.to(torch.int16))[0], stepped(model, x)[0], rtol=0, atol=0)


@pytest.mark.parametrize("name", RECURRENT)
@torch.no_grad()
def test_what_is_not_a_number_shows(path, name: str) -> None:  # noqa: F811
    model, x = make(name), words(1)
    model.embedding[x[0, 3]] = torch.nan
    rows, _ = stepped(model, x)
    assert bool(rows[:, 3:].isnan().all())
