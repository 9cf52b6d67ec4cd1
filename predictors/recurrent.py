"""Recurrent networks: the plain one (Elman's), GRU and LSTM.

Each layer is a `torch.nn.RNN`, `torch.nn.GRU` or `torch.nn.LSTM` weight for weight. What a layer carries is a site: h
(`layer.i.carry`) and, in an LSTM, c (`layer.i.cell`). Its output (`layer.i`) is h as the layer above reads it: editing
the output at row t changes nothing of that layer afterwards, editing the carry does.

Letters. x input, h hidden state, c cell, and the gates: i input, f forget, g candidate, o output (LSTM); r reset,
z update, n new (GRU); stacked in the weights in torch's order i f g o and r z n.

On the CPU, in float32 and float64, many rows are compiled C (`predictors.kernels`). Elsewhere, where nothing can be
compiled, and where it would gain nothing (`ROW_WIDTH`, `LSTM_WIDTH`), they are torch's fused passes.

References: Elman, Cognitive Science 14, 179 (1990); Hochreiter and Schmidhuber, Neural Computation 9, 1735 (1997), with
the forget gate of Gers, Schmidhuber and Cummins, Neural Computation 12, 2451 (2000); Cho and others, arXiv 1406.1078
(2014).
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from predictors.kernels import library
from predictors.kernels.cells import compiled_cells
from predictors.kernels.recurrent import compiled_recurrence
from predictors.kernels.step import Sizes
from predictors.network import Memory, Network, State, in_spans, last_row, normal, require, require_choice, uniform
from predictors.predictor import Site, Tap, visit, written_rows
from predictors.stepping import Blocks, own, together

__all__ = ["GRU", "LSTM", "RNN", "GRUConfig", "LSTMConfig", "RNNConfig"]

ROW_WIDTH = 128
"""Width for which one row more pays for what the kernel does with the weights first: layers this many times wider than
they have rows are for torch's fused pass, which is as fast there.
"""
LSTM_WIDTH = 128
"""Wider layers of an LSTM are for torch, whose own kernel is as fast there; an RNN's and a GRU's are not."""


@dataclass(frozen=True, kw_only=True)
class _RecurrentConfig:
    n_symbol: int
    width: int = 64
    n_layer: int = 1

    def __post_init__(self) -> None:
        require(n_symbol=(self.n_symbol, 1), width=(self.width, 1), n_layer=(self.n_layer, 1))


@dataclass(frozen=True, kw_only=True)
class RNNConfig(_RecurrentConfig):
    """A plain recurrent network.

    Attributes:
        n_symbol: size of the alphabet.
        width: of the input vectors and of each layer's h.
        n_layer: layers.
        activation: what makes h of its sum.
    """

    activation: Literal["tanh", "relu"] = "tanh"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice(activation=(self.activation, Literal["tanh", "relu"]))


@dataclass(frozen=True, kw_only=True)
class GRUConfig(_RecurrentConfig):
    """A GRU. Riechers, Elliott and Shai, arXiv 2507.07432, use width 64 and four layers; the default is one layer.

    Attributes:
        n_symbol: size of the alphabet.
        width: of the input vectors and of each layer's h.
        n_layer: layers.
    """


@dataclass(frozen=True, kw_only=True)
class LSTMConfig(_RecurrentConfig):
    """An LSTM. Riechers, Elliott and Shai, arXiv 2507.07432, use width 64 and four layers; the default is one layer.

    Attributes:
        n_symbol: size of the alphabet.
        width: of the input vectors and of each layer's h and c.
        n_layer: layers.
    """


class Layer(nn.Module):
    """The weights of one layer, `n_gate` gates stacked, as torch.nn.RNN, GRU and LSTM keep them."""

    def __init__(self, width: int, n_gate: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.empty(n_gate * width, width))
        self.weight_hh = nn.Parameter(torch.empty(n_gate * width, width))
        self.bias_ih = nn.Parameter(torch.empty(n_gate * width))
        self.bias_hh = nn.Parameter(torch.empty(n_gate * width))

    @property
    def weights(self) -> list[Tensor]:
        return [self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh]


class _Recurrent(Network):
    """A stack of recurrent layers. Initialised as torch does it: begin and embedding N(0, 1), all else U(-k, k),
    k = 1/sqrt(width).
    """

    n_gate: int
    states: ClassVar[
        Mapping[str, str]
    ]  # suffix of the site's name -> meaning, in the order in which the state keeps them

    def __init__(self, config: RNNConfig | GRUConfig | LSTMConfig, *, rng: torch.Generator) -> None:
        super().__init__(config.n_symbol, config.width)
        self.config = config
        self.layers = nn.ModuleList(Layer(config.width, self.n_gate) for _ in range(config.n_layer))
        for name, parameter in self.named_parameters():
            if name in ("begin", "embedding"):
                normal(parameter, 1.0, rng)
            else:
                uniform(parameter, config.width**-0.5, rng)

    @cached_property
    def sites(self) -> Mapping[str, Site]:
        embed, final = self._ends()
        sites, shape = {"embed": embed}, (self.width,)
        for i in range(self.config.n_layer):
            for suffix, meaning in self.states.items():
                sites[f"layer.{i}.{suffix}"] = Site(*shape, shape, f"layer {i}: {meaning}", state=True, recurrent=True)
            sites[f"layer.{i}"] = Site(*shape, shape, f"layer {i}: output, i.e. h as the layer above reads it")
        return sites | {"final": final}

    def _blank(self, n_seq: int) -> Memory:
        return tuple(
            tuple(self.begin.new_zeros(n_seq, self.width) for _ in self.states) for _ in range(self.config.n_layer)
        )

    def _run(self, inputs: Tensor, rows: range, memory: Memory, tap: Tap) -> tuple[Tensor, Memory]:
        hidden, after = inputs, []
        layers = cast(Iterable[Layer], self.layers)
        for i, (layer, state) in enumerate(zip(layers, memory, strict=True)):
            sites = [f"layer.{i}.{suffix}" for suffix in self.states]
            hidden, state = in_spans(partial(self._span, layer, hidden, tap, sites), rows, state, tap, sites)
            hidden = visit(tap, f"layer.{i}", rows, hidden)
            after.append(state)
        return hidden, tuple(after)

    def _stepping(self) -> tuple[Blocks, Sequence[Tensor]] | None:
        names, sizes = ("weight_ih", "weight_hh", "bias_ih", "bias_hh"), Sizes()
        weights = (own(layer, *names) for layer in self.layers)
        kernels = (None if each is None else Blocks(self._kind, sizes, [each]) for each in weights)
        return together(kernels, [])

    @property
    @abstractmethod
    def _kind(self) -> str:
        """The name of its kernel."""

    @abstractmethod
    def _span(
        self, layer: Layer, inputs: Tensor, tap: Tap, sites: list[str], where: slice, rows: range, state: State
    ) -> tuple[Tensor, State]:
        """One layer over `rows`, which stand at `where` in the inputs and of which the last alone may be written."""


class RNN(_Recurrent):
    """h' = tanh(W x + U h), or the positive part of that sum."""

    n_gate = 1
    states: ClassVar = {"carry": "h, the hidden state"}
    config: RNNConfig

    @property
    def _kind(self) -> str:
        return f"rnn_{self.config.activation}"

    def _span(
        self, layer: Layer, inputs: Tensor, tap: Tap, sites: list[str], where: slice, rows: range, state: State
    ) -> tuple[Tensor, State]:
        x, (h,), tanh = inputs[:, where], state, self.config.activation == "tanh"
        if len(rows) == 1:
            cell = torch.rnn_tanh_cell if tanh else torch.rnn_relu_cell
            hs = cell(x[:, 0], h, *layer.weights)[:, None]
        else:
            hs, _ = _rows(torch.rnn_tanh if tanh else torch.rnn_relu, self._kind, x, state, layer)
        hs = visit(tap, sites[0], rows, hs)
        return hs, (last_row(hs),)


