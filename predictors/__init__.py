"""One interface over sequence models: run, read, edit and train them. Needs torch; knows nothing of processes."""

from predictors.baselines import KGramPredictor, UniformPredictor, unigram
from predictors.budgets import flops_per_symbol, steps_within
from predictors.build import CONFIGS, Config, build, n_parameters
from predictors.checkpoint import CheckpointError, load, save
from predictors.conformance import ConformanceError, ConformanceReport, check_predictor
from predictors.evaluation import kl_to_optimum
from predictors.exact import ProcessPredictor
from predictors.flops import flops
from predictors.gates import gates
from predictors.hybrid import Hybrid, HybridConfig
from predictors.lru import LRU, LRUConfig
from predictors.malloc import keep_memory
from predictors.mamba import Mamba, MambaConfig
from predictors.mamba2 import Mamba2, Mamba2Config
from predictors.mingru import MinGRU, MinGRUConfig
from predictors.optimisers import Muon
from predictors.predictor import (
    At,
    Carry,
    Edit,
    Edited,
    EditNotReached,
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
from predictors.recurrent import GRU, LSTM, RNN, GRUConfig, LSTMConfig, RNNConfig
from predictors.schedules import learning_rate, log_spaced
from predictors.snapshot import Snapshot
from predictors.snapshot_folder import SnapshotFolder
from predictors.sources import FixedSequences, Windows, as_source
from predictors.sweep import SweepRow, best_rate, best_setting, next_rate, sweep_learning_rates, widened_sweep
from predictors.training import one_thread, train
from predictors.training_record import Evaluation, TrainingConfig, TrainingDiverged, TrainingRecord
from predictors.transformer import Transformer, TransformerConfig, attention_patterns
from predictors.weights_state_space import from_mamba, from_mamba2
from predictors.weights_transformer import from_gpt2, from_llama

__all__ = [
    "At",
    "CONFIGS",
    "Carry",
    "CheckpointError",
    "Config",
    "ConformanceError",
    "ConformanceReport",
    "Edit",
    "EditNotReached",
    "Edited",
    "Evaluation",
    "FixedSequences",
    "GRU",
    "GRUConfig",
    "Hybrid",
    "HybridConfig",
    "KGramPredictor",
    "LRU",
    "LRUConfig",
    "LSTM",
    "LSTMConfig",
    "Mamba",
    "Mamba2",
    "Mamba2Config",
    "MambaConfig",
    "MinGRU",
    "MinGRUConfig",
    "Muon",
    "Predictor",
    "ProcessPredictor",
    "RNN",
    "RNNConfig",
    "Site",
    "Snapshot",
    "SnapshotFolder",
    "SweepRow",
    "Tap",
    "TrainingConfig",
    "TrainingDiverged",
    "TrainingRecord",
    "Transformer",
    "TransformerConfig",
    "UniformPredictor",
    "UnknownSite",
    "Windows",
    "as_source",
    "at",
    "attention_patterns",
    "best_rate",
    "best_setting",
    "build",
    "capture",
    "check_predictor",
    "edited",
    "flops",
    "flops_per_symbol",
    "from_gpt2",
    "from_llama",
    "from_mamba",
    "from_mamba2",
    "gates",
    "keep_memory",
    "kl_to_optimum",
    "learning_rate",
    "load",
    "log_spaced",
    "n_parameters",
    "next_rate",
    "observe",
    "one_thread",
    "save",
    "steps_within",
    "sweep_learning_rates",
    "train",
    "unigram",
    "untouched",
    "widened_sweep",
]
