"""Any torch module by hooks on named blocks: what it is as a Predictor, and what is refused."""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from predictors import UnknownSite, at, capture, check_predictor, edited
from predictors.adapters import NoSuchBlock, Port, adapt_module
from predictors.adapters.extras import EXTRAS, Extra, MissingExtra, import_extra, is_installed


class Averages(nn.Module):
    """Ids -> logits: the mean of all embeddings so far, mixed. Causal, and without memory between calls."""

    def __init__(self, n_vocab: int = 5, width: int = 6) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.embedding = nn.Embedding(n_vocab, width)
        self.stack = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width))
        self.readout = nn.Linear(width, n_vocab)
        for parameter in self.parameters():
            nn.init.normal_(parameter, generator=generator)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        count = torch.arange(1, ids.shape[1] + 1, dtype=x.dtype)
        x = self.stack(x.cumsum(1) / count[:, None])
        return self.readout(x + x.cumsum(1))  # a second look back: an edit of the stack moves later rows too


class Cell(nn.Module):
    """A recurrent network that hands its state around."""

    def __init__(self, n_vocab: int = 5, width: int = 6) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_vocab, width)
        self.cell = nn.GRU(width, width, batch_first=True)
        self.readout = nn.Linear(width, n_vocab)
        generator = torch.Generator().manual_seed(1)
        for parameter in self.parameters():
            nn.init.normal_(parameter, generator=generator)

    def forward(self, ids: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        out, h = self.cell(self.embedding(ids), h)
        return self.readout(out), h


def go_on(module: nn.Module, ids: Tensor, states: Mapping[str, Tensor] | None) -> tuple[Tensor, dict[str, Tensor]]:
    logits, h = module(ids, None if states is None else states["layer.0.carry"].transpose(0, 1).contiguous())
    return logits, {"layer.0.carry": h.transpose(0, 1)}


BLOCKS = {"embed": "embedding", "layer.0": "stack.0", "layer.1": "stack", "final": Port("readout", "input")}


@pytest.mark.parametrize("begin", [None, 4])
def test_a_module_that_is_replayed_conforms(begin: int | None) -> None:
    model = adapt_module(Averages().double().eval(), 3, BLOCKS, begin=begin)
    report = check_predictor(model)
    assert set(report.skipped) == {"transplant"}  # it has no states
    assert model.first_row == (1 if begin is None else 0)


@pytest.mark.parametrize("begin", [None, 4])
def test_a_module_that_is_resumed_conforms_and_shows_its_state(begin: int | None) -> None:
    model = adapt_module(Cell().double().eval(), 3, ["cell"], begin=begin, resume=go_on)
    assert not check_predictor(model).skipped
    site = model.sites["layer.0.carry"]
    assert (site.state, site.recurrent, site.delay, site.shape) == (True, True, 1, (1, 6))


def test_a_state_is_edited_between_steps() -> None:
    model = adapt_module(Cell().double().eval(), 3, ["cell"], begin=4, resume=go_on)
    tokens = torch.tensor([[0, 1, 2, 1]])
    h = capture(model, tokens, ["layer.0.carry"])["layer.0.carry"]
    moved = edited(model, {"layer.0.carry": at(2, torch.zeros_like)}).log_probs(tokens) - model.log_probs(tokens)
    assert h.shape == (1, 5, 6)
    assert moved[:, :3].abs().max() == 0
    assert moved[:, 3].abs().max() > 1e-3


def test_what_was_written_stays_with_the_carry_when_a_module_is_replayed() -> None:
    """An edit made in one call still acts in the next, even one without it: the carry remembers it."""
    model = adapt_module(Averages().double().eval(), 3, BLOCKS, begin=4)
    tokens = torch.tensor([[0, 1, 2, 1], [2, 0, 0, 1]])
    cut = edited(model, {"layer.1": at(1, torch.zeros_like)})
    _, carry = cut.advance(tokens[:, :2], cut.init_carry(2))
    later, _ = model.advance(tokens[:, 2:], carry)
    torch.testing.assert_close(later, cut.log_probs(tokens)[:, 3:], rtol=0, atol=1e-12)
    assert (later - model.log_probs(tokens)[:, 3:]).abs().max() > 1e-3


def test_the_rest_of_the_vocabulary_is_renormalised_away_and_that_is_told() -> None:
    net = Averages().double().eval()
    tokens = torch.tensor([[0, 1, 2, 1]])
    model = adapt_module(net, 3, BLOCKS)
    p = net(tokens).softmax(-1)
    torch.testing.assert_close(model.log_probs(tokens).exp(), p[..., :3] / p[..., :3].sum(-1, keepdim=True))
    torch.testing.assert_close(model.lost_mass(tokens), p[..., 3:].sum(-1))
    assert model.lost_mass(tokens[:, :0]).shape == (1, 0)


def test_half_precision_is_answered_in_single() -> None:
    net = Averages().to(torch.bfloat16).eval()
    model = adapt_module(
        net, 3, ["stack"], call=lambda module, ids: module.readout(module.stack(module.embedding(ids)))
    )
    assert model.log_probs(torch.tensor([[0, 1]])).dtype == torch.float32
    assert model.log_probs(torch.tensor([[0, 1]])[:, :0]).dtype == torch.float32


def test_no_hook_outlives_an_error() -> None:
    net = Averages().double().eval()
    model = adapt_module(net, 3, BLOCKS)

    def stop(rows: range, value: Tensor) -> Tensor:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        edited(model, {"layer.1": stop}).log_probs(torch.tensor([[0, 1]]))
    assert not any(block._forward_hooks or block._forward_pre_hooks for block in net.modules())


def test_reading_one_site_hooks_one_block() -> None:
    net = Averages().double().eval()
    model, counts = adapt_module(net, 3, BLOCKS), []
    net.stack.register_forward_pre_hook(
        lambda *_: counts.append(sum(len(b._forward_hooks) for b in net.modules()))  # no hook of the other sites
    )
    capture(model, torch.tensor([[0, 1]]), ["layer.1"])
    assert counts == [1]


@pytest.mark.parametrize(("path", "near"), [("stak", "'stack'"), ("stack.O", "'stack.0'"), ("zzz", "it has embedding")])
def test_a_block_that_is_not_there_is_named_with_the_nearest(path: str, near: str) -> None:
    with pytest.raises(NoSuchBlock, match=f"Averages has no block '{path}'") as caught:
        adapt_module(Averages().eval(), 3, [path])
    assert near in str(caught.value)


class Twice(Averages):
    """Runs a block twice in a pass."""

    def forward(self, ids: Tensor) -> Tensor:
        return self.readout(self.stack(self.stack(self.embedding(ids))))


class Pooled(Averages):
    """Gives one vector a sequence."""

    def forward(self, ids: Tensor) -> Tensor:
        return super().forward(ids)[:, -1]


class Flat(Averages):
    """Has a block that loses the axis of time."""

    def forward(self, ids: Tensor) -> Tensor:
        return self.readout(self.embedding(ids) + self.stack(self.embedding(ids).mean(1))[:, None])


def keeps_nothing(module: nn.Module, ids: Tensor, states: object) -> tuple[Tensor, list[Tensor]]:
    return module(ids)[0], []


def named_as_a_block(module: nn.Module, ids: Tensor, states: object) -> tuple[Tensor, dict[str, Tensor]]:
    logits, h = module(ids)
    return logits, {"layer.0": h.transpose(0, 1)}


@pytest.mark.parametrize(
    ("net", "arguments", "complaint"),
    [
        (Averages().train(), {}, r"training mode.*call .eval\(\) first"),
        (Averages(), {"n_symbol": 6}, "symbols are ids of the vocabulary, 0 .. 4; got n_symbol=6"),
        (Averages(), {"n_symbol": 0}, "got n_symbol=0"),
        (Averages(), {"begin": 5}, "begin must be an id of the vocabulary, 0 .. 4, or None; got 5"),
        (Twice(), {"blocks": ["stack"]}, "'stack' of site 'layer.0' must run once in a pass; it ran 2 times"),
        (Pooled(), {}, r"logits with axes \(seq, row, vocab\); got shape \(1, 5\)"),
        (Flat(), {"blocks": ["stack"]}, r"output of 'stack' must have axes \(seq, row, width\); got shape \(1, 6\)"),
        (Cell(), {"blocks": ["cell"], "resume": keeps_nothing}, "resume must give"),
        (Cell(), {"blocks": ["cell"], "resume": named_as_a_block}, "'layer.0' names a block and a state"),
    ],
)
def test_what_cannot_be_adapted_is_told_why(net: nn.Module, arguments: dict[str, object], complaint: str) -> None:
    given = {"n_symbol": 3, "blocks": ["embedding"], **arguments}
    training = net.training and "training mode" in complaint
    with pytest.raises(ValueError, match=complaint):
        adapt_module(net if training else net.eval(), **given)  # type: ignore[arg-type]


def test_misuse_of_an_adapted_module_is_told() -> None:
    model = adapt_module(Averages().double().eval(), 3, BLOCKS, max_id=4)
    with pytest.raises(ValueError, match=r"tokens must be in 0 .. 2; tokens\[0, 1\] is 3"):
        model.log_probs(torch.tensor([[0, 3]]))  # an id of its vocabulary, and no symbol
    with pytest.raises(ValueError, match="reads at most 4 symbols; got 5"):
        model.log_probs(torch.zeros(1, 5, dtype=torch.long))
    with_begin = adapt_module(Averages().double().eval(), 3, BLOCKS, max_id=4, begin=4)
    assert with_begin.log_probs(torch.zeros(1, 3, dtype=torch.long)).shape == (1, 4, 3)
    with pytest.raises(ValueError, match="reads at most 3 symbols; got 4"):
        with_begin.log_probs(torch.zeros(1, 4, dtype=torch.long))
    with pytest.raises(ValueError, match="carry's 2 sequences; got 1"):
        model.advance(torch.tensor([[0]]), model.init_carry(2))
    with pytest.raises(ValueError, match="expected a carry made by this predictor"):
        model.advance(torch.tensor([[0]]), _NoCarry())
    with pytest.raises(UnknownSite, match=r"did you mean 'layer.1'"):
        capture(model, torch.tensor([[0]]), ["layer.9"])


class _NoCarry:
    row, log_probs = 0, None


def test_a_missing_extra_is_one_line_with_the_command() -> None:
    nowhere = Extra("hf", "no_such_module_at_all", "Hugging Face causal language models")
    assert not is_installed(nowhere)
    told = "which is not installed: pip install 'belief-geometry[hf]'"
    assert str(MissingExtra(nowhere)).endswith(told)
    assert [extra.name for extra in EXTRAS] == ["hf", "lens", "nnsight"]


def test_an_extra_that_lacks_something_itself_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(missing: str) -> Callable[[str], None]:
        def fail(name: str) -> None:
            raise ModuleNotFoundError("no", name=missing)

        return fail

    for missing, said in (("transformers", "is not installed"), ("tokenizers", "lacks tokenizers")):
        monkeypatch.setattr("predictors.adapters.extras.import_module", without(missing))
        with pytest.raises(MissingExtra, match=said):
            import_extra("transformers")
