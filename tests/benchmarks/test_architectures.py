"""Training steps beside torch.nn, steps of one symbol, and what a capture costs. One thread, glibc's malloc kept warm.

Read ratios within a group. Both sides are served by the same settings of malloc, put into the environment before Python
starts:

    MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=1000000000000 MALLOC_TOP_PAD_=268435456
"""

import time

import pytest
import torch
from torch import Tensor, nn

from predictors import CONFIGS, build, capture

BATCH, WIDTH = 128, 64
TORCH = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def ours(name: str, length: int) -> nn.Module:
    sizes = {"n_layer": 4, "max_length": length} if name == "transformer" else {"n_layer": 2}
    return build(CONFIGS[name](n_symbol=2, width=WIDTH, **sizes), rng=torch.Generator().manual_seed(0))


class Torch(nn.Module):
    """The same sizes from torch.nn: begin and symbols in one table, a readout, log softmax."""

    def __init__(self, name: str, length: int) -> None:
        super().__init__()
        self.embedding, self.readout = nn.Embedding(3, WIDTH), nn.Linear(WIDTH, 2)
        self.mask = None
        if name == "transformer":
            sizes = {"dropout": 0.0, "batch_first": True, "norm_first": True}
            block = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, **sizes)
            self.core = nn.TransformerEncoder(block, 4, enable_nested_tensor=False)
            self.position = nn.Parameter(torch.zeros(length + 1, WIDTH))
            self.mask = nn.Transformer.generate_square_subsequent_mask(length + 1)
        else:
            self.core = TORCH[name](WIDTH, WIDTH, num_layers=2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        begun = self.embedding(torch.cat([torch.full((len(x), 1), 2), x], dim=1))
        if self.mask is None:
            hidden, _ = self.core(begun)
        else:
            hidden = self.core(begun + self.position, mask=self.mask, is_causal=True)
        return self.readout(hidden).log_softmax(-1)


def train(benchmark, model: nn.Module, length: int) -> None:
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    x = torch.randint(0, 2, (BATCH, length + 1), generator=torch.Generator().manual_seed(0))

    def step() -> None:
        optimiser.zero_grad()
        (-model(x[:, :-1]).gather(-1, x[..., None])).mean().backward()
        optimiser.step()

    benchmark(step)
    benchmark.extra_info["symbols per second"] = round(BATCH * length / benchmark.stats["median"])


@pytest.mark.parametrize("length", [16, 64, 256])
@pytest.mark.parametrize("side", ["ours", "torch"])
@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "transformer"])
def test_training(benchmark, name: str, side: str, length: int) -> None:
    benchmark.group = f"training step, batch 128, {name}, length {length}"
    benchmark._timer = time.process_time
    train(benchmark, ours(name, length) if side == "ours" else Torch(name, length), length)


@pytest.mark.parametrize("name", ["mingru", "lru", "hybrid"])
def test_training_without_a_peer(benchmark, name: str) -> None:
    benchmark.group = "training step, batch 128, length 64"
    benchmark._timer = time.process_time
    train(benchmark, ours(name, 64), 64)


@pytest.mark.benchmark(group="one symbol, batch 1")
@pytest.mark.parametrize("name", [name for name in CONFIGS if name != "transformer"])
def test_step(benchmark, name: str) -> None:
    model, x = ours(name, 0), torch.zeros(1, dtype=torch.long)
    with torch.no_grad():
        carry = model.init_carry(1)
        benchmark(lambda: model.step(x, carry))


@pytest.mark.parametrize("site", [None, "layer.0", "layer.0.carry", "layer.0.cell"])
def test_capture(benchmark, site: str | None) -> None:
    benchmark.group = "a pass of an LSTM, length 256, capturing one site"
    benchmark._timer = time.process_time
    model = ours("lstm", 256)
    x = torch.randint(0, 2, (BATCH, 256), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        benchmark(lambda: capture(model, x, [] if site is None else [site]))
