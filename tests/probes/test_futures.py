"""Joint predictions of k symbols: the chain of single ones, for networks and for predictors with impossible words."""

import numpy as np
import pytest
import torch
from ground_for_tests import all_words

import probes.intervention.futures as module
from compmech import zoo
from predictors import GRUConfig, ProcessPredictor, build
from probes import histories
from probes.intervention.futures import joint_kl, joint_log_probs


def test_joint_predictions_are_the_chain_of_single_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(GRUConfig(n_symbol=3, width=6), rng=torch.Generator().manual_seed(0)).double()
    words = np.array([[0, 1, 2, 2], [1, 1, 0, 2], [2, 0, 0, 1]])
    found = joint_log_probs(lambda case: model, words, 3)
    assert [each.shape for each in found] == [(3, 3), (3, 9), (3, 27)]
    for k, each in enumerate(found, 1):
        np.testing.assert_allclose(np.exp(each).sum(axis=1), 1, atol=1e-12)
        for case, word in enumerate(words):
            for place, follow in enumerate(all_words(3, k)):
                with torch.no_grad():
                    rows = model.log_probs(torch.tensor([[*word, *follow]]))[0, len(word) :]
                expected = sum(float(rows[i, x]) for i, x in enumerate(follow))
                assert each[case, place] == pytest.approx(expected, abs=1e-12)
    asked = []
    monkeypatch.setattr(module, "_SEQUENCES", 10)  # one case at a time

    def predictor(case: np.ndarray):
        asked.append(list(case))
        return model

    for one, other in zip(found, joint_log_probs(predictor, words, 3), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    assert asked[1:] == [[0] * 9, [1] * 9, [2] * 9]


def test_impossible_words_have_probability_zero_and_are_not_read() -> None:
    process = zoo.golden_mean()
    words = histories(process, 4).words
    found = joint_log_probs(lambda case: ProcessPredictor(process), words, 4)
    follow = all_words(2, 4)
    for case, word in enumerate(words):
        whole = process.log_prob(np.concatenate([np.tile(word, (16, 1)), follow], axis=1)) - process.log_prob(
            word[None]
        )
        np.testing.assert_allclose(np.exp(found[3][case]), np.exp(whole), atol=1e-12)
        assert (found[3][case] == -np.inf).sum() == (whole == -np.inf).sum() > 0


def test_kl_by_definition() -> None:
    P, Q = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]]), np.array([[0.25, 0.5, 0.25]] * 3)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(joint_kl(P, np.log(Q))[:2], [0.5 * np.log(2), np.log(4)])
        assert joint_kl(P[[2]], np.log(P[[0]])) == np.inf
        assert joint_kl(P, np.log(P)).tolist() == [0, 0, 0]
