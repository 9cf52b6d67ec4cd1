"""Networks as files: safetensors, which runs no code on loading. Same network, same bytes.

The file's metadata has one key, `belief-geometry`, with sorted JSON: format version, architecture, configuration, and a
checksum of the tensors. One key only, because safetensors writes several in hash order, which changes from process to
process.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from predictors.build import CONFIGS, build
from predictors.network import Network
from predictors.predictor import Predictor
from predictors.whole_files import write_whole

__all__ = ["FORMAT_VERSION", "CheckpointError", "checksum", "dumps", "load", "save"]

FORMAT_VERSION = 1
KEY = "belief-geometry"
PRECISIONS = {torch.float16, torch.bfloat16, torch.float32, torch.float64}


class CheckpointError(ValueError):
    """A file is no checkpoint that can be loaded: one line naming the file and what is wrong with it.

    Attributes:
        path: the file.
        problem: what is wrong.
    """

    def __init__(self, path: str | os.PathLike[str], problem: str) -> None:
        self.path, self.problem = Path(path), " ".join(problem.split())
        super().__init__(path, problem)

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


def save(predictor: Predictor, path: str | os.PathLike[str]) -> None:
    """Write a network to a file: all of it or nothing.

    The bytes depend on the weights and the configuration alone. They go to a temporary file beside `path`, which then
    takes its place. Where `path` is a symbolic link, what it points to is written.

    Raises:
        ValueError: if the predictor is not a network made by `build`.
        OSError: if the file cannot be written, or `path` is a device, a pipe or anything else but a regular file.
    """
    write_whole(Path(path), dumps(predictor))


def dumps(predictor: Predictor) -> bytes:
    """What `save` writes.

    Raises:
        ValueError: if the predictor is not a network made by `build`.
    """
    config = getattr(predictor, "config", None)
    names = [name for name, kind in CONFIGS.items() if type(config) is kind]
    if not names or not isinstance(predictor, nn.Module):
        raise ValueError(
            f"only networks made by build(config) can be saved; got {type(predictor).__name__}: save its state dict by "
            "your own means, with what rebuilds it"
        )
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in predictor.state_dict().items()}
    header = {
        "format_version": FORMAT_VERSION,
        "architecture": names[0],
        "config": asdict(config),  # type: ignore[arg-type]
        "checksum": checksum(tensors),
    }
    return to_bytes(tensors, metadata={KEY: json.dumps(header, sort_keys=True)})


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, precisions, shapes and bytes, in hexadecimal. safetensors files have none of their own."""
    found = sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def load(path: str | os.PathLike[str]) -> Network:
    """Read a network from a file written by `save`, on the CPU, with the precision it was saved in.

    Raises:
        CheckpointError: if the file is damaged or was changed, is no checkpoint of this package, is of another format
            version, or holds tensors that do not fit its configuration. Files of before there was a checksum are read
            without one.
        OSError: if the file cannot be read.
    """
    with open(path, "rb"):
        pass  # a missing file or a folder is an OSError that names it; safetensors would say less
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(path, f"damaged, or no safetensors file ({error})") from None
    network = _rebuild(path, metadata, tensors)
    _fill(path, network, tensors, json.loads(metadata[KEY]).get("checksum"))
    return network


def _rebuild(path: str | os.PathLike[str], metadata: dict[str, str], tensors: dict[str, Tensor]) -> Network:
    """The network that the metadata describes, its weights still to be filled in.

    It is built without memory first and compared with the tensors that are there, so that no configuration, however
    large, takes more than the file holds.
    """
    if KEY not in metadata:
        raise CheckpointError(path, f"a safetensors file, but no checkpoint of this package: no metadata {KEY!r}")
    try:
        header = json.loads(metadata[KEY])
        version, name, fields = header["format_version"], header.get("architecture"), header.get("config")
    except RecursionError:
        raise CheckpointError(path, "metadata cannot be read: nested too deeply") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(path, f"metadata cannot be read ({type(error).__name__}: {error})") from None
    if version != FORMAT_VERSION:
        raise CheckpointError(path, f"format version {version!r}; this package reads version {FORMAT_VERSION}")
    if name not in list(CONFIGS):
        raise CheckpointError(path, f"architecture {name!r} is unknown; known are {', '.join(CONFIGS)}")
    generator = torch.Generator().manual_seed(0)  # every weight is replaced
    try:
        config = CONFIGS[name](**{key: _tupled(value) for key, value in fields.items()})
        n_layer = getattr(config, "n_layer", 0)
        if n_layer > len(tensors):
            raise ValueError(f"{n_layer} layers, and {len(tensors)} tensors in the file")
        with torch.device("meta"):
            expected = build(config, rng=generator).state_dict()
        _check_shapes(path, expected, tensors)
        return build(config, rng=generator)
    except CheckpointError:
        raise
    except (ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, MemoryError) as error:
        raise CheckpointError(path, f"no {name} can be built from its configuration ({error})") from None


def _tupled(value: Any) -> Any:
    """JSON has lists where a frozen configuration has tuples."""
    return tuple(_tupled(each) for each in value) if isinstance(value, list) else value


def _check_shapes(path: str | os.PathLike[str], expected: dict[str, Tensor], tensors: dict[str, Tensor]) -> None:
    """Refuse any tensor that is missing, left over or of another shape."""
    for name in sorted(expected.keys() ^ tensors.keys()):
        what = "is missing" if name in expected else "belongs to nothing in its configuration"
        raise CheckpointError(path, f"the tensor {name!r} {what}")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            shapes = f"{tuple(tensor.shape)}; its configuration says {tuple(expected[name].shape)}"
            raise CheckpointError(path, f"the tensor {name!r} has shape {shapes}")


def _fill(path: str | os.PathLike[str], network: Network, tensors: dict[str, Tensor], written: object) -> None:
    """Put the tensors, which have the right shapes, into the network; refuse any of another precision or checksum."""
    expected = network.state_dict()
    for name, tensor in tensors.items():
        if tensor.dtype.is_floating_point != expected[name].dtype.is_floating_point:
            raise CheckpointError(path, f"the tensor {name!r} has dtype {tensor.dtype}")
    kinds = {tensor.dtype for tensor in tensors.values() if tensor.dtype.is_floating_point}
    if len(kinds) != 1 or not kinds <= PRECISIONS:
        found = ", ".join(sorted(map(str, kinds)))
        raise CheckpointError(path, f"all its tensors must have one of the usual precisions; they have {found}")
    if written is not None and written != checksum(tensors):
        raise CheckpointError(
            path, "damaged or changed: its tensors do not have the checksum that they were saved with"
        )
    network.to(kinds.pop()).load_state_dict(tensors)
