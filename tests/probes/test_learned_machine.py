"""The machine of a network as a row of a comparison: found and compared, or with the reason why there is none."""

import numpy as np
import pytest
import torch

from compmech import zoo
from predictors import ProcessPredictor, TransformerConfig, build
from probes import learned_machine
from probes.learned_machine import machine_row

NAMES = ("golden_mean", "bayes", None)


def test_a_perfect_predictor_has_the_machine_of_the_process() -> None:
    process = zoo.golden_mean()
    row = machine_row(ProcessPredictor(process), process, 6, names=NAMES, rng=np.random.default_rng(0))
    assert (row.process, row.predictor, row.seed, row.reason) == (*NAMES, "")
    assert row.found is not None
    beside = row.found["diagnostics"]["process"]
    assert beside["isomorphic"]
    assert beside["name"] == "golden_mean"
    assert len(row.found["machine"]["states"]) == 2


def test_a_network_that_reads_no_further_is_left_to_itself_as_far_as_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int | None] = []

    def refused(*given: object, n_time: int | None, **settings: object) -> None:
        asked.append(n_time)
        raise ValueError("the rank of its predictions\n still grows")

    monkeypatch.setattr(learned_machine, "extract", refused)
    config = TransformerConfig(n_symbol=2, width=8, n_layer=1, n_head=1, max_length=10)
    network = build(config, rng=torch.Generator().manual_seed(0))
    row = machine_row(network, zoo.golden_mean(), 6, names=NAMES, rng=np.random.default_rng(0))
    assert asked == [8]  # ten symbols, less two of their futures
    assert (row.found, row.reason) == (None, "the rank of its predictions still grows")
