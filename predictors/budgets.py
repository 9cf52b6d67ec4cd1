"""How many updates a budget of symbols or of arithmetic pays for: equal budgets, stated in one unit."""

from collections.abc import Callable
from math import floor, isfinite

from torch import nn

from predictors.build import Config, n_parameters
from predictors.flops import flops

__all__ = ["flops_per_symbol", "parameter_rule", "steps_within"]


def steps_within(
    *,
    batch: int,
    length: int,
    symbols: float | None = None,
    flops: float | None = None,
    flops_per_symbol: float | Callable[[], float] | None = None,
) -> int:
    """The most updates that stay within a budget, for `TrainingConfig.steps`. With two limits the narrower holds.

    An update draws batch * (length + 1) symbols, and costs as many times `flops_per_symbol`.

    Args:
        symbols: the most that may be drawn.
        flops: the most floating-point operations that may be spent on forward passes, backward passes and updates.
        flops_per_symbol: of all three together, or a function that gives it: what the network says of itself, or
            `parameter_rule`.
    Raises:
        ValueError: if there is no limit, a limit is not positive, or it pays for no update at all.
    Example:
        >>> steps_within(batch=128, length=9, symbols=1e6)
        781
    """
    limits = []
    update = batch * (length + 1)
    if symbols is not None:
        limits.append(_positive("symbols", symbols) / update)
    if flops is not None:
        cost = flops_per_symbol() if callable(flops_per_symbol) else flops_per_symbol
        if cost is None:
            raise ValueError("a budget of flops needs flops_per_symbol: a number, or a function that gives it")
        limits.append(_positive("flops", flops) / (update * _positive("flops_per_symbol", cost)))
    if not limits:
        raise ValueError("a budget is a number of symbols, of flops, or both; got neither")
    steps = floor(min(limits))
    if steps < 1:
        raise ValueError(f"the budget does not pay for one update of {update} symbols: give more, or a smaller batch")
    return steps


def flops_per_symbol(network: nn.Module, length: int) -> tuple[float, str]:
    """Floating-point operations a symbol of training, and how they are known, for people.

    What the network says, if it has a method `flops_per_symbol(length)` for forward pass, backward pass and update
    together; three times the forward pass of `predictors.flops`, if it is an architecture of this package; else
    `parameter_rule`.
    """
    own = getattr(network, "flops_per_symbol", None)
    if callable(own):
        return _positive("flops_per_symbol", float(own(length))), "the network's own count"
    config = getattr(network, "config", None)
    if isinstance(config, Config):
        return 3 * flops(config, length), "three times the forward pass"
    return parameter_rule(network), "six for each parameter"


def parameter_rule(network: nn.Module) -> float:
    """Floating-point operations a symbol of training, by the rule of thumb: six for each trainable number.

    Two for a multiplication and an addition in the forward pass, four in the backward pass. It leaves out attention,
    scans, normalisation and the update, and counts the embedding, which is only looked up.

    Reference:
        Kaplan and others, arXiv 2001.08361, section 2.1.
    """
    return 6.0 * n_parameters(network)


def _positive(name: str, value: float) -> float:
    if not (value > 0 and isfinite(value)):
        raise ValueError(f"{name} must be positive and finite; got {value!r}")
    return value
