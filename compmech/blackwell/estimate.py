"""A number estimated from samples, with its standard error."""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from jaxtyping import Float

from compmech.plain import plain


@dataclass(frozen=True)
class Estimate:
    """A number estimated from samples: 19 of 20 such estimates lie within two standard errors of what they estimate,
    and somewhat fewer where rare events decide.

    Attributes:
        value: the estimate. -inf where the quantity is known to be so.
        standard_error: of sampling alone; what else may be off is said beside the quantity.
    """

    value: float
    standard_error: float

    @property
    def low(self) -> float:
        """Two standard errors below."""
        return self.value - 2 * self.standard_error

    @property
    def high(self) -> float:
        """Two standard errors above."""
        return self.value + 2 * self.standard_error

    def to_dict(self) -> dict[str, object]:
        """The estimate in JSON types."""
        return {"value": plain(self.value), "standard_error": plain(self.standard_error)}


def average(values: Float[np.ndarray, " sample"]) -> Estimate:
    """Mean of independent values, and its standard error; infinite where there is but one value."""
    n = len(values)
    spread = float(np.std(values, ddof=1)) if n > 1 else inf
    return Estimate(float(np.mean(values)), spread / sqrt(n))
