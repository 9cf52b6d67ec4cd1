"""The conformance kit: right predictors pass every check, and each check finds its planted faults."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from faults import FAULTS, Passing, Small
from torch import Tensor, nn

from predictors import (
    CONFIGS,
    ConformanceError,
    MambaConfig,
    Site,
    TransformerConfig,
    UnknownSite,
    at,
    build,
    check_predictor,
    edited,
)
from predictors.conformance import CHECKS
from predictors.network import Network
from predictors.predictor import Tap, check_tokens, untouched, visit

MORE: dict[str, dict[str, Any]] = {"transformer": {"max_length": 8, "n_head": 2, "head_width": 4, "mlp_width": 12}}


def network(name: str, n_layer: int) -> Network:
    config = CONFIGS[name](n_symbol=3, width=8, n_layer=n_layer, **MORE.get(name, {}))
    return build(config, rng=torch.Generator().manual_seed(3))


# ------------------------------------------------------------------------------------------------------ right ones pass


@pytest.mark.parametrize(("dtype", "n_layer"), [(torch.float64, 2), (torch.float32, 1)])
@pytest.mark.parametrize("name", CONFIGS)
def test_every_architecture_passes_every_check(name: str, dtype: torch.dtype, n_layer: int) -> None:
    report = check_predictor(network(name, n_layer).to(dtype))
    assert report.ran == tuple(CHECKS)
    assert report.skipped == {}
    assert report.notes == ()


@pytest.mark.parametrize("name", CONFIGS)
def test_every_architecture_passes_with_edits_inside(name: str) -> None:
    model = network(name, 1).double()
    states = [site for site in model.sites if model.sites[site].state]
    wrapped = edited(model, {states[0]: at(3, torch.zeros_like), "layer.0": lambda rows, value: 0.9 * value})
    report = check_predictor(edited(wrapped, {states[-1]: at(5, torch.tanh)}))
    assert set(report.skipped) == {"gradients", "round-trip", "precision"}


def test_an_effect_below_rounding_is_no_fault() -> None:
    config = MambaConfig(n_symbol=2, width=8, n_layer=2, n_state=4)
    model = build(
        config, rng=torch.Generator().manual_seed(0)
    )  # float32: an edit of layer.1.ssm shows by less than 8e-6
    assert check_predictor(model).ran == tuple(CHECKS)


@pytest.mark.parametrize("max_length", [4, 6, 7])
def test_words_are_no_longer_than_the_predictor_reads(max_length: int) -> None:
    sizes = {"width": 8, "n_layer": 1, "n_head": 2, "head_width": 4, "mlp_width": 12}
    config = TransformerConfig(n_symbol=3, max_length=max_length, **sizes)
    report = check_predictor(build(config, rng=torch.Generator().manual_seed(3)).double())
    assert report.ran == tuple(CHECKS)
    (note,) = report.notes
    assert note.startswith(f"rows: words have {max_length} symbols only, as longer ones are refused (this transformer")


def test_words_too_short_for_the_checks_are_said_to_be() -> None:
    config = TransformerConfig(n_symbol=3, max_length=3, width=8, n_layer=1)
    with pytest.raises(
        ConformanceError, match=r"at most 3 symbols; got 4.*\(the checks need words of at least 4 symbols"
    ):
        check_predictor(build(config, rng=torch.Generator().manual_seed(3)))


@pytest.mark.parametrize("name", CONFIGS)
def test_with_one_symbol_there_is_no_gradient_to_look_for(name: str) -> None:
    config = CONFIGS[name](n_symbol=1, width=8, n_layer=1, **MORE.get(name, {}))
    report = check_predictor(build(config, rng=torch.Generator().manual_seed(3)).double())
    assert report.ran == tuple(check for check in CHECKS if check != "gradients")
    assert report.skipped["gradients"].startswith("with one symbol every prediction is certain")


def test_what_the_faults_are_planted_in_is_right() -> None:
    assert check_predictor(Small()).ran == tuple(CHECKS)


@dataclass(frozen=True)
class DecayingCarry:
    row: int
    log_probs: Tensor | None
    count: Tensor


class DecayingCounts:
    """A predictor as a stranger might write it: no row 0, and predictions made before its state can be edited."""

    n_symbol, first_row = 3, 1
    sites: Mapping[str, Site] = {"count": Site(3, (3,), "decaying counts", state=True, recurrent=True, delay=1)}

    def log_probs(self, tokens: Tensor, *, tap: Tap = untouched) -> Tensor:
        return self.advance(tokens, self.init_carry(len(tokens), tap=tap), tap=tap)[0]

    def init_carry(self, n_seq: int, *, tap: Tap = untouched) -> DecayingCarry:
        self._known(tap)
        return DecayingCarry(0, None, torch.zeros(n_seq, 3, dtype=torch.float64))

    def advance(self, tokens: Tensor, carry: DecayingCarry, *, tap: Tap = untouched) -> tuple[Tensor, DecayingCarry]:
        check_tokens(tokens, 3)
        self._known(tap)
        for t in range(tokens.shape[1]):
            _, carry = self._one(tokens[:, t], carry, tap)
            found = torch.cat([found, carry.log_probs[:, None]], dim=1) if t else carry.log_probs[:, None]
        return (found if tokens.shape[1] else torch.zeros(len(tokens), 0, 3, dtype=torch.float64)), carry

    def step(self, tokens_t: Tensor, carry: DecayingCarry, *, tap: Tap = untouched) -> tuple[Tensor, DecayingCarry]:
        check_tokens(tokens_t, 3, ndim=1)
        return self._one(tokens_t, carry, tap)

    def _one(self, tokens_t: Tensor, carry: DecayingCarry, tap: Tap) -> tuple[Tensor, DecayingCarry]:
        row = carry.row + 1
        count = 0.7 * carry.count + nn.functional.one_hot(tokens_t, 3)
        log_probs = count.log_softmax(-1)
        count = visit(tap, "count", range(row, row + 1), count[:, None])[:, 0]
        return log_probs, DecayingCarry(row, log_probs, count)

    def _known(self, tap: Tap) -> None:
        for name in {*tap.reads, *tap.writes} - {"count"}:
            raise UnknownSite(name, ["count"])


def test_a_strangers_predictor_passes_and_the_report_says_what_was_not_checked() -> None:
    report = check_predictor(DecayingCounts())
    assert report.ran == tuple(name for name in CHECKS if name not in ("gradients", "round-trip", "precision"))
    assert report.skipped["gradients"] == "the predictor is not a torch.nn.Module"
    assert "skipped  gradients: the predictor is not" in str(report)
    assert str(report).startswith("passed   rows, repeat")


class TableNetwork(DecayingCounts, nn.Module):
    """The same with weights, and no configuration that a checkpoint could hold."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(3, 3, generator=torch.Generator().manual_seed(0)).double())

    def _one(self, tokens_t: Tensor, carry: DecayingCarry, tap: Tap) -> tuple[Tensor, DecayingCarry]:
        row = carry.row + 1
        count = 0.7 * carry.count.to(self.table.dtype) + nn.functional.one_hot(tokens_t, 3)
        log_probs = (count @ self.table).log_softmax(-1)
        count = visit(tap, "count", range(row, row + 1), count[:, None])[:, 0]
        return log_probs, DecayingCarry(row, log_probs, count)