class GRU(_Recurrent):
    """n = tanh(W_n x + r * (U_n h)), h' = (1 - z) * n + z * h, with r and z logistic in x and h."""

    n_gate, _kind = 3, "gru"
    states: ClassVar = {"carry": "h, the hidden state"}

    def _span(
        self, layer: Layer, inputs: Tensor, tap: Tap, sites: list[str], where: slice, rows: range, state: State
    ) -> tuple[Tensor, State]:
        x, (h,) = inputs[:, where], state
        if len(rows) == 1:
            hs = torch.gru_cell(x[:, 0], h, *layer.weights)[:, None]
        else:
            hs, _ = _rows(torch.gru, self._kind, x, state, layer)
        hs = visit(tap, sites[0], rows, hs)
        return hs, (last_row(hs),)


def _rows(
    fused: Callable[..., tuple[Tensor, ...]], kind: str, x: Tensor, state: State, layer: Layer
) -> tuple[Tensor, Tensor]:
    """h at every row, and the last of the states after the last one, by the kernel or by torch's fused pass."""
    n_row, width = x.shape[1:]
    wide = width >= ROW_WIDTH * n_row or (kind == "lstm" and width > LSTM_WIDTH)
    kernels = None if wide else library(x, *state, *layer.weights)
    if kernels is not None:
        hs, last_c = compiled_recurrence(kernels, kind, x, state, layer.weights)
        return hs, hs[:, -1] if last_c is None else last_c
    before = tuple(each[None] for each in state)
    hs, *_, last = fused(x, before if len(before) > 1 else before[0], layer.weights, True, 1, 0.0, False, False, True)
    return hs, last[0]


