"""Results in the types of JSON."""

from collections.abc import Mapping
from math import isinf, isnan

import numpy as np


def plain(value: object) -> object:
    """A value in JSON types: infinities as "inf" and "-inf", complex numbers as [real, imaginary], and results with
    `to_dict` (bounds, estimates, ...) as that gives them.
    """
    match value:
        case float() if isinf(value):
            return "inf" if value > 0 else "-inf"
        case float():
            assert not isnan(value)
            return float(value)
        case complex():
            return [plain(value.real), plain(value.imag)]
        case np.ndarray():
            return plain(value.tolist())
        case tuple() | list():
            return [plain(item) for item in value]
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
    return value.to_dict() if hasattr(value, "to_dict") else value