def test_a_network_without_configuration_is_carried_over_by_its_state_dict() -> None:
    report = check_predictor(TableNetwork())
    assert report.ran == tuple(CHECKS)
    assert any(note.startswith("round-trip: the network has no built-in configuration") for note in report.notes)


# ----------------------------------------------------------------------------------------------------- faults are found


@pytest.mark.parametrize("kind", FAULTS, ids=[kind.__name__ for kind in FAULTS])
def test_a_planted_fault_is_found_by_its_check(kind: type) -> None:
    with pytest.raises(ConformanceError) as found:
        check_predictor(kind())
    assert found.value.check == FAULTS[kind], str(found.value)


@pytest.mark.parametrize("name", CONFIGS)
def test_an_edit_that_is_ignored_is_found_in_single_precision(name: str) -> None:
    model = network(name, 2)
    run = model._run

    def deaf(inputs: Tensor, rows: range, memory: Any, tap: Tap) -> Any:
        class Ignored(Passing):
            def __call__(self, site: str, rows: range, value: Tensor) -> Tensor:
                written = super().__call__(site, rows, value)
                return value if site == "layer.1" else written

        return run(inputs, rows, memory, Ignored(tap))

    model._run = deaf  # type: ignore[method-assign]
    with pytest.raises(ConformanceError, match=r"an edit at row 0: it must move row 0; .*site 'layer.1'") as found:
        check_predictor(model)
    assert found.value.check == "edit"


