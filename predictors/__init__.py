"""One interface over sequence models: run, read, edit and train them. Needs torch; knows nothing of processes."""

from predictors.build import CONFIGS, Config, build, n_parameters
from predictors.predictor import (
    At,
    Carry,
    Edit,
    Edited,
    Predictor,
    Site,
    Tap,
    UnknownSite,
    at,
    capture,
    edited,
    untouched,
)
from predictors.recurrent import GRU, LSTM, GRUConfig, LSTMConfig
from predictors.transformer import Transformer, TransformerConfig, attention_patterns

__all__ = [
    "At",
    "CONFIGS",
    "Carry",
    "Config",
    "Edit",
    "Edited",
    "GRU",
    "GRUConfig",
    "LSTM",
    "LSTMConfig",
    "Predictor",
    "Site",
    "Tap",
    "Transformer",
    "TransformerConfig",
    "UnknownSite",
    "at",
    "attention_patterns",
    "build",
    "capture",
    "edited",
    "n_parameters",
    "untouched",
]
