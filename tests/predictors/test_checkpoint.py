"""Checkpoints: what was saved comes back, the same network gives the same bytes, and nothing else is loaded."""

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from faults import Small
from safetensors import safe_open
from safetensors.torch import save_file

from predictors import CONFIGS, CheckpointError, GRUConfig, Predictor, UniformPredictor, build, load, save
from predictors.checkpoint import checksum
from predictors.network import Network

MORE: dict[str, dict[str, Any]] = {"transformer": {"max_length": 6}}
WORDS = torch.tensor([[0, 2, 1, 1], [2, 2, 0, 1]])


def network(name: str = "gru", seed: int = 0) -> Network:
    return build(CONFIGS[name](n_symbol=3, **MORE.get(name, {})), rng=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", CONFIGS)
def test_what_was_saved_comes_back(name: str, dtype: torch.dtype, tmp_path: Path) -> None:
    model = network(name, seed=5).to(dtype)
    save(model, tmp_path / "model.safetensors")
    twin = load(tmp_path / "model.safetensors")
    assert type(twin) is type(model)
    assert twin.config == model.config
    assert torch.equal(twin.log_probs(WORDS), model.log_probs(WORDS))
    assert {value.dtype for value in twin.parameters()} == {dtype}
    assert all(parameter.requires_grad for parameter in twin.parameters())


def test_loading_draws_nothing_from_the_global_generator(tmp_path: Path) -> None:
    save(network(), tmp_path / "model")
    state = torch.get_rng_state()
    load(tmp_path / "model")
    assert torch.equal(torch.get_rng_state(), state)


def test_the_same_network_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    script = (
        "import sys, torch\n"
        "from predictors import GRUConfig, build, save\n"
        "save(build(GRUConfig(n_symbol=3), rng=torch.Generator().manual_seed(0)), sys.argv[1])\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "there")], check=True, env=environment)
    save(network(), tmp_path / "here")
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()
    save(network(seed=1), tmp_path / "other")
    assert (tmp_path / "other").read_bytes() != (tmp_path / "here").read_bytes()


def test_metadata_has_one_key_of_sorted_json(tmp_path: Path) -> None:
    save(network(), tmp_path / "model")
    with safe_open(tmp_path / "model", framework="pt") as file:
        metadata = file.metadata()
    assert list(metadata) == ["belief-geometry"]
    header = json.loads(metadata["belief-geometry"])
    assert header == {
        "architecture": "gru",
        "checksum": checksum(network().state_dict()),
        "config": {"n_layer": 1, "n_symbol": 3, "width": 64},
        "format_version": 1,
    }
    assert metadata["belief-geometry"] == json.dumps(header, sort_keys=True)


# ------------------------------------------------------------------------------------------------------- all or nothing


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    save(network(), path)
    before = path.read_bytes()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for broken in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, broken, interrupted)
            with pytest.raises(KeyboardInterrupt):
                save(network(seed=1), path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


def test_an_unwritable_place_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        save(network(), tmp_path / "no such folder" / "model")


@pytest.mark.parametrize("predictor", [Small(), UniformPredictor(2)], ids=["somebody's network", "a baseline"])
def test_only_built_networks_are_saved(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"only networks made by build\(config\) can be saved; got") as found:
        save(predictor, tmp_path / "model")
    assert type(predictor).__name__ in str(found.value)
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------------------------------- refused on loading


def rewritten(path: Path, change: Any = None, **header: Any) -> Path:
    """A checkpoint with its tensors changed by `change`, and entries of its metadata replaced."""
    save(network(), path)
    with safe_open(path, framework="pt") as file:
        metadata = json.loads(file.metadata()["belief-geometry"]) | header
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    if change is not None:
        change(tensors)
    save_file(tensors, path, metadata={"belief-geometry": json.dumps(metadata)})
    return path


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as found:
        load(path)
    message = str(found.value)
    assert isinstance(found.value, ValueError)
    assert found.value.path == path
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model"
    save(network(), path)
    whole = path.read_bytes()
    for damaged in (b"", b"not a checkpoint", whole[:7], whole[:100], whole[:-1], whole + b"x", b"\xff" * 200):
        path.write_bytes(damaged)
        assert "damaged, or no safetensors file" in refusal(path)
    for damaged in (whole[:-8] + b"\x00" * 8, whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(damaged)  # whole to look at: what was lost is known by the checksum alone
        assert "damaged or changed: its tensors do not have the checksum" in refusal(path)


def test_a_file_of_before_there_was_a_checksum_is_read(tmp_path: Path) -> None:
    loaded = load(rewritten(tmp_path / "model", checksum=None))
    assert all(torch.equal(value, network().state_dict()[name]) for name, value in loaded.state_dict().items())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_checksum_knows_every_precision(dtype: torch.dtype, tmp_path: Path) -> None:
    save(network().to(dtype), tmp_path / "model")
    assert load(tmp_path / "model").begin.dtype == dtype


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    path = tmp_path / "model"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    torch.save({"weights": Trap()}, path)
    assert "damaged, or no safetensors file" in refusal(path)
    assert not (tmp_path / "sprung").exists()


def test_foreign_safetensors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for metadata in (None, {"format": "pt"}):
        save_file({"weight": torch.zeros(2)}, path, metadata=metadata)
        assert "no checkpoint of this package: no metadata 'belief-geometry'" in refusal(path)
    for text in ("{", "[1]", "{}", '"x"', "null"):
        save_file({"weight": torch.zeros(2)}, path, metadata={"belief-geometry": text})
        assert "metadata cannot be read" in refusal(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"format_version": 2}, "format version 2; this package reads version 1"),
        ({"architecture": "perceptron"}, "architecture 'perceptron' is unknown; known are"),
        ({"architecture": ["gru"]}, r"architecture ['gru'] is unknown"),
        ({"config": {"n_symbol": 3, "depth": 2}}, "no gru can be built from its configuration"),
        ({"config": {"n_symbol": 0}}, "n_symbol must be an integer of at least 1; got 0"),
        ({"config": {"n_symbol": "three"}}, "no gru can be built from its configuration"),
        ({"config": [3]}, "no gru can be built from its configuration"),
        ({"config": {"n_symbol": 4}}, "has shape (3, 64); its configuration says (4, 64)"),
        ({"config": {"n_symbol": 3, "width": 10**9}}, "no gru can be built from its configuration"),
        ({"config": {"n_symbol": 3, "n_layer": 2}}, "is missing"),
        ({"config": {"n_symbol": 3, "n_layer": 10**9}}, "1000000000 layers, and"),
        ({"config": {"n_symbol": 3, "width": 10**6}}, "its configuration says (1000000,)"),
        ({"config": {"n_symbol": 3, "width": 10**4000}}, "no gru can be built from its configuration"),
    ],
    ids=lambda value: None if isinstance(value, str) else json.dumps(value)[:60],
)
def test_headers_that_do_not_fit_are_refused(header: dict[str, Any], message: str, tmp_path: Path) -> None:
    assert message in refusal(rewritten(tmp_path / "model", **header))


