"""Networks of other libraries behind the Predictor interface. Each library is an extra, imported when it is used."""

from predictors.adapters.extras import EXTRAS, Extra, MissingExtra
from predictors.adapters.foreign import ForeignCarry, ForeignPredictor
from predictors.adapters.hooks import NoSuchBlock, Port
from predictors.adapters.hugging_face import adapt_hugging_face
from predictors.adapters.lens_weights import LensTransformer, load_transformer_lens
from predictors.adapters.modules import ReplayedModule, Resume, ResumedModule, adapt_module
from predictors.adapters.nnsight import adapt_nnsight
from predictors.adapters.transformer_lens import adapt_transformer_lens

__all__ = [
    "EXTRAS",
    "Extra",
    "ForeignCarry",
    "ForeignPredictor",
    "LensTransformer",
    "MissingExtra",
    "NoSuchBlock",
    "Port",
    "ReplayedModule",
    "Resume",
    "ResumedModule",
    "adapt_hugging_face",
    "adapt_module",
    "adapt_nnsight",
    "adapt_transformer_lens",
    "load_transformer_lens",
]
