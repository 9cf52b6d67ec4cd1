"""One training step of each architecture, batch 128, length 16, one thread; GRU and LSTM beside torch.nn's."""

import pytest
import torch
from torch import nn

from probes.candidates import candidate, make

BATCH, LENGTH = 128, 16


def stepper(model, parameters, log_probs):
    torch.set_num_threads(1)
    optimiser = torch.optim.AdamW(parameters, lr=1e-3)
    x = torch.randint(0, 2, (BATCH, LENGTH + 1), generator=torch.Generator().manual_seed(0))

    def step():
        optimiser.zero_grad()
        loss = -log_probs(x[:, :-1]).gather(-1, x[..., None]).mean()
        loss.backward()
        optimiser.step()

    return step


@pytest.mark.benchmark(group="training step, batch 128, length 16")
@pytest.mark.parametrize("name", ["transformer", "lstm", "gru", "mamba"])
def test_ours(benchmark, name):
    model = make(candidate(name), 2, LENGTH, rng=torch.Generator().manual_seed(0))
    benchmark(stepper(model, model.parameters(), model.log_probs))


@pytest.mark.benchmark(group="training step, batch 128, length 16")
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_torch(benchmark, kind):
    embed, core, readout = nn.Embedding(3, 64), kind(64, 64, batch_first=True), nn.Linear(64, 2)
    model = nn.ModuleList([embed, core, readout])

    def log_probs(x):
        begun = torch.cat([torch.full((len(x), 1), 2), x], dim=1)
        return readout(core(embed(begun))[0]).log_softmax(-1)

    benchmark(stepper(model, model.parameters(), log_probs))
