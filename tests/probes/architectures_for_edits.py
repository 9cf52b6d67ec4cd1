"""Tiny networks of every architecture, untrained, in float64."""

import torch

from predictors import CONFIGS, Predictor, build

SIZES = {
    "transformer": {"n_layer": 2, "width": 8, "n_head": 2, "head_width": 4, "mlp_width": 8, "max_length": 12},
    "hybrid": {"n_layer": 2, "width": 8, "n_head": 2, "head_width": 4, "mlp_width": 8, "n_state": 2},
    "mamba": {"n_layer": 2, "width": 8, "n_state": 2},
    "mamba2": {"n_layer": 2, "width": 8, "n_state": 4, "head_width": 8},
    "lru": {"n_layer": 2, "width": 8, "n_state": 6},
}

NAMES = tuple(CONFIGS)


def tiny(name: str, n_symbol: int = 2, seed: int = 0) -> Predictor:
    """A network whose parameters are large enough for its predictions to vary."""
    settings = SIZES.get(name, {"n_layer": 2, "width": 8})
    model = build(CONFIGS[name](n_symbol=n_symbol, **settings), rng=torch.Generator().manual_seed(seed)).double()
    with torch.no_grad():
        model.readout_weight.mul_(20.0)
    return model
