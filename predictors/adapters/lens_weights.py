"""Plain files of weights in TransformerLens's naming, read into a transformer of our own blocks.

Such files hold a state dict and no configuration. All sizes follow from the shapes; the activation does not, and must
be said. Read are safetensors files: nothing is ever unpickled.

Names in the file: `embed.W_E` (vocab, d_model), `pos_embed.W_pos` (position, d_model), `blocks.i.ln1.w`,
`blocks.i.attn.W_Q` (head, d_model, d_head), `blocks.i.attn.W_O` (head, d_head, d_model), `blocks.i.mlp.W_in`
(d_model, d_mlp), `ln_final.w`, `unembed.W_U` (d_model, vocab), and the biases that belong to them.
"""

import os
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

import torch
from jaxtyping import Int
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from predictors.adapters.foreign import ForeignPredictor
from predictors.checkpoint import CheckpointError
from predictors.network import Memory
from predictors.predictor import Site, Tap, visit
from predictors.transformer import Block, TransformerConfig

__all__ = ["LensTransformer", "load_transformer_lens"]

BUFFERS = re.compile(r"blocks\.\d+\.attn\.(mask|IGNORE)")
"""What TransformerLens's state dicts hold besides weights: the causal mask and what stands for minus infinity in it."""

PICKLES = (b"PK", b"\x80")
"""How files of torch.save begin."""


