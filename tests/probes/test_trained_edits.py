"""Edits of networks that have learned Z1R, whose period later symbols tell: a GRU and a transformer, trained for
seconds."""

import numpy as np
import pytest
import torch
from architectures_for_edits import tiny

from compmech import zoo
from predictors import GRUConfig, Predictor, TrainingConfig, TransformerConfig, build, train
from probes import EditEffect, causal_effects, causal_share, histories

PROCESS = zoo.z1r()
HISTORIES = histories(PROCESS, 8)


def trained(config: GRUConfig | TransformerConfig, steps: int, lr: float) -> tuple[Predictor, Predictor]:
    model, twin = (build(config, rng=torch.Generator().manual_seed(0)) for _ in range(2))
    training = TrainingConfig(length=10, steps=steps, batch=64, lr=lr, eval_every=steps)
    record = train(model, PROCESS, training, rng=np.random.default_rng(0))
    assert record.final.mean_kl < 0.005  # they have learned it
    return model, twin


@pytest.fixture(scope="module")
def gru() -> tuple[Predictor, Predictor]:
    return trained(GRUConfig(n_symbol=2, width=16), 250, 1e-2)


@pytest.fixture(scope="module")
def transformer() -> tuple[Predictor, Predictor]:
    config = TransformerConfig(n_symbol=2, width=16, n_layer=2, n_head=2, head_width=8, mlp_width=32, max_length=10)
    return trained(config, 400, 5e-3)


def effects(pair: tuple[Predictor, Predictor], edit: str, site: str | None, kind: str) -> dict[str, list[EditEffect]]:
    rows = causal_effects(
        pair[0], PROCESS, HISTORIES, site, edit=edit, kind=kind, twin=pair[1],
        rng=np.random.default_rng(0), row=5, n_case=60,
    )  # fmt: skip
    return {control: [r for r in rows if r.control == control] for control in {r.control for r in rows}}


def verdicts(found: dict[str, list[EditEffect]]) -> list[str]:
    return [r.verdict for r in found[""]]


@pytest.mark.parametrize("kind", ["transplant", "belief"])
def test_carry_edits_change_the_future_of_a_recurrent_network(gru: tuple[Predictor, Predictor], kind: str) -> None:
    found = effects(gru, "carry", None, kind)
    assert verdicts(found) == ["as Bayes"] * 3
    assert all(r.effect > 0.95 for r in found[""])
    assert all(r.later > 0.95 for r in found[""][1:])
    assert all(abs(r.effect) < 0.2 for r in found["untrained"])
    assert all(r.effect < 0.5 for r in found["wrong-belief"] + found["random-direction"])


def test_the_output_of_its_last_layer_cannot(gru: tuple[Predictor, Predictor]) -> None:
    found = effects(gru, "row t", "layer.0", "transplant")
    assert verdicts(found) == ["cannot change the future"] * 3
    assert found[""][0].effect > 0.95  # its own row is the donor's
    assert all(r.later == pytest.approx(0, abs=1e-9) for r in found[""][1:])


def test_an_invisible_direction_of_a_recurrent_network_shows_when_it_should(gru: tuple[Predictor, Predictor]) -> None:
    found = effects(gru, "carry", "layer.0.carry", "visible-at-2")
    assert verdicts(found)[0] == "stays"
    assert all(r.effect > 0.5 for r in found[""][1:])
    assert found["wrong-belief"][1].effect < 0


def test_nearly_all_of_its_belief_runs_through_the_probed_subspace(gru: tuple[Predictor, Predictor]) -> None:
    shares = causal_share(gru[0], PROCESS, HISTORIES, edit="carry", row=5, n_case=60, rng=np.random.default_rng(0))
    assert all(s.low > 0.9 for s in shares)
    assert all(s.high < 1.01 for s in shares)
    (share, *_) = causal_share(gru[1], PROCESS, HISTORIES, edit="carry", row=5, n_case=60, rng=np.random.default_rng(0))
    assert share.share is None  # the untrained twin has no effect to share


def test_the_whole_cache_of_a_transformer_brings_the_donors_future(transformer: tuple[Predictor, Predictor]) -> None:
    found = effects(transformer, "carry", None, "transplant")
    assert verdicts(found) == ["as Bayes"] * 3
    assert all(r.effect > 0.95 for r in found[""])


@pytest.mark.parametrize("kind", ["transplant", "mean"])
def test_one_row_of_a_transformer_is_recomputed(transformer: tuple[Predictor, Predictor], kind: str) -> None:
    found = effects(transformer, "row t", "layer.0", kind)
    assert verdicts(found)[1:] == ["recomputes"] * 2
    assert found[""][0].effect > 0.5  # though the row's own prediction is another
    assert all(abs(r.later) < 0.1 for r in found[""][1:])


def test_the_last_layer_of_a_transformer_is_read_by_no_later_row(transformer: tuple[Predictor, Predictor]) -> None:
    assert verdicts(effects(transformer, "row t", "layer.1", "transplant")) == ["cannot change the future"] * 3
    assert verdicts(effects(transformer, "rows<=t", "layer.1", "transplant")) == ["cannot change the future"] * 3
    assert verdicts(effects(transformer, "row t", "final", "transplant")) == ["trivial"] * 3


@pytest.mark.parametrize("name", ["gru", "transformer"])
def test_networks_that_have_learned_nothing_hardly_ever_move_as_bayes(name: str) -> None:
    """Calibration: 24 rows of untrained networks against untrained twins. The margins are lower bounds of 95 %
    intervals over all controls at once; where chance alone makes one in fifty, more than three have probability 0.002.
    """
    process = zoo.nemo()
    found, verdicts = histories(process, 5), []
    for seed in range(4):
        model, twin = tiny(name, seed=seed), tiny(name, seed=seed + 50)
        for kind in ("transplant", "belief", "visible-at-2"):
            rows = causal_effects(
                model, process, found, edit="carry", kind=kind, twin=twin,
                rng=np.random.default_rng(seed), n_case=24, row=4, horizon=2,
            )  # fmt: skip
            verdicts += [r.verdict for r in rows if not r.control]
    assert len(verdicts) == 24
    assert sum(verdict in ("as Bayes", "part of the way") for verdict in verdicts) <= 3
