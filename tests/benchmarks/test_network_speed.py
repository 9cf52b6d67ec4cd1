"""The speed lines of the networks, each beside its peers and its bar: training, single steps, reading a site.

Every side runs in one thread of one process with the same settings of malloc (`predictors.keep_memory`), and they take
turns. The table is printed when all has run.
"""

import pytest
import torch
from network_sides import Side, config, ours, peers
from speed_lines import LINES, Line, peak, scaled, timed

from predictors import CONFIGS, capture, flops, keep_memory

BATCH = 128
keep_memory()
pytestmark = pytest.mark.timeout(1800)  # of the wall clock, on a machine that does other work

BARS = {
    **{("transformer", length): bar for length, bar in ((16, 33e3), (64, 29e3), (256, 20e3))},
    **{("rnn", 256): 310e3, ("gru", 256): 113e3, ("lstm", 256): 135e3},
    **{("mamba", length): 25e3 for length in (16, 64, 256)},
    **{("mamba2", length): 50e3 for length in (16, 64, 256)},
}
"""Symbols a second in training, on a machine of peak `OF_BAR_MACHINE`."""

STEPS = 5e3
"""Symbols a second one after the other, on any machine, of whatever has no attention."""
ATTENTIVE = ("transformer", "hybrid")

OTHERS = [(name, 64) for name in ("mingru", "lru", "hybrid")]


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def words(length: int) -> torch.Tensor:
    return torch.randint(0, 2, (BATCH, length), generator=torch.Generator().manual_seed(0))


def update(side: Side, x: torch.Tensor):
    """One step of training: forward, backward, update."""
    model, log_probs = side
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        (-log_probs(x).gather(-1, x[..., None])).mean().backward()
        optimiser.step()

    return step


@pytest.mark.parametrize(("name", "length"), [*BARS, *OTHERS], ids=lambda value: str(value))
def test_training(name: str, length: int) -> None:
    x = words(length)
    sides = {"ours": ours(name, length), **peers(name, length)}
    seconds = timed({side: update(network, x) for side, network in sides.items()}, rounds=9)
    rates = {side: x.numel() / each for side, each in seconds.items()}
    share = 3 * flops(config(name, length), length) * rates["ours"] / peak()
    bar = BARS.get((name, length))
    LINES.append(
        Line(f"train {name}, {length}", "symbols/s", rates, bar=None if bar is None else scaled(bar), share=share)
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_single_steps(name: str) -> None:
    model, _ = ours(name, 300)
    symbol = torch.zeros(1, dtype=torch.long)

    def steps() -> None:
        carry = model.init_carry(1)
        for _ in range(300):
            _, carry = model.step(symbol, carry)

    with torch.no_grad():
        seconds = timed({"ours": steps}, rounds=15)["ours"]
    bar = None if name in ATTENTIVE else STEPS
    LINES.append(Line(f"step {name}, batch 1", "symbols/s", {"ours": 300 / seconds}, bar=bar))


CAPTURED = [
    *(("transformer", site, 1.1) for site in ("layer.1", "layer.1.key")),
    *((name, site, 1.1) for name in ("rnn", "gru", "lstm") for site in ("layer.0", "layer.0.carry")),
    ("lstm", "layer.0.cell", 2.0),
    *((name, site, 1.1) for name in ("mamba", "mamba2") for site in ("layer.1", "layer.1.conv")),
    *((name, "layer.1.ssm", 1.5) for name in ("mamba", "mamba2")),
    *((name, site, 1.1) for name, site in (("mingru", "layer.0.carry"), ("lru", "layer.0.ssm"))),
]


@pytest.mark.parametrize(("name", "site", "bar"), CAPTURED, ids=str)
def test_capturing_one_site(name: str, site: str, bar: float) -> None:
    length = 64 if name.startswith("mamba") else 256
    model, _ = ours(name, length)
    x = words(length)
    with torch.no_grad():
        seconds = timed({"plain": lambda: model.log_probs(x), "read": lambda: capture(model, x, [site])}, rounds=15)
    cost = seconds["read"] / seconds["plain"]
    LINES.append(Line(f"capture {name} {site}, {length}", "passes", {"ours": cost}, bar=bar, least=False))
