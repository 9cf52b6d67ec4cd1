"""FLOPs against torch's own counter, which sees the products of matrices, plus the recurrences by hand."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from predictors import GRUConfig, LSTMConfig, MambaConfig, TransformerConfig, build
from predictors.flops import flops
from predictors.hybrid import HybridConfig
from predictors.lru import LRUConfig
from predictors.mingru import MinGRUConfig
from predictors.recurrent import RNNConfig

LENGTH, SEQ = 7, 2
ROWS = LENGTH + 1
SMALL = {"n_head": 2, "head_width": 4, "mlp_width": 20, "width": 12, "max_length": LENGTH, "n_symbol": 3}


def counted(config) -> float:
    """What torch counts in steps, where attention sees no row that is masked, per sequence."""
    model = build(config, rng=torch.Generator().manual_seed(0)).requires_grad_(False)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        carry = model.init_carry(SEQ)
        for _ in range(LENGTH):
            _, carry = model.step(torch.zeros(SEQ, dtype=torch.long), carry)
    return counter.get_total_flops() / SEQ


MAMBA = 2 * 24 * (4 + 3 * 5)  # a row of a block: 24 channels, 4 inputs in the convolution, 5 numbers a channel

CASES = [
    (TransformerConfig(**SMALL), 0),
    (TransformerConfig(**SMALL, activation="swiglu", position="rotary", norm="rms", bias=False), 0),
    (TransformerConfig(**SMALL, attention_only=True, position="alibi"), 0),
    (RNNConfig(n_symbol=3, width=12, n_layer=2), 0),
    (GRUConfig(n_symbol=3, width=12, n_layer=2), 2 * 2 * 12),
    (LSTMConfig(n_symbol=3, width=12, n_layer=2), 2 * 2 * 12),
    (MinGRUConfig(n_symbol=3, width=12, expand=2), 2 * 2 * 24),
    (LRUConfig(n_symbol=3, width=12, n_state=5), 2 * 8 * 5),
    (MambaConfig(n_symbol=3, width=12, n_state=5), 2 * MAMBA),
    (HybridConfig(n_symbol=3, width=12, n_state=5, n_head=2, head_width=4, n_layer=3), 2 * MAMBA),
]


@pytest.mark.parametrize(("config", "recurrence"), CASES, ids=[type(config).__name__ for config, _ in CASES])
def test_the_count_is_torchs_and_what_torch_does_not_see(config, recurrence: int) -> None:
    assert flops(config, LENGTH) * LENGTH == pytest.approx(counted(config) + ROWS * recurrence, rel=1e-12)


def test_attention_alone_grows_with_the_length() -> None:
    wide = TransformerConfig(**SMALL | {"max_length": None, "position": "none"})
    each = 2 * 2 * 8 * wide.n_layer  # per row seen: a product with its key and one with its value, in two heads of 4
    fixed = flops(wide, 1) / 2 - 1.5 * each
    for length in (1, 10, 1000):
        assert flops(wide, length) == pytest.approx((fixed + each * (length + 2) / 2) * (length + 1) / length)
    gru = GRUConfig(n_symbol=3, width=12)
    assert flops(gru, 10) * 10 / 11 == pytest.approx(flops(gru, 1000) * 1000 / 1001)


def test_what_cannot_be_counted_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import jaxtyping

    with pytest.raises(ValueError, match="must be at least 1; got 0"):
        flops(GRUConfig(n_symbol=3), 0)
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # else the annotation answers first

    class Other:
        width, n_symbol = 3, 3

    with pytest.raises(ValueError, match="a configuration of this package; got Other"):
        flops(Other(), 3)