def test_every_check_has_a_fault_that_it_finds() -> None:
    assert set(FAULTS.values()) == set(CHECKS)


def test_a_failure_says_check_site_row_and_size() -> None:
    kinds = {kind.__name__: kind for kind in FAULTS}
    with pytest.raises(ConformanceError) as found:
        check_predictor(kinds["OtherValuesInSteps"]())
    error = found.value
    assert (error.check, error.site, error.row) == ("capture-in-steps", "hidden", 1)
    assert error.size == pytest.approx(0.01)
    assert str(error).startswith("[capture-in-steps] values in single steps and in one pass: must be equal (site")
    assert "row 1, deviation 0.01)" in str(error)


def test_an_unexpected_exception_is_a_failure_of_its_check() -> None:
    kinds = {kind.__name__: kind for kind in FAULTS}
    with pytest.raises(ConformanceError, match=r"^\[rows\] raised IndexError: no symbols"):
        check_predictor(kinds["NoEmptyWord"]())


def test_nan_is_never_equal() -> None:
    model = Small()
    with torch.no_grad():
        model.begin[0] = torch.nan
    with pytest.raises(ConformanceError, match=r"^\[rows\].*deviation inf"):
        check_predictor(model, tokens=torch.zeros(2, 4, dtype=torch.long))


# -------------------------------------------------------------------------------------------------------------- the kit


def test_the_predictor_is_left_as_it_was() -> None:
    model = Small()
    before = copy.deepcopy(model.state_dict())
    check_predictor(model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_stated_tolerance_is_used() -> None:
    kinds = {kind.__name__: kind for kind in FAULTS}
    check_predictor(kinds["OtherValuesInSteps"](), tolerance=0.02)
    with pytest.raises(ConformanceError):
        check_predictor(kinds["OtherValuesInSteps"](), tolerance=0.009)


def test_given_tokens_and_generators_are_used() -> None:
    heard: list[torch.Tensor] = []

    class Listening(Small):
        def log_probs(self, tokens: Tensor, **kwargs: Any) -> Tensor:
            heard.append(tokens)
            return super().log_probs(tokens, **kwargs)

    words = torch.tensor([[0, 1, 2, 0], [2, 2, 1, 0]])
    check_predictor(Listening(), tokens=words)
    assert torch.equal(heard[0], words)
    drawn = []
    for seed in (0, 0, 1):
        heard.clear()
        with pytest.raises(ConformanceError):  # at the first check, which is soon enough
            check_predictor(type("Wrong", (Listening,), {"first_row": 1})(), rng=np.random.default_rng(seed))
        drawn.append(next(tokens for tokens in heard if tokens.shape[1] == 8))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    with pytest.raises(ValueError, match=r"at least 2 sequences of 4 symbols; got shape \(1, 4\)"):
        check_predictor(Small(), tokens=torch.zeros(1, 4, dtype=torch.long))


def test_float32_is_held_to_what_the_condition_of_a_network_allows() -> None:
    """Layer norms over two numbers magnify rounding; over 64 they do not."""
    told = []
    for seed in range(6):
        config = TransformerConfig(n_symbol=3, max_length=8, width=2, n_layer=4, n_head=1, head_width=2, mlp_width=8)
        report = check_predictor(build(config, rng=torch.Generator().manual_seed(seed)).double())
        assert "precision" in report.ran
        told += [note for note in report.notes if note.startswith("precision: float32 was held to")]
    assert told
    wide = TransformerConfig(n_symbol=3, max_length=8, width=64, n_layer=2, n_head=2, head_width=4, mlp_width=16)
    report = check_predictor(build(wide, rng=torch.Generator().manual_seed(0)).double())
    assert not [note for note in report.notes if note.startswith("precision")]
