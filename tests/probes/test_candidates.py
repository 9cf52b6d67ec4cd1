"""Predictors by name: built-in, baseline, plug-in, and what a slip is told."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest
import torch

from compmech import zoo
from predictors import CONFIGS, UniformPredictor, kl_to_optimum
from probes import candidates
from probes.baselines import (
    BASELINES,
    count_k_grams,
    counted,
    is_baseline_label,
    is_counted_label,
    known_at_once,
)
from probes.candidates import UnknownPredictor, candidate, make
from probes.comparison import ComparisonSpec, Subject, compare
from probes.headline import networks


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
        ("kneser-ney", {"k": True}, "kneser-ney: k"),
        ("unigram", {"k": 1}, "no setting 'k'"),
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


def test_every_baseline_is_made_by_its_name() -> None:
    """Kneser-Ney and back-off come near the optimum, unigram stays at what single symbols tell, Bayes is exact."""
    process, rng = zoo.golden_mean(p=0.5), np.random.default_rng(0)
    sample, judged = process.sample(4_000, 6, rng=rng), process.sample(500, 5, rng=rng)
    kl = {}
    for name in BASELINES:
        known = known_at_once(name, process)
        made = counted(name, {}, sample, 2) if known is None else known
        kl[name] = float(np.mean(kl_to_optimum(made, process, judged)))
    assert kl["bayes"] == pytest.approx(0, abs=1e-12)
    assert max(kl[name] for name in ("k-gram", "back-off", "kneser-ney")) < 1e-3
    # I[last symbol; next]: the single-symbol entropy log2(3) - 2/3 minus h = 2/3, here in nats
    assert kl["unigram"] == pytest.approx((np.log2(3) - 4 / 3) * np.log(2), abs=0.03)
    assert kl["unigram"] < kl["uniform"]


def test_labels_tell_baselines_from_networks() -> None:
    assert all(is_baseline_label(name) == (name != "bayes") for name in BASELINES)
    assert is_baseline_label("k-gram-k3")
    assert not any(is_baseline_label(name) for name in ("gru", "gru-width32", "uniformer", "bayes"))
    assert [name for name in BASELINES if is_counted_label(name)] == ["k-gram", "back-off", "kneser-ney"]


def test_names_are_in_one_list_alone() -> None:
    assert set(BASELINES) <= set(candidates.names())
    assert not set(BASELINES) & set(CONFIGS)
    spec = ComparisonSpec(
        (Subject("even", "even", zoo.even(), 3),), (candidate("kneser-ney"), candidate("unigram")), steps=2, seeds=2
    )
    found = compare(spec, rng=np.random.default_rng(0))
    assert {(run.predictor, run.seed) for run in found.runs} == {
        (name, seed) for name in ("kneser-ney", "unigram") for seed in (0, 1)
    }
    assert networks(found, "even") == []
