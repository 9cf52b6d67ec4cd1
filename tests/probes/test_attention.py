"""Attention against lag: a planted decay is read back, a flat head is told from it."""

import numpy as np
import pytest
import torch

from compmech import zoo
from predictors import GRUConfig, TransformerConfig, attention_patterns, build
from probes.attention import attention_by_lag, attention_decay, leading_eigenvalue


@pytest.mark.parametrize("x", [0.05, 0.15, 0.4])
def test_the_eigenvalue_of_mess3_is_one_less_three_x(x: float) -> None:
    assert leading_eigenvalue(zoo.mess3(x=x, a=0.6)) == pytest.approx(1 - 3 * x)


def test_a_coin_has_no_other_eigenvalue() -> None:
    assert leading_eigenvalue(zoo.biased_coin()) == 0


def test_the_mean_is_over_words_and_rows_and_leaves_the_begin_vector_out() -> None:
    config = TransformerConfig(n_symbol=3, max_length=6, width=8, n_layer=2, n_head=2, head_width=4, mlp_width=8)
    model = build(config, rng=torch.Generator().manual_seed(0))
    words = np.random.default_rng(0).integers(0, 3, (5, 6))
    found = attention_by_lag(model, words, rows=range(4, 7))
    assert found.shape == (2, 2, 4)
    with torch.no_grad():
        patterns = attention_patterns(model, torch.from_numpy(words)).double().numpy()
    for lag in range(4):
        slow = np.mean([patterns[s, :, :, t, t - lag] for s in range(5) for t in (4, 5, 6)], axis=0)
        np.testing.assert_allclose(found[:, :, lag], slow, atol=1e-7)  # the means are taken in another order
    assert attention_by_lag(model, words).shape == (2, 2, 3)


def test_a_planted_decay_is_read_back_and_a_flat_head_is_not_one(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.zeros((1, 2, 9))
    weights[0, 0] = 0.3 * 0.55 ** np.arange(9) * np.exp(0.02 * np.random.default_rng(0).standard_normal(9))
    weights[0, 1] = 1 / 9
    falling, flat = attention_decay(weights, zoo.mess3(x=0.15, a=0.6))
    assert falling.low < 0.55 < falling.high
    assert falling.high - falling.low < 0.05
    assert falling.r2 > 0.99
    assert falling.expected == pytest.approx(0.55)
    assert flat.rate == pytest.approx(1)
    assert (falling.head, flat.head) == (0, 1)


def test_what_has_no_attention_or_too_few_lags_is_refused() -> None:
    gru = build(GRUConfig(n_symbol=3, width=4, n_layer=1), rng=torch.Generator().manual_seed(0))
    words = np.zeros((2, 6), dtype=np.int64)
    with pytest.raises(ValueError, match="no attention"):
        attention_by_lag(gru, words)
    with pytest.raises(ValueError, match="three lags"):
        attention_decay(np.ones((1, 1, 3)), zoo.mess3())
    config = TransformerConfig(n_symbol=3, max_length=6, width=8, n_layer=1, n_head=2, head_width=4, mlp_width=8)
    with pytest.raises(ValueError, match="rows"):
        attention_by_lag(build(config, rng=torch.Generator().manual_seed(0)), words, rows=range(0, 3))
    for wrong in (np.nan, -0.1):
        with pytest.raises(ValueError, match=f"weights of attention are 0 or more; got {wrong}"):
            attention_decay(np.full((1, 1, 6), wrong), zoo.mess3())
