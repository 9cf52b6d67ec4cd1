"""Gates against the recurrences: put into the equations they give the states that a pass shows."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from predictors import GRUConfig, LSTMConfig, build, capture
from predictors.gates import gates
from predictors.mingru import MinGRUConfig
from predictors.recurrent import RNNConfig

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64: rounding is about 1e-15
WORDS = torch.randint(0, 3, (4, 9), generator=torch.Generator().manual_seed(1))


def network(config):
    return build(config, rng=torch.Generator().manual_seed(0)).double()


def shifted(states: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], dim=1)


def test_an_lstms_gates_make_its_states() -> None:
    model = network(LSTMConfig(n_symbol=3, width=6, n_layer=2))
    seen, found = capture(model, WORDS, list(model.sites)), gates(model, WORDS)
    assert list(found) == [f"layer.{i}.{name}" for i in (0, 1) for name in ("input", "forget", "output")]
    for i, (layer, x) in enumerate(zip(model.layers, (seen["embed"], seen["layer.0"]), strict=True)):
        h, c = seen[f"layer.{i}.carry"], seen[f"layer.{i}.cell"]
        own = slice(12, 18)  # the candidate stands third in torch's order
        g = torch.tanh(
            F.linear(x, layer.weight_ih[own], layer.bias_ih[own])
            + F.linear(shifted(h), layer.weight_hh[own], layer.bias_hh[own])
        )
        i_, f, o = (found[f"layer.{i}.{name}"] for name in ("input", "forget", "output"))
        torch.testing.assert_close(f * shifted(c) + i_ * g, c, **CLOSE)
        torch.testing.assert_close(o * torch.tanh(c), h, **CLOSE)


def test_a_grus_gates_make_its_state() -> None:
    model = network(GRUConfig(n_symbol=3, width=6, n_layer=2))
    seen, found = capture(model, WORDS, list(model.sites)), gates(model, WORDS)
    assert list(found) == [f"layer.{i}.{name}" for i in (0, 1) for name in ("reset", "update")]
    for i, (layer, x) in enumerate(zip(model.layers, (seen["embed"], seen["layer.0"]), strict=True)):
        h, own = seen[f"layer.{i}.carry"], slice(12, 18)
        r, z = (found[f"layer.{i}.{name}"] for name in ("reset", "update"))
        past = F.linear(shifted(h), layer.weight_hh[own], layer.bias_hh[own])
        n = torch.tanh(F.linear(x, layer.weight_ih[own], layer.bias_ih[own]) + r * past)
        torch.testing.assert_close((1 - z) * n + z * shifted(h), h, **CLOSE)


def test_a_mingrus_gate_makes_its_state() -> None:
    model = network(MinGRUConfig(n_symbol=3, width=6, n_layer=2, expand=2))
    seen, found = capture(model, WORDS, list(model.sites)), gates(model, WORDS)
    assert list(found) == ["layer.0.update", "layer.1.update"]
    for i, (block, r) in enumerate(zip(model.blocks, (seen["embed"], seen["layer.0"]), strict=True)):
        h, z = seen[f"layer.{i}.carry"], found[f"layer.{i}.update"]
        c = F.linear(block.norm(r), block.in_weight[12:], block.in_bias[12:])
        g = torch.where(c >= 0, c + 0.5, c.sigmoid())
        torch.testing.assert_close((1 - z) * shifted(h) + z * g, h, **CLOSE)


@pytest.mark.parametrize("config", [LSTMConfig(n_symbol=3, width=6), GRUConfig(n_symbol=3, width=6)])
def test_gates_carry_gradients_and_are_shares(config) -> None:
    model = network(config)
    for values in gates(model, WORDS).values():
        assert values.shape == (4, 10, 6)
        assert bool(((values > 0) & (values < 1)).all())
        (slope,) = torch.autograd.grad(values.sum(), model.begin, retain_graph=True)
        assert bool((slope.abs() > 0).any())


def test_a_network_without_gates_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import jaxtyping

    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # else the annotation answers first
    with pytest.raises(ValueError, match="gates are those of an LSTM, a GRU, a minGRU, a Mamba or a Mamba-2; got RNN"):
        gates(network(RNNConfig(n_symbol=3, width=6)), WORDS)
