"""The conformance kit: fifteen checks of the predictor contract, for whoever writes a predictor."""

from predictors.conformance.kit import CHECKS, ConformanceReport, check_predictor
from predictors.conformance.trial import ConformanceError

__all__ = ["CHECKS", "ConformanceError", "ConformanceReport", "check_predictor"]
