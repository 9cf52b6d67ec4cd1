"""The gates of Mamba and Mamba-2: the states that a network shows follow from them."""

import pytest
import torch
from test_mamba import make as make_mamba
from test_mamba2 import make as make_mamba2

from predictors import at, capture, edited
from predictors.gates_state_space import state_space_gates

WORDS = torch.randint(0, 3, (4, 9), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("make", "n_step", "n_decay"), [(make_mamba, 20, 60), (make_mamba2, 4, 4)])
def test_they_have_a_number_for_each_of_what_they_gate(make, n_step: int, n_decay: int) -> None:
    found = state_space_gates(make(), WORDS)
    assert list(found) == [f"layer.{i}.{name}" for i in range(2) for name in ("step", "decay", "gate")]
    shapes = {name: value.shape for name, value in found.items() if name.startswith("layer.1")}
    assert shapes == {"layer.1.step": (4, 10, n_step), "layer.1.decay": (4, 10, n_decay), "layer.1.gate": (4, 10, 20)}


@pytest.mark.parametrize("make", [make_mamba, make_mamba2])
def test_the_decay_is_what_is_kept_of_a_state(make) -> None:
    """A state moved by d at row t - 1 moves that at row t by decay * d: nothing else of the block depends on it."""
    model, site = make(), "layer.0.ssm"

    def run(shift: float) -> torch.Tensor:
        moved = edited(model, {site: at(5, lambda value: value + shift)})
        return capture(moved, WORDS, [site])[site][:, 6]

    kept = (run(1.0) - run(0.0)).detach()
    decay = state_space_gates(model, WORDS)["layer.0.decay"][:, 6].detach()
    torch.testing.assert_close(kept, decay.repeat_interleave(kept.shape[1] // decay.shape[1], 1), rtol=0, atol=1e-10)


@pytest.mark.parametrize("make", [make_mamba, make_mamba2])
def test_a_shut_gate_lets_nothing_out(make) -> None:
    """With z = 0 in every channel a block adds nothing: the stream after it is the one before it."""
    model = make()
    with torch.no_grad():
        block, inner = model.blocks[0], model.config.inner
        block.norm.weight.zero_()
        gate = state_space_gates(model, WORDS)["layer.0.gate"]
    assert gate.shape[2] == inner
    assert torch.equal(gate, torch.zeros_like(gate))  # silu(0)
    seen = capture(model, WORDS, ["embed", "layer.0"])
    torch.testing.assert_close(seen["layer.0"], seen["embed"], rtol=0, atol=1e-12)
