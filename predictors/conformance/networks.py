"""Checks of predictors with parameters: gradients, saving and loading, precision."""

import copy
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from predictors.build import CONFIGS
from predictors.checkpoint import load, save
from predictors.conformance.trial import SINGLE_TOLERANCE, Skip, Trial, deviation

__all__ = ["check_gradients", "check_precision", "check_round_trip"]

ROUNDINGS = 16
"""A float32 pass rounds every intermediate value as well as the weights: over random transformers of widths 2 to 64 and
1 to 4 layers it was off by up to 7.4 times what rounding the weights did at width 2, and up to 1.6 times elsewhere."""


def check_gradients(trial: Trial) -> None:
    """The loss of the words has a finite gradient, not all zero, in every trainable parameter."""
    twin = copy.deepcopy(_need_network(trial))
    if trial.predictor.n_symbol == 1:
        raise Skip("with one symbol every prediction is certain, so that the loss has no gradient")
    with torch.enable_grad():
        twin.zero_grad()
        rows = twin.log_probs(trial.tokens)[:, :-1]
        (-rows.gather(-1, trial.tokens[:, trial.rows[0] :, None])).mean().backward()
    for name, parameter in twin.named_parameters():
        if not parameter.requires_grad:
            trial.note(f"parameter {name!r} is frozen")
        elif parameter.grad is None or not bool(parameter.grad.abs().amax() > 0):
            trial.fail(f"no gradient reaches the parameter {name!r}")
        elif not bool(parameter.grad.isfinite().all()):
            trial.fail(f"the gradient of the parameter {name!r} is not finite")


def check_round_trip(trial: Trial) -> None:
    """A saved and loaded network gives the same predictions, bit for bit."""
    network, whole = _need_network(trial), trial.log_probs()  # first: a pass may leave in it what cannot be copied
    if type(getattr(network, "config", None)) in CONFIGS.values():
        with tempfile.TemporaryDirectory() as folder:
            save(network, Path(folder) / "network.safetensors")
            twin = load(Path(folder) / "network.safetensors")
    else:
        trial.note("the network has no built-in configuration: its state dict alone was carried over")
        twin = copy.deepcopy(network)
        for tensor in (*twin.parameters(), *twin.buffers()):
            tensor.zero_()
        twin.load_state_dict(network.state_dict())
    off = deviation(twin.log_probs(trial.tokens), whole)
    if bool((off > 0).any()):
        trial.fail("predictions after saving and loading", size=float(off.amax()))


def check_precision(trial: Trial) -> None:
    """With the same weights, float32 agrees with float64 to 1e-5, or as well as the network's condition allows.

    A layer norm over two numbers divides by their difference, however small: it multiplies rounding up to 1/sqrt(eps) =
    316 times, and a stack of them more. How much a network magnifies rounding is measured in float64, by rounding its
    weights; a float32 pass that computes what it should stays within a small multiple of that. Where this is more than
    1e-5, the report says so.
    """
    single = copy.deepcopy(_need_network(trial)).float()
    double = copy.deepcopy(single).double()
    trial.tolerance = max(trial.tolerance, SINGLE_TOLERANCE)
    moved = _moved_by_rounding(trial, double)
    found, exact = single.log_probs(trial.tokens), double.log_probs(trial.tokens)
    if ROUNDINGS * moved > trial.tolerance and float(deviation(found, exact).max()) > trial.tolerance:
        trial.tolerance = ROUNDINGS * moved
        trial.note(
            f"float32 was held to {trial.tolerance:.2g} only, as rounding the weights moves predictions by {moved:.2g}"
        )
    trial.same(found, exact, "float32 and float64")


def _moved_by_rounding(trial: Trial, double: Any) -> float:
    """The most that predictions move when every weight is off by up to one rounding of float32, in four draws."""
    want, rng, most = double.log_probs(trial.tokens), torch.Generator().manual_seed(0), 0.0
    for _ in range(4):
        rounded = copy.deepcopy(double)
        for parameter in rounded.parameters():
            off = torch.rand(parameter.shape, generator=rng, dtype=torch.float64) * 2 - 1
            parameter.data *= 1 + torch.finfo(torch.float32).eps * off.to(parameter.device)
        most = max(most, float(deviation(rounded.log_probs(trial.tokens), want).max()))
    return most


def _need_network(trial: Trial) -> Any:  # nn.Module and Predictor: no type says both
    if not isinstance(trial.predictor, nn.Module):
        raise Skip("the predictor is not a torch.nn.Module")
    if next(trial.predictor.parameters(), None) is None:
        raise Skip("the predictor has no parameters")
    return trial.predictor
