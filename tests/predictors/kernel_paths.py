"""Running a test on the compiled kernels and on torch operations."""

import pytest

import predictors.convolution
import predictors.norm
import predictors.recurrent
import predictors.scan
import predictors.stepping
from predictors import kernels

USERS = (predictors.convolution, predictors.norm, predictors.recurrent, predictors.scan, predictors.stepping)


@pytest.fixture(params=["compiled", "torch"])
def path(request, monkeypatch) -> str:
    """The path taken; compiled is skipped where nothing can be compiled."""
    if request.param == "torch":
        for module in USERS:
            monkeypatch.setattr(module, "library", lambda *tensors: None)
    elif not kernels.status().compiled:
        pytest.skip(kernels.status().detail)
    return request.param
