"""One interface over sequence models: run, read, edit and train them. Needs torch; knows nothing of processes."""

from predictors.baselines import KGramPredictor, UniformPredictor
from predictors.build import CONFIGS, Config, build, n_parameters
from predictors.checkpoint import CheckpointError, load, save
from predictors.conformance import ConformanceError, ConformanceReport, check_predictor
from predictors.evaluation import kl_to_optimum
from predictors.exact import ProcessPredictor
from predictors.mamba import Mamba, MambaConfig
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
    observe,
    untouched,
)
from predictors.recurrent import GRU, LSTM, GRUConfig, LSTMConfig
from predictors.sweep import SweepRow, best_rate, sweep_learning_rates
from predictors.training import one_thread, train
from predictors.training_record import Evaluation, TrainingConfig, TrainingDiverged, TrainingRecord
from predictors.transformer import Transformer, TransformerConfig, attention_patterns

__all__ = [
    "At",
    "CONFIGS",
    "Carry",
    "CheckpointError",
    "Config",
    "ConformanceError",
    "ConformanceReport",
    "Edit",
    "Edited",
    "Evaluation",
    "GRU",
    "GRUConfig",
    "KGramPredictor",
    "LSTM",
    "LSTMConfig",
    "Mamba",
    "MambaConfig",
    "Predictor",
    "ProcessPredictor",
    "Site",
    "SweepRow",
    "Tap",
    "TrainingConfig",
    "TrainingDiverged",
    "TrainingRecord",
    "Transformer",
    "TransformerConfig",
    "UniformPredictor",
    "UnknownSite",
    "at",
    "attention_patterns",
    "best_rate",
    "build",
    "capture",
    "check_predictor",
    "edited",
    "kl_to_optimum",
    "load",
    "n_parameters",
    "observe",
    "one_thread",
    "save",
    "sweep_learning_rates",
    "train",
    "untouched",
]
