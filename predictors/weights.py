"""What taking over somebody else's weights needs: their tensors by name, what ours has not, and the network filled."""

from collections.abc import Mapping
from typing import Any, TypeVar

from torch import Tensor

from predictors.network import Network

__all__ = ["Weights", "ends", "filled", "refuse"]

N = TypeVar("N", bound=Network)


class Weights:
    """The tensors of a model whose names start with a prefix, by the rest of their names."""

    def __init__(self, model: Any, prefix: str) -> None:
        self.all: Mapping[str, Tensor] = model.state_dict()
        self.prefix = prefix

    def __getitem__(self, name: str) -> Tensor:
        return self._named(self.prefix + name)

    def under(self, prefix: str) -> "Weights":
        """Those whose names go on with another prefix."""
        inner = Weights.__new__(Weights)
        inner.all, inner.prefix = self.all, self.prefix + prefix
        return inner

    @property
    def head(self) -> Tensor:
        """The readout."""
        return self._named("lm_head.weight")

    def _named(self, name: str) -> Tensor:
        if name not in self.all:
            kind = "a language model with a head"
            raise ValueError(f"the model has no tensor {name!r}: is it {kind}, and of this family?")
        return self.all[name].detach()


def ends(weights: Weights, table: str, begin: int) -> dict[str, Tensor]:
    """The tensors outside the blocks that both have. Raises ValueError if `begin` is no token."""
    embedding = weights[table]
    if not 0 <= begin < len(embedding):
        raise ValueError(f"begin must be a token of the model, 0 .. {len(embedding) - 1}; got {begin}")
    readout = weights.head
    zeros = readout.new_zeros(len(readout))
    return {"begin": embedding[begin], "embedding": embedding, "readout_weight": readout, "readout_bias": zeros}


def refuse(**settings: tuple[object, tuple[object, ...]]) -> None:
    """Raise ValueError for the first setting, name=(value, values that we have), that is none of them."""
    for name, (value, known) in settings.items():
        if value not in known:
            raise ValueError(
                f"the model has {name}={value!r}, which ours has not (only {', '.join(map(repr, known))}): run it "
                "behind the adapter for Hugging Face models"
            )


def filled(network: N, weights: Mapping[str, Tensor]) -> N:
    """The network with every one of its parameters replaced, in the precision of the embedding. Nothing is shared."""
    dtype = weights["embedding"].dtype
    network.to(dtype).load_state_dict({name: value.detach().clone().to(dtype) for name, value in weights.items()})
    return network
