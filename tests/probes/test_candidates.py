"""Predictors by name: built-in, baseline, plug-in, and what a slip is told."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest
import torch

from compmech import zoo
from predictors import UniformPredictor
from probes import candidates
from probes.candidates import UnknownPredictor, candidate, make
from probes.cell import count_k_grams
from probes.comparison import ComparisonSpec, Subject, compare


def test_built_in_sizes_can_be_changed() -> None:
    small = make(candidate("gru", {"width": 5}), 2, 10, rng=torch.Generator().manual_seed(0))
    assert small.sites["final"].width == 5


def test_a_transformer_reads_as_far_as_it_is_asked() -> None:
    model = make(candidate("transformer"), 2, 7, rng=torch.Generator().manual_seed(0))
    assert model.log_probs(torch.zeros(1, 7, dtype=torch.long)).shape == (1, 8, 2)
    with pytest.raises(ValueError, match="7"):
        model.log_probs(torch.zeros(1, 8, dtype=torch.long))


@pytest.mark.parametrize(
    ("name", "settings", "complaint"),
    [
        ("gnu", {}, "did you mean 'gru'"),
        ("gru", {"widht": 3}, "did you mean 'width'"),
        ("gru", {"width": 0}, "width"),
        ("gru", {"lr": -1}, "lr, the peak learning rate"),
        ("gru", {"n_symbol": 3}, "no setting 'n_symbol'"),
        ("uniform", {"k": 3}, "no setting 'k'"),
        ("uniform", {"lr": 0.1}, "not trained by gradient"),
        ("k-gram", {"k": -1}, "k-gram: k"),
        ("k-gram", {"k": 1.5}, "k-gram: k"),
    ],
)
def test_slips_are_told_what_is_wrong(name: str, settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        candidate(name, settings)


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UnknownPredictor) as caught:
        candidate("wavelet")
    assert "transformer" in str(caught.value)
    assert "bayes" in caught.value.known


def plug_in(n_symbol: int, length: int, *, rng: torch.Generator, **settings: object) -> UniformPredictor:
    assert (n_symbol, length) == (2, 3)
    assert settings == {"depth": 2}
    return UniformPredictor(n_symbol)


def test_a_plug_in_is_found_made_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", f"{__name__}:plug_in", candidates.GROUP)
    monkeypatch.setattr(candidates, "_plug_ins", lambda: {"mine": point})
    assert "mine" in candidates.names()
    mine = candidate("mine", {"depth": 2})
    spec = ComparisonSpec((Subject("even", "even", zoo.even(), 3),), (mine,), steps=1)
    found = compare(spec, rng=np.random.default_rng(0))
    assert [r.predictor for r in found.runs] == ["mine"]
    assert "mine has no parameters to train" in found.notes


def test_k_is_chosen_by_what_predicts_best() -> None:
    # a fair coin has no contexts: longer ones only add noise to a small sample
    rng = np.random.default_rng(0)
    chosen = count_k_grams(rng.integers(0, 2, (400, 12)), 2, k=None)
    assert chosen.k == 1
    # RRXOR needs long contexts, and this sample has plenty
    chosen = count_k_grams(zoo.rrxor().sample(40_000, 12, rng=rng), 2, k=None)
    assert chosen.k >= 5


def test_k_can_be_given() -> None:
    assert count_k_grams(zoo.even().sample(10, 12, rng=np.random.default_rng(0)), 2, k=4).k == 4
