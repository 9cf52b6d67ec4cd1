"""Files of weights in TransformerLens's naming, made here in the format of the published ones."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from predictors import at, capture, check_predictor, edited
from predictors.adapters import load_transformer_lens
from predictors.checkpoint import CheckpointError

WIDTH, N_HEAD, HEAD, INNER, N_VOCAB, N_POSITION, N_LAYER = 6, 2, 3, 5, 3, 7, 2


def weights(**changed: Tensor | None) -> dict[str, Tensor]:
    """A network of two blocks; names as TransformerLens has them. A change to None leaves a tensor out."""
    shapes = {"embed.W_E": (N_VOCAB, WIDTH), "pos_embed.W_pos": (N_POSITION, WIDTH), "unembed.W_U": (WIDTH, N_VOCAB)}
    shapes |= {"unembed.b_U": (N_VOCAB,), "ln_final.w": (WIDTH,), "ln_final.b": (WIDTH,)}
    for i in range(N_LAYER):
        block = {f"attn.W_{letter}": (N_HEAD, WIDTH, HEAD) for letter in "QKV"}
        block |= {f"attn.b_{letter}": (N_HEAD, HEAD) for letter in "QKV"}
        block |= {"attn.W_O": (N_HEAD, HEAD, WIDTH), "attn.b_O": (WIDTH,)}
        block |= {"mlp.W_in": (WIDTH, INNER), "mlp.b_in": (INNER,), "mlp.W_out": (INNER, WIDTH), "mlp.b_out": (WIDTH,)}
        block |= {f"{norm}.{letter}": (WIDTH,) for norm in ("ln1", "ln2") for letter in "wb"}
        shapes |= {f"blocks.{i}.{name}": shape for name, shape in block.items()}
    generator = torch.Generator().manual_seed(0)
    found = {name: torch.randn(shape, generator=generator, dtype=torch.float64) for name, shape in shapes.items()}
    found |= {name.replace("__", "."): tensor for name, tensor in changed.items() if tensor is not None}
    return {name: tensor for name, tensor in found.items() if changed.get(name.replace(".", "__"), tensor) is not None}


def by_hand(w: dict[str, Tensor], ids: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The network in TransformerLens's own terms, head by head: log probabilities, and the residual stream."""
    x = w["embed.W_E"][ids] + w["pos_embed.W_pos"][: ids.shape[1]]
    future, stream = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).triu(1), []
    for i in range(N_LAYER):
        b = {name.removeprefix(f"blocks.{i}."): tensor for name, tensor in w.items()}
        y, z = F.layer_norm(x, (WIDTH,), b["ln1.w"], b["ln1.b"], 1e-5), b["attn.b_O"]
        for h in range(N_HEAD):
            q, k, v = (y @ b[f"attn.W_{letter}"][h] + b[f"attn.b_{letter}"][h] for letter in "QKV")
            pattern = (q @ k.transpose(1, 2) / HEAD**0.5).masked_fill(future, -torch.inf).softmax(-1)
            z = z + pattern @ v @ b["attn.W_O"][h]
        x = x + z
        y = F.layer_norm(x, (WIDTH,), b["ln2.w"], b["ln2.b"], 1e-5)
        x = x + F.relu(y @ b["mlp.W_in"] + b["mlp.b_in"]) @ b["mlp.W_out"] + b["mlp.b_out"]
        stream.append(x)
    x = F.layer_norm(x, (WIDTH,), w["ln_final.w"], w["ln_final.b"], 1e-5)
    return (x @ w["unembed.W_U"] + w["unembed.b_U"]).log_softmax(-1), stream


