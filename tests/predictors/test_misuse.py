"""Slips of a caller: each is a ValueError that says the repair."""

import warnings
from collections.abc import Iterator
from typing import Any

import jaxtyping
import pytest
import torch

from predictors import (
    CONFIGS,
    EditNotReached,
    GRUConfig,
    HybridConfig,
    UniformPredictor,
    at,
    attention_patterns,
    build,
    capture,
    edited,
)

WORDS = torch.tensor([[0, 1, 1], [1, 0, 1]])


def gru() -> Any:
    return build(GRUConfig(n_symbol=2, width=4, n_layer=1), rng=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def _as_callers_run() -> Iterator[None]:
    """The checker of annotations that tests run under would answer first, with a TypeError."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


@pytest.mark.parametrize("make", [gru, lambda: UniformPredictor(2)])
def test_arrays_and_lists_are_no_tokens(make: Any) -> None:
    model, array = make(), WORDS.numpy()
    carry = model.init_carry(2)
    for call in (
        lambda: model.log_probs(array),
        lambda: model.advance(array, carry),
        lambda: model.step(array[:, 0], carry),
    ):
        with pytest.raises(ValueError, match=r"torch\.from_numpy\(tokens\)"):
            call()
    with pytest.raises(ValueError, match=r"torch\.tensor\(tokens\)"):
        model.log_probs([[0, 1]])


@pytest.mark.parametrize("edit", [lambda rows, value: None, at(1, lambda value: None)])
def test_an_edit_gives_something_back(edit: Any) -> None:
    with pytest.raises(ValueError, match="must give back a tensor; it gave NoneType: does it return"):
        edited(gru(), {"final": edit}).log_probs(WORDS)


@pytest.mark.parametrize("row", [2.5, 2.0, "2", None])
def test_a_row_is_an_integer(row: Any) -> None:
    with pytest.raises(ValueError, match="a row is an integer"):
        at(row, torch.zeros_like)


@pytest.mark.parametrize("run", [lambda model: model.log_probs(WORDS), lambda model: capture(model, WORDS, ["final"])])
def test_an_edit_beyond_the_words_is_told(run: Any) -> None:
    model, untold = gru(), "the edit of 'layer.0.carry' at row 4 changes nothing: words of 3 symbols have rows 0 .. 3"
    with pytest.warns(EditNotReached, match=untold):
        run(edited(model, {"layer.0.carry": at(4, torch.zeros_like)}))
    with pytest.warns(EditNotReached, match=untold):  # also under another
        run(edited(edited(model, {"layer.0.carry": at(4, torch.zeros_like)}), {"final": at(3, torch.zeros_like)}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(edited(model, {"layer.0.carry": at(3, torch.zeros_like), "final": lambda rows, value: value}))


def test_words_before_an_edit_are_read_as_without_it_and_piece_by_piece_in_silence() -> None:
    model = gru()
    changed = edited(model, {"layer.0.carry": at(3, torch.zeros_like)})
    with pytest.warns(EditNotReached):
        assert torch.equal(changed.log_probs(WORDS[:, :2]), model.log_probs(WORDS[:, :2]))
    rows, carry = changed.advance(WORDS[:, :2], changed.init_carry(2))
    last, _ = changed.step(WORDS[:, 2], carry)
    torch.testing.assert_close(torch.cat([rows, last[:, None]], 1), changed.log_probs(WORDS)[:, 1:])


def test_a_row_that_a_predictor_never_has_is_refused() -> None:
    silent = gru()
    silent.first_row = 1
    with pytest.raises(ValueError, match=r"'final' is at row 0, which this predictor does not have: .* before row 1"):
        edited(silent, {"final": at(0, torch.zeros_like)})


def test_sites_are_a_list_of_names() -> None:
    with pytest.raises(ValueError, match=r"list of names; got the string 'final': use \[\"final\"\]"):
        capture(gru(), WORDS, "final")


@pytest.mark.parametrize("edits", [[("final", torch.zeros_like)], "final", at(1, torch.zeros_like)])
def test_edits_are_a_mapping(edits: Any) -> None:
    with pytest.raises(ValueError, match=r"edits are a mapping, \{site: edit\}; got"):
        edited(gru(), edits)


def test_an_edit_is_a_function() -> None:
    with pytest.raises(ValueError, match=r"the edit of 'final' must be a function f\(rows, value\).*; got Tensor"):
        edited(gru(), {"final": torch.zeros(4)})
    with pytest.raises(ValueError, match="the edit at row 2 must be a function of the value; got float"):
        at(2, 0.0)


@pytest.mark.parametrize("make", [gru, lambda: UniformPredictor(2)])
def test_a_carry_is_begun_for_a_number_of_sequences(make: Any) -> None:
    with pytest.raises(ValueError, match=r"an integer; got Tensor: use len\(tokens\)"):
        make().init_carry(WORDS)
    with pytest.raises(ValueError, match=r"an integer; got float$"):
        make().init_carry(2.0)
    with pytest.raises(ValueError, match="at least 0; got -1"):
        make().init_carry(-1)


@pytest.mark.parametrize("name", [name for name in CONFIGS if name != "gru"])
def test_a_carry_of_another_network_is_refused_before_a_kernel_reads_it(name: str) -> None:
    options = {"max_length": 4} if name == "transformer" else {}
    other = build(CONFIGS[name](n_symbol=2, width=16, n_layer=2, **options), rng=torch.Generator().manual_seed(0))
    model = build(GRUConfig(n_symbol=2, width=16, n_layer=2), rng=torch.Generator().manual_seed(0))
    for one, two in ((model, other), (other, model)):
        with torch.no_grad(), pytest.raises(ValueError, match=r"the carry is of another network, .*; this one is"):
            one.step(WORDS[:, 0], two.init_carry(2))


def test_a_carry_of_another_precision_is_refused() -> None:
    model = gru()
    carry = model.init_carry(2)
    with pytest.raises(ValueError, match=r"of torch\.float32 and the network of torch\.float64: begin with init_carry"):
        model.double().step(WORDS[:, 0], carry)


def test_networks_that_differ_in_their_weights_go_on_with_each_others_carry() -> None:
    model, other = gru(), build(GRUConfig(n_symbol=2, width=4, n_layer=1), rng=torch.Generator().manual_seed(1))
    row, _ = other.step(WORDS[:, 0], model.init_carry(2))
    assert (row - other.step(WORDS[:, 0], other.init_carry(2))[0]).abs().max() > 1e-4


@pytest.mark.parametrize("config", [GRUConfig(n_symbol=2, width=4), HybridConfig(n_symbol=2, width=8, pattern="mamba")])
def test_attention_patterns_need_attention(config: Any) -> None:
    model = build(config, rng=torch.Generator().manual_seed(0))
    for each in (model, edited(model, {"final": at(0, torch.zeros_like)})):
        with pytest.raises(ValueError, match=r"no layer of this (GRU|Hybrid) is an attention block"):
            attention_patterns(each, WORDS)