class LSTM(_Recurrent):
    """c' = f * c + i * g, h' = o * tanh(c'), with i, f and o logistic and g tanh in x and h.

    Editing c at row t moves h at row t, and everything after.
    """

    n_gate, _kind = 4, "lstm"
    states: ClassVar = {"carry": "h, the hidden state", "cell": "c, the cell"}

    def _span(
        self, layer: Layer, inputs: Tensor, tap: Tap, sites: list[str], where: slice, rows: range, state: State
    ) -> tuple[Tensor, State]:
        x, (h, c), (carry, cell) = inputs[:, where], state, sites
        if len(rows) == 1:
            last_h, last_c = torch.lstm_cell(x[:, 0], (h, c), *layer.weights)
            hs = last_h[:, None]
        else:
            hs, last_c = _rows(torch.lstm, self._kind, x, state, layer)

        written = bool(written_rows(tap, cell, rows[-1:]))
        if cell in tap.reads or written:
            first = 0 if cell in tap.reads else len(rows) - 1  # a write alone needs the gates of the last row alone
            before = torch.cat([h[:, None], hs[:, :-1]], dim=1)
            weight, bias = torch.cat([layer.weight_ih, layer.weight_hh], dim=1), layer.bias_ih + layer.bias_hh
            inputs, n = torch.cat([x[:, first:], before[:, first:]], dim=-1), 3 * self.width  # i, f, g before o
            cs = last_c[:, None] if first else _cells(c, F.linear(inputs, weight[:n], bias[:n]))
            cs = tap(cell, rows[first:], cs)
            if written:
                last_c = last_row(cs)
                o = F.linear(inputs[:, -1], weight[n:], bias[n:]).sigmoid()
                hs = torch.cat([hs[:, :-1], (o * last_c.tanh())[:, None]], dim=1)
        hs = visit(tap, carry, rows, hs)
        return hs, (last_row(hs), last_c)


def _cells(c: Tensor, gates: Tensor) -> Tensor:
    """c_t = sigmoid(f_t) c_{t-1} + sigmoid(i_t) tanh(g_t) at every row: the fused pass gives the last one only."""
    kernels = None if torch.is_grad_enabled() else library(gates, c)
    if kernels is not None:
        return compiled_cells(kernels, gates, c)
    i, f, g = gates.chunk(3, dim=-1)
    cells = []
    for keep, new in zip(f.sigmoid().unbind(1), (i.sigmoid() * g.tanh()).unbind(1), strict=True):
        c = torch.addcmul(new, keep, c)
        cells.append(c)
    return torch.stack(cells, dim=1)
