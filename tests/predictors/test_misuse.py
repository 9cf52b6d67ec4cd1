"""Slips of a caller: each is a ValueError that says the repair."""

from collections.abc import Iterator
from typing import Any

import jaxtyping
import pytest
import torch

from predictors import GRUConfig, UniformPredictor, at, build, capture, edited

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


def test_sites_are_a_list_of_names() -> None:
    with pytest.raises(ValueError, match=r"list of names; got the string 'final': use \[\"final\"\]"):
        capture(gru(), WORDS, "final")