class LensTransformer(ForeignPredictor):
    """A pre-norm transformer without begin vector: position t holds the symbol x_t, and rows start at 1.

    With `begin`, an id of its vocabulary beyond the symbols or one of them, it reads that first and has row 0. Its
    sites are those of `Transformer`. Made by `load_transformer_lens`.
    """

    def __init__(self, config: TransformerConfig, n_symbol: int, n_position: int, begin: int | None) -> None:
        super().__init__(n_symbol, config.n_symbol, begin, n_position)
        self.shape = config
        self.embedding = nn.Parameter(torch.zeros(config.n_symbol, config.width))
        self.position = nn.Parameter(torch.zeros(n_position, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.norm = nn.LayerNorm(config.width)
        self.readout_weight = nn.Parameter(torch.zeros(config.n_symbol, config.width))
        self.readout_bias = nn.Parameter(torch.zeros(config.n_symbol))

    @cached_property
    def sites(self) -> Mapping[str, Site]:
        width, shape = self.shape.width, (self.shape.n_head, self.shape.head_width)
        sites = {"embed": Site(width, (width,), "the embedding of the symbol just read, without its position")}
        for i in range(self.shape.n_layer):
            for name in ("key", "value"):
                sites[f"layer.{i}.{name}"] = Site(
                    shape[0] * shape[1], shape, f"block {i}: {name}s, as cached", state=True
                )
            sites[f"layer.{i}"] = Site(width, (width,), f"residual stream after block {i}")
        return sites | {"final": Site(width, (width,), "what the unembedding reads")}

    def _blank(self, n_seq: int) -> Memory:
        none = self.position.new_zeros(n_seq, 0, self.shape.n_head * self.shape.head_width)
        return ((none, none),) * self.shape.n_layer

    def _run(self, ids: Int[Tensor, "seq row"], rows: range, memory: Memory, tap: Tap) -> tuple[Tensor, Memory]:
        place = range(rows.start - self.first_row, rows.stop - self.first_row)
        x = visit(tap, "embed", rows, F.embedding(ids, self.embedding)) + self.position[place.start : place.stop]
        after = []
        for i, (block, past) in enumerate(zip(cast(Iterable[Block], self.blocks), memory, strict=True)):
            # A block tells by rows.start whether there is a past, so it must count from 0: the tap is shown true rows.
            x, kept = block(x, place, past, _Shifted(tap, rows.start - place.start), f"layer.{i}")
            after.append(kept)
        final = visit(tap, "final", rows, self.norm(x))
        return F.linear(final, self.readout_weight, self.readout_bias), tuple(after)


class _Shifted:
    """A tap that is shown rows counted from another start."""

    def __init__(self, inner: Tap, by: int) -> None:
        self.inner, self.by, self.reads = inner, by, inner.reads
        self.writes = {
            site: None if rows is None else {row - by for row in rows} for site, rows in inner.writes.items()
        }

    def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
        return self.inner(site, range(rows.start + self.by, rows.stop + self.by), value)


def load_transformer_lens(
    path: str | os.PathLike[str],
    *,
    n_symbol: int | None = None,
    begin: int | None = None,
    activation: Literal["relu", "gelu"] = "relu",
) -> LensTransformer:
    """Read a file of weights in TransformerLens's naming.

    Layer norms have their usual epsilon 1e-5 and attention is scaled by 1 / sqrt(d_head), as by default there.

    Args:
        path: a safetensors file. A pickle (.pt, .pth) is refused, as reading one can run any code.
        n_symbol: symbols are the ids 0 .. n_symbol - 1; None: the whole vocabulary.
        begin: id that it was trained to read first; None: it reads symbols only, and rows start at 1.
        activation: of the perceptrons, which the file cannot tell.
    Raises:
        CheckpointError: if the file is damaged, a pickle, or no pre-norm transformer in this naming.
        OSError: if it cannot be read.
    Example:
        >>> model = load_transformer_lens("mess3.safetensors")  # doctest: +SKIP
    """
    tensors = _read(Path(path))
    try:
        config, n_position = _configuration(tensors, activation)
        n_symbol = config.n_symbol if n_symbol is None else n_symbol
    except KeyError as error:
        raise CheckpointError(
            path, f"the tensor {error} is missing: no transformer in TransformerLens's naming"
        ) from None
    except (ValueError, IndexError) as error:
        raise CheckpointError(path, f"no pre-norm transformer in TransformerLens's naming ({error})") from None
    model = LensTransformer(config, n_symbol, n_position, begin)
    _fill(path, model, tensors)
    return model.eval()


def _read(path: Path) -> dict[str, Tensor]:
    with open(path, "rb") as file:
        if file.read(2).startswith(PICKLES):
            problem = "a pickle, and reading one can run any code: save the state dict with safetensors.torch.save_file"
            raise CheckpointError(path, problem)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(path, f"damaged, or no safetensors file ({error})") from None
    return {name: tensor for name, tensor in tensors.items() if not BUFFERS.fullmatch(name)}


def _configuration(tensors: Mapping[str, Tensor], activation: Literal["relu", "gelu"]) -> tuple[TransformerConfig, int]:
    n_vocab, width = tensors["embed.W_E"].shape
    n_head, _, head_width = tensors["blocks.0.attn.W_Q"].shape
    n_position = tensors["pos_embed.W_pos"].shape[0]
    layers = [int(name.split(".")[1]) for name in tensors if re.match(r"blocks\.\d+\.", name)]
    config = TransformerConfig(
        n_symbol=n_vocab,
        max_length=n_position,
        width=width,
        n_layer=max(layers) + 1,
        n_head=n_head,
        head_width=head_width,
        mlp_width=tensors["blocks.0.mlp.W_in"].shape[1],
        activation=activation,
    )
    return config, n_position


def _fill(path: str | os.PathLike[str], model: LensTransformer, tensors: Mapping[str, Tensor]) -> None:
    """Put the tensors where they belong; refuse any that is missing, left over, of another shape or precision."""
    rest, expected = dict(tensors), model.state_dict()

    def take(name: str, shape: tuple[int, ...]) -> Tensor:
        if name not in rest:
            raise CheckpointError(path, f"the tensor {name!r} is missing")
        tensor = rest.pop(name)
        if tuple(tensor.shape) != shape:
            raise CheckpointError(path, f"the tensor {name!r} has shape {tuple(tensor.shape)}; the others say {shape}")
        return tensor

    n_vocab, width, n_position = model.n_vocab, model.shape.width, cast(int, model.max_id)
    head, inner = (model.shape.n_head, model.shape.head_width), model.shape.mlp_width
    found = {
        "embedding": take("embed.W_E", (n_vocab, width)),
        "position": take("pos_embed.W_pos", (n_position, width)),
        "norm.weight": take("ln_final.w", (width,)),
        "norm.bias": take("ln_final.b", (width,)),
        "readout_weight": take("unembed.W_U", (width, n_vocab)).t(),
        "readout_bias": take("unembed.b_U", (n_vocab,)),
    }
    for i in range(model.shape.n_layer):
        theirs, ours = f"blocks.{i}", f"blocks.{i}"
        into = [take(f"{theirs}.attn.W_{letter}", (head[0], width, head[1])) for letter in "QKV"]
        biases = [take(f"{theirs}.attn.b_{letter}", head) for letter in "QKV"]
        found |= {
            # (head, width, head_width) as rows head * head_width, the order in which a block cuts its heads
            f"{ours}.query_key_value.weight": torch.cat([W.transpose(1, 2).reshape(-1, width) for W in into]),
            f"{ours}.query_key_value.bias": torch.cat([b.flatten() for b in biases]),
            f"{ours}.attention_out.weight": take(f"{theirs}.attn.W_O", (*head, width)).reshape(-1, width).t(),
            f"{ours}.attention_out.bias": take(f"{theirs}.attn.b_O", (width,)),
            f"{ours}.mlp_in.weight": take(f"{theirs}.mlp.W_in", (width, inner)).t(),
            f"{ours}.mlp_in.bias": take(f"{theirs}.mlp.b_in", (inner,)),
            f"{ours}.mlp_out.weight": take(f"{theirs}.mlp.W_out", (inner, width)).t(),
            f"{ours}.mlp_out.bias": take(f"{theirs}.mlp.b_out", (width,)),
        }
        for their_norm, our_norm in (("ln1", "attention_norm"), ("ln2", "mlp_norm")):
            found[f"{ours}.{our_norm}.weight"] = take(f"{theirs}.{their_norm}.w", (width,))
            found[f"{ours}.{our_norm}.bias"] = take(f"{theirs}.{their_norm}.b", (width,))
    if rest:
        raise CheckpointError(path, f"the tensor {min(rest)!r} belongs to nothing in a pre-norm transformer")
    kinds = {tensor.dtype for tensor in found.values()}
    if len(kinds) != 1 or not next(iter(kinds)).is_floating_point:
        raise CheckpointError(path, f"all its tensors must have one precision; they have {sorted(map(str, kinds))}")
    assert found.keys() == expected.keys()
    model.to(kinds.pop()).load_state_dict(found)
