"""A training under way as a value, and as a file: safetensors with one JSON entry. Nothing is ever unpickled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor

from predictors.checkpoint import checksum

__all__ = ["FORMAT_VERSION", "Snapshot", "snapshot_bytes", "snapshot_from"]

FORMAT_VERSION = 1
KEY = "belief-geometry-training"
PARTS = ("weights", "optimiser", "noise")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All that a training needs to go on, as if it had never stopped.

    Attributes:
        step: updates made.
        weights: of the network, by name.
        optimiser: what the optimisers remember, by name.
        noise: state of the generator that a network's own randomness draws from, as dropout.
        rest: configuration, generators, curves and clock, in types of JSON.
    """

    step: int
    weights: Mapping[str, Tensor]
    optimiser: Mapping[str, Tensor]
    noise: Tensor
    rest: Mapping[str, Any]


def snapshot_bytes(snapshot: Snapshot) -> bytes:
    """The snapshot as the contents of a file, with a checksum. Same snapshot, same bytes."""
    named = {"weights": snapshot.weights, "optimiser": snapshot.optimiser, "noise": {"": snapshot.noise}}
    tensors = {
        f"{part}/{name}": tensor.detach().cpu().clone().contiguous()
        for part in PARTS
        for name, tensor in named[part].items()
    }
    header = {
        "format_version": FORMAT_VERSION,
        "step": snapshot.step,
        "checksum": checksum(tensors),
        "rest": snapshot.rest,
    }
    return to_bytes(tensors, metadata={KEY: json.dumps(header, sort_keys=True)})


def snapshot_from(data: bytes) -> Snapshot:
    """The snapshot of which this is the file.

    Raises:
        ValueError: in one line, if it is damaged, of another format, or no such file.
    """
    try:
        tensors = from_bytes(data)
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"damaged, or no safetensors file ({error})") from None
    header = _header(data)
    if header.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"format version {header.get('format_version')!r}; this package reads version {FORMAT_VERSION}"
        )
    if header.get("checksum") != checksum(tensors):
        raise ValueError("damaged: its contents do not have the checksum that they were written with")
    parts: dict[str, dict[str, Tensor]] = {part: {} for part in PARTS}
    for key, tensor in tensors.items():
        part, _, name = key.partition("/")
        if part not in parts:
            raise ValueError(f"the tensor {key!r} belongs to no part of a training")
        parts[part][name] = tensor
    step, rest = header.get("step"), header.get("rest")
    if not isinstance(step, int) or not isinstance(rest, dict) or "" not in parts["noise"]:
        raise ValueError("its metadata is not that of a training")
    return Snapshot(step, parts["weights"], parts["optimiser"], parts["noise"][""], rest)


def _header(data: bytes) -> dict[str, Any]:
    """Our entry in the metadata. The format: eight bytes of length, then JSON, which safetensors has checked."""
    length = int.from_bytes(data[:8], "little")
    try:
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
        if KEY not in metadata:
            raise ValueError(f"a safetensors file, but no training of this package: no metadata {KEY!r}")
        header = json.loads(metadata[KEY])
        if not isinstance(header, dict):
            raise ValueError("metadata cannot be read: no JSON object")
    except RecursionError:
        raise ValueError("metadata cannot be read: nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"metadata cannot be read ({error})") from None
    return header
