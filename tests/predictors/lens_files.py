"""Small random transformers as files in TransformerLens's naming."""

from pathlib import Path

import torch
from safetensors.torch import save_file

WIDTH = 6


def save_lens_file(path: Path, n_vocab: int, *, n_position: int) -> None:
    """One random block of two heads, as TransformerLens names its parts."""
    shapes = {"embed.W_E": (n_vocab, WIDTH), "pos_embed.W_pos": (n_position, WIDTH), "unembed.W_U": (WIDTH, n_vocab)}
    shapes |= {"unembed.b_U": (n_vocab,), "ln_final.w": (WIDTH,), "ln_final.b": (WIDTH,)}
    block = {f"attn.W_{letter}": (2, WIDTH, 3) for letter in "QKV"} | {f"attn.b_{letter}": (2, 3) for letter in "QKV"}
    block |= {"attn.W_O": (2, 3, WIDTH), "attn.b_O": (WIDTH,)}
    block |= {"mlp.W_in": (WIDTH, 5), "mlp.b_in": (5,), "mlp.W_out": (5, WIDTH), "mlp.b_out": (WIDTH,)}
    block |= {f"{norm}.{letter}": (WIDTH,) for norm in ("ln1", "ln2") for letter in "wb"}
    shapes |= {f"blocks.0.{name}": shape for name, shape in block.items()}
    rng = torch.Generator().manual_seed(n_vocab)
    save_file({name: torch.randn(shape, generator=rng, dtype=torch.float64) for name, shape in shapes.items()}, path)