TOKENS = torch.tensor([[0, 1, 2, 2, 1], [2, 2, 0, 1, 0]])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_file(weights(), tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


def test_it_computes_what_its_weights_say(path: Path) -> None:
    model = load_transformer_lens(path)
    log_probs, stream = by_hand(weights(), TOKENS)
    torch.testing.assert_close(model.log_probs(TOKENS), log_probs, rtol=0, atol=1e-12)  # float64, a few hundred terms
    for i in range(N_LAYER):
        found = capture(model, TOKENS, [f"layer.{i}"])[f"layer.{i}"]
        torch.testing.assert_close(found, stream[i], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("begin", "n_symbol"), [(None, None), (2, 2)])
def test_it_conforms(path: Path, begin: int | None, n_symbol: int | None) -> None:
    model = load_transformer_lens(path, begin=begin, n_symbol=n_symbol)
    assert not check_predictor(model).skipped
    assert model.first_row == (1 if begin is None else 0)


def test_keys_are_edited_before_they_are_read(path: Path) -> None:
    model = load_transformer_lens(path)
    rows = edited(model, {"layer.0.key": at(2, torch.zeros_like)}).log_probs(TOKENS) - model.log_probs(TOKENS)
    assert rows[:, 0].abs().max() == 0  # row 1
    assert rows[:, 1].abs().max() > 1e-3  # row 2 itself: no delay


def test_the_buffers_of_its_state_dicts_are_no_weights(tmp_path: Path) -> None:
    mask = torch.ones(N_POSITION, N_POSITION).tril().bool()
    save_file(weights(blocks__0__attn__mask=mask, blocks__1__attn__IGNORE=torch.tensor(-torch.inf)), tmp_path / "net")
    torch.testing.assert_close(load_transformer_lens(tmp_path / "net").log_probs(TOKENS), by_hand(weights(), TOKENS)[0])


def test_precision_is_the_file_s(tmp_path: Path) -> None:
    save_file({name: tensor.float() for name, tensor in weights().items()}, tmp_path / "net")
    assert load_transformer_lens(tmp_path / "net").log_probs(TOKENS).dtype == torch.float32


def test_context_and_symbols_end(path: Path) -> None:
    model = load_transformer_lens(path)
    with pytest.raises(ValueError, match="reads at most 7 symbols; got 8"):
        model.log_probs(torch.zeros(1, 8, dtype=torch.long))
    with pytest.raises(ValueError, match=r"tokens must be in 0 .. 2"):
        model.log_probs(torch.tensor([[3]]))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"embed__W_E": None}, "'embed.W_E' is missing"),
        ({"blocks__1__attn__b_K": None}, "'blocks.1.attn.b_K' is missing"),
        ({"blocks__1__attn__W_O": torch.zeros(2, 3, 5)}, r"'blocks.1.attn.W_O' has shape \(2, 3, 5\); the others say"),
        ({"blocks__0__mlp__W_gate": torch.zeros(6, 5)}, "'blocks.0.mlp.W_gate' belongs to nothing"),
        ({"embed__W_E": torch.zeros(3)}, "no pre-norm transformer"),
        ({"ln_final__w": torch.zeros(6)}, "must have one precision"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, changed: dict[str, Tensor | None], complaint: str) -> None:
    save_file(weights(**changed), tmp_path / "net")
    with pytest.raises(CheckpointError, match=complaint) as caught:
        load_transformer_lens(tmp_path / "net")
    assert "\n" not in str(caught.value)


def test_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pickle.load", _never)
    for old in (False, True):
        torch.save(weights(), tmp_path / "net.pt", _use_new_zipfile_serialization=not old)
        with pytest.raises(CheckpointError, match="a pickle, and reading one can run any code"):
            load_transformer_lens(tmp_path / "net.pt")


def _never(*_: object) -> None:
    raise AssertionError("unpickled")


def test_damaged_files_are_refused(path: Path) -> None:
    data = path.read_bytes()
    for bad in (data[: len(data) // 2], b"", b"{}", data[:8] + b"\0" * (len(data) - 8)):
        path.write_bytes(bad)
        with pytest.raises(CheckpointError, match="damaged, or no safetensors file"):
            load_transformer_lens(path)
    with pytest.raises(FileNotFoundError):
        load_transformer_lens(path.with_name("none"))