@pytest.mark.parametrize(
    "text", ["[" * 10**6, '{"a":' * 10**5, '{"config": ' + "[" * 900 + "]" * 900 + "}"], ids=range(3)
)
def test_metadata_nested_too_deeply_is_refused(text: str, tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / "model", metadata={"belief-geometry": text})
    assert "metadata cannot be read" in refusal(tmp_path / "model")


def test_a_configuration_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    deep: list[Any] = []
    for _ in range(600):
        deep = [deep]
    assert "no gru can be built from its configuration" in refusal(
        rewritten(tmp_path / "model", config={"n_symbol": 3, "width": deep})
    )


def test_a_large_configuration_takes_no_memory(tmp_path: Path) -> None:
    """One network of this width would take 48 GB: it is refused before any of it is asked for."""
    path = rewritten(tmp_path / "model", config={"n_symbol": 3, "width": 10**5})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "has shape" in refusal(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB on Linux


def _drop(tensors: dict[str, torch.Tensor]) -> None:
    del tensors["begin"]


def _add(tensors: dict[str, torch.Tensor]) -> None:
    tensors["more"] = torch.zeros(1)


def _reshape(tensors: dict[str, torch.Tensor]) -> None:
    tensors["begin"] = tensors["begin"][:5].clone()


def _mix(tensors: dict[str, torch.Tensor]) -> None:
    tensors["begin"] = tensors["begin"].double()


def _whole_numbers(tensors: dict[str, torch.Tensor]) -> None:
    tensors["begin"] = tensors["begin"].long()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_drop, "the tensor 'begin' is missing"),
        (_add, "the tensor 'more' belongs to nothing in its configuration"),
        (_reshape, "the tensor 'begin' has shape (5,); its configuration says (64,)"),
        (_mix, "must have one of the usual precisions; they have torch.float32, torch.float64"),
        (_whole_numbers, "the tensor 'begin' has dtype torch.int64"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(change: Any, message: str, tmp_path: Path) -> None:
    assert message in refusal(rewritten(tmp_path / "model", change))


def test_a_missing_file_or_a_folder_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")
    with pytest.raises(IsADirectoryError):
        load(tmp_path)


def test_a_configuration_is_that_of_its_class() -> None:
    assert network().config == GRUConfig(n_symbol=3)


# ------------------------------------------------------------------------------------------------- places to write to


def test_what_is_no_regular_file_is_refused_and_links_are_followed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to pipe").symlink_to("pipe")
    for name in ("pipe", "to pipe"):
        with pytest.raises(OSError, match="not a regular file, and not to be replaced by one: give another path"):
            save(network(), tmp_path / name)
    assert (tmp_path / "pipe").is_fifo()
    with pytest.raises(IsADirectoryError):
        save(network(), tmp_path)
    (tmp_path / "link").symlink_to("model")
    for _ in range(2):  # once to nowhere, once to a file
        save(network(), tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        load(tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "model", "pipe", "to pipe"]


def test_no_line_of_the_packages_unpickles() -> None:
    """What would: torch.load and numpy.load but for arrays of numbers, pickle and what stands on it."""
    root = Path(__file__).parents[2]
    called = r"\b(c?[pP]ickle|dill|shelve|marshal|joblib)\.(loads?|Unpickler)\b"
    suspect = re.compile(rf"torch\.load\(|allow_pickle=True|{called}")
    suspect_import = re.compile(r"^\s*(import|from)\s+(pickle|dill|shelve|marshal)\b", re.MULTILINE)
    sources = [path for package in ("compmech", "predictors", "probes") for path in (root / package).rglob("*.py")]
    assert len(sources) > 200
    for path in sources:
        text = path.read_text()
        assert not suspect.search(text), path
        assert not suspect_import.search(text), path
        for call in re.finditer(r"\bnp\.load\([^)]*\)", text):
            assert "allow_pickle=False" in call.group(), path
