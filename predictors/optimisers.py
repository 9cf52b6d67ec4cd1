"""Optimisers by name, what of a network each of them moves, and their state as tensors with names.

Glossary, as in the references: theta parameter, g gradient, m momentum, eta learning rate, lambda weight decay,
beta momentum coefficient.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

from predictors.training_record import TrainingConfig

__all__ = ["Muon", "decayed", "optimisers", "optimiser_state", "orthogonalised", "restore_optimisers"]

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Jordan's coefficients of p(s) = a s + b s^3 + c s^5: steep at 0, and after five rounds every singular value from
about 0.002 to 1 lies between 0.7 and 1.2."""

ROUNDS = 5
RMS = 0.2
"""Root mean square of an update's entries at learning rate 1: about what AdamW's have (Liu and others)."""


def optimisers(network: nn.Module, config: TrainingConfig) -> list[Optimizer]:
    """What moves the parameters of a network: one optimiser, or two that share them out.

    - `adamw`: Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), rates `betas`.
    - `sgd`: theta <- theta - eta m with m <- momentum m + g + lambda theta.
    - `muon`: `Muon` for the matrices inside the network, those of `decayed` with two axes neither of which is as long
      as the alphabet (so that readouts are left out, as the method wants); AdamW for all else.

    Everywhere only the parameters of `decayed` have weight decay.
    """
    names = set(decayed(network))
    trained = [(name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad]
    if config.optimiser != "muon":
        return [_plain(config, [(p, name in names) for name, p in trained])]
    n_symbol = getattr(network, "n_symbol", None)
    inner = [p for name, p in trained if name in names and p.ndim == 2 and n_symbol not in p.shape]
    chosen = {id(parameter) for parameter in inner}
    rest = [(p, name in names) for name, p in trained if id(p) not in chosen]
    found: list[Optimizer] = []
    if inner:
        found.append(Muon(inner, lr=config.lr, momentum=config.momentum, weight_decay=config.weight_decay))
    if rest:
        found.append(_plain(config, rest))
    return found


def _plain(config: TrainingConfig, parameters: Iterable[tuple[Tensor, bool]]) -> Optimizer:
    """AdamW or SGD over parameters, each with whether it decays."""
    given = list(parameters)
    groups: list[dict[str, Any]] = [
        {"params": [p for p, decays in given if decays], "weight_decay": config.weight_decay},
        {"params": [p for p, decays in given if not decays], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if config.optimiser == "sgd":
        return SGD(groups, lr=config.lr, momentum=config.momentum)
    return AdamW(groups, lr=config.lr, betas=config.betas, fused=True)


def decayed(network: nn.Module) -> list[str]:
    """Names of the parameters with weight decay: those with two axes or more and "weight" in the last part of the name.

    So matrices of linear, convolutional and recurrent layers decay; biases, gains of norms, embeddings (`nn.Embedding`
    or not), positions, begin vectors and the logarithms of a state-space model's rates do not. Nor does a parameter
    that is marked `_no_weight_decay`, as Mamba's are in its authors' code.
    """
    embedded = {id(module.weight) for module in network.modules() if isinstance(module, nn.Embedding)}
    return [
        name
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
        and parameter.ndim >= 2
        and "weight" in name.rpartition(".")[2]
        and id(parameter) not in embedded
        and not getattr(parameter, "_no_weight_decay", False)
    ]


# ----------------------------------------------------------------------------------------------------------------- Muon


class Muon(Optimizer):
    """Momentum, orthogonalised: every direction that the momentum of a matrix has is followed equally far.

    m <- beta m + (1 - beta) g;  u = orthogonalised((1 - beta) g + beta m), which is Nesterov's form;
    theta <- theta - eta (0.2 sqrt(max(rows, columns)) u + lambda theta).

    The factor gives the entries of an update the size that AdamW's have, so that one learning rate serves both.
    Fused matrices (the gates of an LSTM, query-key-value) are taken as one.

    Args:
        matrices: parameters with two axes.
    Reference:
        Jordan and others, "Muon: an optimizer for hidden layers in neural networks" (2024),
        kellerjordan.github.io/posts/muon; the factor: Liu and others, arXiv 2502.16982.
    """

    def __init__(self, matrices: Sequence[Tensor], *, lr: float, momentum: float, weight_decay: float) -> None:
        super().__init__(list(matrices), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every matrix that has a gradient."""
        assert closure is None
        for group in self.param_groups:
            beta = group["momentum"]
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(matrix)
                mean = state["momentum_buffer"].lerp_(matrix.grad, 1 - beta)
                update = orthogonalised(matrix.grad.lerp(mean, beta))
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.add_(update, alpha=-group["lr"] * RMS * max(matrix.shape) ** 0.5)


def orthogonalised(matrix: Float[Tensor, "row column"], rounds: int = ROUNDS) -> Float[Tensor, "row column"]:
    """Nearly U V' for a matrix U S V': its singular vectors, with singular values near 1.

    Newton-Schulz iteration X <- a X + (b X X' + c (X X')^2) X from X = matrix / |matrix|, matrix products alone. A
    matrix of zeros stays zeros.
    """
    a, b, c = QUINTIC
    size = matrix.norm()
    if not bool(size > 0):
        return matrix.clone()
    x = matrix / size
    wide: Tensor = x if x.shape[0] <= x.shape[1] else x.T
    for _ in range(rounds):
        gram = wide @ wide.T
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    return wide if x.shape[0] <= x.shape[1] else wide.T


# ---------------------------------------------------------------------------------------------------------------- state


def optimiser_state(found: list[Optimizer]) -> dict[str, Tensor]:
    """Everything that the optimisers remember, as tensors named `i.j.key`: optimiser, parameter of it, entry."""
    return {
        f"{i}.{j}.{key}": value.detach()
        for i, optimiser in enumerate(found)
        for j, parameter in enumerate(_parameters(optimiser))
        for key, value in optimiser.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def restore_optimisers(found: list[Optimizer], state: dict[str, Tensor]) -> None:
    """Give the optimisers what `optimiser_state` gave, which has to come from the same network and configuration.

    Raises:
        ValueError: if it does not fit.
    """
    for name, value in state.items():
        try:
            i, j, key = name.split(".", 2)
            optimiser = found[int(i)]
            parameter = _parameters(optimiser)[int(j)]
        except (ValueError, IndexError):
            raise ValueError(f"no optimiser of this configuration has the state {name!r}") from None
        if value.ndim and value.shape != parameter.shape:
            shapes = f"{tuple(value.shape)}; its parameter has {tuple(parameter.shape)}"
            raise ValueError(f"the optimiser's state {name!r} has shape {shapes}")
        optimiser.state[parameter][key] = value.to(parameter.device, copy=True)


def _parameters(optimiser: Optimizer) -> list[Tensor]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]
