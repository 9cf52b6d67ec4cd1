"""Mamba and Mamba-2 beside mambapy and Hugging Face in one run: training steps, reading states, generating.

All run in one thread with the same memory settings (`predictors.malloc`). Two layers of width 64, 16 state numbers,
batch 128. `extra_info` gives symbols a second, and the share of the matrix products' peak that the products of our
networks take.
"""

import time

import pytest
import torch
from torch import nn

from predictors import MambaConfig, build, capture
from predictors.malloc import keep_memory
from predictors.mamba2 import Mamba2, Mamba2Config

BATCH, LENGTHS = 128, [16, 64, 256]
keep_memory()


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def ours(name):
    made = {"mamba": lambda: build(MambaConfig(n_symbol=2), rng=rng())}
    made["mamba2"] = lambda: Mamba2(Mamba2Config(n_symbol=2), rng=rng())
    return made[name]()


def mambapy():
    module = pytest.importorskip("mambapy.mamba")
    core = module.Mamba(module.MambaConfig(d_model=64, n_layers=2, d_state=16))
    embed, readout = nn.Embedding(2, 64), nn.Linear(64, 2)
    return nn.ModuleList([embed, core, readout]), lambda x: readout(core(embed(x))).log_softmax(-1)


def hugging_face(name):
    transformers = pytest.importorskip("transformers")
    sizes = {"vocab_size": 2, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 16}
    tokens = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
    if name == "mamba":
        model = transformers.MambaForCausalLM(transformers.MambaConfig(**sizes, **tokens))
    else:
        heads = {"num_heads": 8, "head_dim": 16, "n_groups": 1, "chunk_size": 64}
        model = transformers.Mamba2ForCausalLM(transformers.Mamba2Config(**sizes, **heads, **tokens))
    return model, lambda x: model(x, use_cache=False).logits.log_softmax(-1)


def run(benchmark, model, log_probs, length):
    """Rounds of forward, backward and update, timed by the processor's time."""
    torch.set_num_threads(1)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    x = torch.randint(0, 2, (BATCH, length + 1), generator=rng())

    def step():
        optimiser.zero_grad(set_to_none=True)
        rows = log_probs(x[:, :-1])[:, -length:]
        (-rows.gather(-1, x[:, 1:, None]).mean()).backward()
        optimiser.step()

    benchmark.pedantic(step, rounds=5 if length < 256 else 3, warmup_rounds=1)
    rate = BATCH * length / benchmark.stats.stats.median
    benchmark.extra_info["symbols a second"] = round(rate)
    return rate


def peak() -> float:
    """Operations a second of a product of matrices as large as helps."""
    a = torch.randn(768, 768, generator=rng())
    times = []
    for _ in range(7):
        began = time.process_time()
        a @ a
        times.append(time.process_time() - began)
    return 2 * 768**3 / sorted(times)[3]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", ["mamba", "mamba2"])
def test_ours(benchmark, name, length):
    benchmark.group = f"{name}, training step, batch {BATCH}, length {length}"
    model = ours(name)
    rate = run(benchmark, model, model.log_probs, length)
    products = sum(p.numel() for n, p in model.named_parameters() if p.ndim == 2 and "weight" in n and "conv" not in n)
    benchmark.extra_info["share of peak"] = round(6 * products * rate / peak(), 3)


@pytest.mark.parametrize("length", LENGTHS)
def test_mambapy(benchmark, length):
    benchmark.group = f"mamba, training step, batch {BATCH}, length {length}"
    run(benchmark, *mambapy(), length)


@pytest.mark.parametrize("length", LENGTHS[:2])
@pytest.mark.parametrize("name", ["mamba", "mamba2"])
def test_hugging_face(benchmark, name, length):
    benchmark.group = f"{name}, training step, batch {BATCH}, length {length}"
    run(benchmark, *hugging_face(name), length)


@pytest.mark.parametrize("sites", [[], ["layer.1"], ["layer.1.ssm"], ["layer.0.ssm", "layer.1.ssm"]], ids=str)
@pytest.mark.parametrize("name", ["mamba", "mamba2"])
def test_reading(benchmark, name, sites):
    benchmark.group = f"{name}, forward pass reading sites, batch {BATCH}, length 64"
    torch.set_num_threads(1)
    model, x = ours(name), torch.randint(0, 2, (BATCH, 64), generator=rng())
    with torch.no_grad():
        benchmark.pedantic(capture, (model, x, sites), rounds=9, warmup_rounds=2)


@pytest.mark.parametrize("name", ["mamba", "mamba2"])
def test_generating(benchmark, name):
    benchmark.group = "200 steps, batch 1"
    torch.set_num_threads(1)
    model, symbol = ours(name), torch.zeros(1, dtype=torch.long)

    def steps():
        carry = model.init_carry(1)
        for _ in range(200):
            _, carry = model.step(symbol, carry)

    with torch.no_grad():
        benchmark.pedantic(steps, rounds=9, warmup_rounds=1)
    benchmark.extra_info["symbols a second"] = round(200 / benchmark.stats.stats.median)
