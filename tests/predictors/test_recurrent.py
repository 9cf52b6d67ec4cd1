"""RNN, GRU and LSTM against torch.nn, weight for weight, and what editing their states means."""

import pytest
import torch
from kernel_paths import path  # noqa: F401
from torch import Tensor, nn

import predictors.recurrent
from predictors import GRU, LSTM, GRUConfig, LSTMConfig, at, build, capture, edited
from predictors.recurrent import LSTM_WIDTH, RNN, ROW_WIDTH, RNNConfig, _cells

CLOSE = {"rtol": 0.0, "atol": 1e-12}  # float64, ten rows: rounding is about 1e-15
WORDS = torch.randint(0, 3, (5, 9), generator=torch.Generator().manual_seed(1))


def make(config: RNNConfig | GRUConfig | LSTMConfig) -> RNN | GRU | LSTM:
    model = build(config, rng=torch.Generator().manual_seed(0)).double()
    assert isinstance(model, RNN | GRU | LSTM)
    return model


CONFIGS = [
    GRUConfig(n_symbol=3, width=12),
    GRUConfig(n_symbol=3, width=12, n_layer=2),
    LSTMConfig(n_symbol=3, width=12),
    LSTMConfig(n_symbol=3, width=12, n_layer=2),
    RNNConfig(n_symbol=3, width=12),
    RNNConfig(n_symbol=3, width=12, n_layer=2, activation="relu"),
]


def peer(model: RNN | GRU | LSTM) -> nn.RNN | nn.GRU | nn.LSTM:
    """torch's own network with the model's weights."""
    kind, more = {RNN: nn.RNN, GRU: nn.GRU, LSTM: nn.LSTM}[type(model)], {}
    if isinstance(model, RNN):
        more["nonlinearity"] = model.config.activation
    other = kind(model.width, model.width, num_layers=model.config.n_layer, batch_first=True, **more).double()
    with torch.no_grad():
        for i, layer in enumerate(model.layers):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(other, f"{name}_l{i}").copy_(getattr(layer, name))
    return other


def vectors(model: RNN | GRU | LSTM, words: Tensor = WORDS) -> Tensor:
    return torch.cat([model.begin.expand(len(words), 1, -1), model.embedding[words]], dim=1)


@pytest.mark.parametrize("config", CONFIGS)
def test_a_pass_equals_torchs_network(config, path) -> None:  # noqa: F811
    model = make(config)
    hidden, _ = peer(model)(vectors(model))
    expected = (hidden @ model.readout_weight.T + model.readout_bias).log_softmax(-1)
    torch.testing.assert_close(model.log_probs(WORDS), expected, **CLOSE)
    torch.testing.assert_close(capture(model, WORDS, ["final"])["final"], hidden, **CLOSE)


@pytest.mark.parametrize("config", CONFIGS)
def test_every_state_equals_that_of_torchs_network_cut_there(config, path) -> None:  # noqa: F811
    model, n_layer = make(config), config.n_layer
    other, inputs = peer(model), vectors(model)
    seen = capture(model, WORDS, [name for name, site in model.sites.items() if site.state])
    assert len(seen) == n_layer * (2 if isinstance(model, LSTM) else 1)
    for row in range(inputs.shape[1]):
        _, state = other(inputs[:, : row + 1])
        h, c = state if isinstance(model, LSTM) else (state, None)
        for i in range(n_layer):
            torch.testing.assert_close(seen[f"layer.{i}.carry"][:, row], h[i], **CLOSE)
            if c is not None:
                torch.testing.assert_close(seen[f"layer.{i}.cell"][:, row], c[i], **CLOSE)


@pytest.mark.parametrize("config", [CONFIGS[0], CONFIGS[2], CONFIGS[4]])
@pytest.mark.parametrize("row", [0, 4, 9])
def test_an_edited_carry_restarts_torchs_network_from_there(config, row: int, path) -> None:  # noqa: F811
    """One layer: with h put in at row t (and c left alone), later rows are torch's from that state."""
    model = make(config)
    new = torch.linspace(-1, 1, 12, dtype=torch.float64).expand(5, 12)
    found = edited(model, {"layer.0.carry": at(row, lambda value: new)}).log_probs(WORDS)

    inputs, other = vectors(model), peer(model)
    before, state = other(inputs[:, : row + 1])
    state = (new[None], state[1]) if isinstance(model, LSTM) else new[None]
    after = other(inputs[:, row + 1 :], state)[0] if row < 9 else before[:, :0]
    hidden = torch.cat([before[:, :-1], new[:, None], after], dim=1)
    expected = (hidden @ model.readout_weight.T + model.readout_bias).log_softmax(-1)
    torch.testing.assert_close(found, expected, **CLOSE)


