"""Attention read against theory: how fast it falls with the distance between where it reads and where it stands.

The contribution of the symbol `lag` steps back to a constrained belief update shrinks like the powers of the net
matrix's second eigenvalue: (1 - 3x)^lag on Mess3.

Reference:
    Piotrowski, Riechers, Filan and Shai, arXiv 2502.01954.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int

from compmech import GHMM, HMM
from predictors import Predictor, attention_patterns
from predictors.transformer import Attentive

__all__ = ["AttentionDecay", "attention_by_lag", "attention_decay", "leading_eigenvalue"]

_ROUNDING = 1e-9


@dataclass(frozen=True)
class AttentionDecay:
    """A straight line through the logarithm of one head's mean attention against the lag.

    Attributes:
        layer, head: which; layers with attention are counted from 0.
        rate: exp(slope): the factor from one lag to the next.
        low, high: 95 % interval of the rate, from the scatter of the points about the line.
        r2: of the line. Low where the head does something else than decay.
        expected: |lambda_2| of the process.
    """

    layer: int
    head: int
    rate: float
    low: float
    high: float
    r2: float
    expected: float


def leading_eigenvalue(process: HMM | GHMM) -> complex:
    """The eigenvalue of the net matrix of greatest modulus but for one 1: 1 - 3x on Mess3.

    0 for a process of one state. Sign and phase are kept: a negative one makes signs alternate.
    """
    values = np.linalg.eigvals(process.T.sum(axis=0))
    rest = np.delete(values, np.argmin(np.abs(values - 1)))
    return complex(rest[np.argmax(np.abs(rest))]) if len(rest) else 0j


def attention_by_lag(
    model: Predictor, words: Int[np.ndarray, "seq time"], *, rows: range | None = None
) -> Float[np.ndarray, "layer head lag"]:
    """Mean attention weight paid to the symbol read `lag` steps before the last one read.

    Args:
        words: read by the model; the mean is over all of them.
        rows: over which the mean goes; None: the later half, so that every lag up to time/2 is there. What goes to the
            begin vector counts for no lag.
    Returns:
        Lag 0 is the symbol just read; lags go up to the least row's last symbol. Axis 0: layers with attention.
    Raises:
        ValueError: if no layer has attention, or rows are not within 1 .. time.
    """
    if not hasattr(model, "attention"):
        raise ValueError(f"{type(model).__name__} has no attention")
    n_time = words.shape[1]
    rows = range((n_time + 1) // 2, n_time + 1) if rows is None else rows
    if not rows or rows[0] < 1 or rows[-1] > n_time:
        raise ValueError(f"rows must lie in 1 .. {n_time}, the rows after a symbol; got {rows}")
    with torch.no_grad():
        patterns = attention_patterns(cast(Attentive, model), torch.from_numpy(words.astype(np.int64)))
    found = patterns.double().mean(dim=0).cpu().numpy()
    # row t reads sources 0 (the begin vector) .. t; source s >= 1 is the symbol t - s steps back
    return np.stack([np.mean([found[:, :, t, t - lag] for t in rows], axis=0) for lag in range(rows[0])], axis=-1)


def attention_decay(
    weights: Float[np.ndarray, "layer head lag"], process: HMM | GHMM, *, lags: range | None = None
) -> list[AttentionDecay]:
    """Fit a decay to every head.

    Args:
        weights: of `attention_by_lag`.
        lags: those fitted; None: all but lag 0, the symbol just read, whose weight serves the direct path too.
    Raises:
        ValueError: if fewer than three lags are left, or a weight is negative or nan.
    """
    lags = range(1, weights.shape[2]) if lags is None else lags
    if len(lags) < 3 or lags[-1] >= weights.shape[2]:
        raise ValueError(f"a decay needs three lags or more among 0 .. {weights.shape[2] - 1}; got {lags}")
    if not (weights >= 0).all():
        raise ValueError(f"weights of attention are 0 or more; got {weights[~(weights >= 0)][0]}")
    expected = abs(leading_eigenvalue(process))
    found = []
    for layer, head in np.ndindex(weights.shape[:2]):
        y = np.log(np.maximum(weights[layer, head, lags], _ROUNDING))
        x = np.array(lags, dtype=np.float64)
        x -= x.mean()
        slope = float(x @ y / (x @ x))
        rest = y - y.mean() - slope * x
        error = float(np.sqrt(rest @ rest / (len(x) - 2) / (x @ x)))
        spread = float(((y - y.mean()) ** 2).sum())
        r2 = 1 - float(rest @ rest) / spread if spread > 0 else 1.0
        width = _t(len(x) - 2) * error
        found.append(
            AttentionDecay(
                layer,
                head,
                float(np.exp(slope)),
                float(np.exp(slope - width)),
                float(np.exp(slope + width)),
                r2,
                expected,
            )
        )
    return found


def _t(freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))