@pytest.mark.parametrize("row", [0, 4, 9])
def test_an_edited_cell_moves_h_at_its_row_and_everything_after(row: int) -> None:
    model = make(LSTMConfig(n_symbol=3, width=12))
    assert isinstance(model, LSTM)
    new = torch.linspace(-1, 1, 12, dtype=torch.float64).expand(5, 12)
    model_edited = edited(model, {"layer.0.cell": at(row, lambda value: new)})
    seen = capture(model_edited, WORDS, ["layer.0.carry", "layer.0.cell"])

    layer, h, c = model.layers[0], torch.zeros(5, 12).double(), torch.zeros(5, 12).double()
    for t, x in enumerate(vectors(model).unbind(1)):
        gates = x @ layer.weight_ih.T + layer.bias_ih + h @ layer.weight_hh.T + layer.bias_hh
        i, f, g, o = gates.chunk(4, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        c = new if t == row else c
        h = o.sigmoid() * c.tanh()
        torch.testing.assert_close(seen["layer.0.cell"][:, t], c, **CLOSE)
        torch.testing.assert_close(seen["layer.0.carry"][:, t], h, **CLOSE)
    plain = model.log_probs(WORDS)
    moved = (model_edited.log_probs(WORDS) - plain).abs().amax((0, 2))
    assert bool((moved[row:] > 1e-4).all())
    assert bool((moved[:row] < 1e-12).all())


@pytest.mark.parametrize("config", [CONFIGS[1], CONFIGS[3], CONFIGS[5]])
def test_an_edited_output_changes_nothing_of_its_layer_afterwards(config) -> None:
    model, names = make(config), [name for name, site in make(config).sites.items() if site.state]
    with torch.no_grad():
        plain = capture(model, WORDS, names)
        seen = capture(edited(model, {"layer.0": at(3, lambda value: value + 1)}), WORDS, names)
    for name in names:
        moved = (seen[name] - plain[name]).abs().amax((0, 2))
        if name.startswith("layer.0"):
            assert float(moved.max()) == 0.0
        else:  # the layer above reads it, and carries what it read
            assert bool((moved[3:] > 1e-4).all())
            assert float(moved[:3].max()) < 1e-12


@pytest.mark.parametrize("config", [CONFIGS[0], CONFIGS[2], CONFIGS[4]])
def test_an_edited_output_of_the_only_layer_moves_its_row_alone(config) -> None:
    model = make(config)
    moved = edited(model, {"layer.0": at(3, lambda value: value + 1)}).log_probs(WORDS) - model.log_probs(WORDS)
    assert moved.abs().amax((0, 2)).nonzero().flatten().tolist() == [3]


@pytest.mark.parametrize("config", CONFIGS)
def test_an_edit_at_one_row_leaves_the_fused_kernel_twice_at_most(config, path, monkeypatch) -> None:  # noqa: F811
    names = {GRUConfig: "gru", LSTMConfig: "lstm", RNNConfig: "rnn_relu" if config.n_layer == 2 else "rnn_tanh"}
    model, calls, compiled = make(config), [], path == "compiled"
    where, name = (predictors.recurrent, "compiled_recurrence") if compiled else (torch, names[type(config)])
    fused = getattr(where, name)

    def counted(*args):
        calls.append(args[2 if compiled else 0].shape[1])
        return fused(*args)

    monkeypatch.setattr(where, name, counted)
    model.log_probs(WORDS)
    assert calls == [10] * config.n_layer
    for state in model.states:
        calls.clear()
        edited(model, {f"layer.0.{state}": at(4, lambda value: value / 2)}).log_probs(WORDS)
        assert calls[:2] == [5, 5]
        assert len(calls) == 2 + config.n_layer - 1


@pytest.mark.parametrize(
    ("config", "n_time", "expected"),
    [
        (GRUConfig(n_symbol=3, width=2 * ROW_WIDTH), 1, 0),
        (GRUConfig(n_symbol=3, width=2 * ROW_WIDTH), 2, 1),
        (LSTMConfig(n_symbol=3, width=LSTM_WIDTH), 2, 1),
        (LSTMConfig(n_symbol=3, width=LSTM_WIDTH + 1), 2, 0),
    ],
)
def test_few_rows_of_a_wide_layer_and_wide_lstms_are_for_torch(config, n_time, expected, monkeypatch) -> None:
    calls, model = [], make(config)
    monkeypatch.setattr(predictors.recurrent, "library", lambda *tensors: calls.append(1))
    model.log_probs(WORDS[:, :n_time])
    assert len(calls) == expected


def test_gradients_flow_through_an_edit_of_the_cell() -> None:
    model = make(LSTMConfig(n_symbol=3, width=12))
    shift = torch.zeros(12, dtype=torch.float64, requires_grad=True)
    loss = edited(model, {"layer.0.cell": at(2, lambda value: value + shift)}).log_probs(WORDS)[:, 2:, 0].sum()
    (slope,) = torch.autograd.grad(loss, shift)
    step = torch.zeros(12, dtype=torch.float64)
    step[5] = 1e-6

    def at_shift(by: Tensor) -> float:
        with torch.no_grad():
            rows = edited(model, {"layer.0.cell": at(2, lambda value: value + by)}).log_probs(WORDS)[:, 2:, 0]
        return float(rows.sum())

    assert float(slope[5]) == pytest.approx((at_shift(step) - at_shift(-step)) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@torch.no_grad()
def test_cells_without_derivatives_equal_torchs_own_cell_by_cell(path, dtype: torch.dtype) -> None:  # noqa: F811
    """Gates from far below 0 to far above, and so near 0 that a tangent by exponentials would lose digits."""
    scale = torch.logspace(-6, 1.5, 40, dtype=dtype)
    gates = torch.randn(3, 40, 3 * 21, dtype=dtype, generator=torch.Generator().manual_seed(0)) * scale[None, :, None]
    c, expected = torch.randn(3, 21, dtype=dtype, generator=torch.Generator().manual_seed(1)), []
    found = _cells(c, gates)
    for i, f, g in zip(*(each.unbind(1) for each in gates.chunk(3, -1)), strict=True):
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        expected.append(c)
    eps = torch.finfo(dtype).eps
    torch.testing.assert_close(found, torch.stack(expected, 1), rtol=20 * eps, atol=20 * eps)
    alone = _cells(torch.zeros_like(c), gates[:, :1])[:, 0]  # of order 1e-6: tanh's digits alone
    torch.testing.assert_close(alone, gates[:, 0, :21].sigmoid() * gates[:, 0, 42:].tanh(), rtol=20 * eps, atol=0)
    assert bool(_cells(c, torch.full_like(gates, torch.nan)).isnan().all())
