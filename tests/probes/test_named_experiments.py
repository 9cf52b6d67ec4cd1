"""The named experiments: each in small, what is done is not done again, and pages that show what the files hold."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from compmech import minimal, zoo
from predictors import ProcessPredictor, TransformerConfig, build
from probes.ground import prepare

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "docs" / "reproductions"
Run = Callable[..., dict[str, Any]]


def script(name: str) -> dict[str, Any]:
    return runpy.run_path(str(SCRIPTS / f"{name}.py"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a script in small; then again, when nothing may be trained."""

    def twice(name: str) -> dict[str, Any]:
        out, made = tmp_path / f"{name}.json", script(name)
        made["main"](["--small", "-o", str(out)])
        found: dict[str, Any] = json.loads(out.read_text())
        assert found["command"].startswith(f"python docs/reproductions/{name}.py -o docs/results/")
        assert found["versions"]["torch"]

        def refuse(*_: Any, **__: Any) -> None:
            raise AssertionError("trained again")

        monkeypatch.setitem(made["main"].__globals__, "train", refuse)
        made["main"](["--small", "-o", str(out)])
        assert json.loads(out.read_text())["rows"] == found["rows"]
        return found

    return twice


def test_factored(run: Run) -> None:
    found = run("factored")
    at = {row["planted"]: row for row in found["rows"] if "planted" in row}
    whole, apart, plane, noise = (at[name] for name in script("factored")["PLANTED"])
    assert found["dimensions"] == {"factor-1": 2, "factor-2": 2, "together": 4}
    for planted in (whole, apart):
        assert planted["r2"]["factor-1"]["score"] > 0.99
        assert planted["overlap"] < 0.05
        assert min(planted["angles"]) > 75
    assert whole["r2"]["together"]["score"] > 0.99, "what holds all of it is seen to"
    assert apart["r2"]["together"]["score"] < 0.1
    assert apart["r2_leading"]["factor-2"] > 0.99, "four components are enough for two planes"
    assert min(whole["r2_leading"].values()) < 0.9, "and not for eight dimensions"
    assert (whole["directions"] > 4, apart["directions"] <= 4) == (True, True)
    assert plane["overlap"] > 0.9, "shared directions are seen"
    assert abs(noise["r2"]["factor-1"]["score"]) < 0.1
    networks = [(row["kind"], row["seed"], row["trained"]) for row in found["rows"] if "kind" in row]
    assert networks == [(kind, 0, trained) for kind in ("transformer", "gru") for trained in (False, True)]


def test_what_goes_together_is_no_affine_map_of_the_factors() -> None:
    made = script("factored")
    ground = prepare(made["the_process"](), 2, max_histories=None, rng=np.random.default_rng(0))
    one, other, together = made["the_targets"](ground)
    weight = ground.histories.weight("probability")
    for factor in (one, other):
        assert abs((weight[:, None] * factor.Y).T @ together.Y).max() < 1e-12
    assert abs(together.Y).max() > 0.01


def test_constrained(run: Run) -> None:
    found = run("constrained")
    for row in found["rows"]:
        if row["seed"] is None:
            one_by_one, exact = (row["planted"][name] for name in ("symbols one by one", "exact belief"))
            assert one_by_one["constrained"] > 0.999 > one_by_one["belief"]
            assert exact["belief"] > 0.999 > exact["constrained"]
            assert row["eigenvalue"] == pytest.approx(0.85 if "0.05" in row["case"] else -0.5)
        else:
            assert len(row["trained"]["attention"]) == (2 if "2 heads" in row["case"] else 1)
            assert row["trained"]["effects"]["signed"][1] == pytest.approx(1)


@pytest.mark.parametrize("rate", [0.6, -0.4])
def test_a_planted_signed_decay_is_read_from_what_attention_writes(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = script("constrained")
    config = TransformerConfig(n_symbol=3, max_length=6, width=8, n_layer=1, n_head=1, head_width=4, mlp_width=8)
    model = build(config, rng=torch.Generator().manual_seed(0))
    words = np.random.default_rng(0).integers(0, 3, (300, 6))
    write = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    sums = sum(rate**lag * write[torch.from_numpy(words[:, 5 - lag])] for lag in range(6))
    written = model.blocks[0].get_submodule("attention_out")
    monkeypatch.setattr(written, "forward", lambda z: sums[:, None].expand(-1, z.shape[1], -1))
    told = made["effects"](made["written"](model, words), words, 3)
    np.testing.assert_allclose(told["signed"], rate ** (np.arange(6) - 1.0), rtol=1e-4)
    np.testing.assert_allclose(np.abs(told["cosine"]), 1, rtol=1e-4)
    assert told["additive_r2"] == pytest.approx(1)


def test_non_ergodic(run: Run) -> None:
    found = run("non_ergodic")
    [exact] = [row for row in found["rows"] if row["kind"] == "theory"]
    assert exact["model_free"]["exact belief (planted)"]["r2"]["component"]["score"] > 0.99
    # E of the mixture is that of the parts on average, and one bit: between the bounds of the mixture as a whole
    assert 0.34 < exact["excess_entropy_bits"] < 1.2946
    # next symbols are alike at first, and what each position saves less and less
    assert exact["to_the_true_one"][0] == pytest.approx(0.5)
    assert exact["to_the_true_one"] == sorted(exact["to_the_true_one"])
    assert exact["sum"] < exact["excess_entropy_bits"]
    networks = [row for row in found["rows"] if row["kind"] != "theory"]
    assert [row["kind"] for row in networks] == ["transformer", "gru"]
    assert all(len(row["trained"]["kl_bits_by_row"]) == 6 for row in networks)


def test_the_exact_predictor_of_a_mixture_pays_nothing_and_holds_its_posterior() -> None:
    made = script("non_ergodic")
    process = made["the_process"]()
    ground = prepare(process, 5, max_histories=None, rng=np.random.default_rng(0))
    exact = ProcessPredictor(process)
    [site] = exact.sites
    kl = made["kl_by_position"](ground.histories, made["read_out"](exact, ground.histories, [site]).log_probs)
    assert abs(kl).max() < 1e-9
    # over all words of 5 symbols the sampled excess, over whatever rate, has an exact value to be held against
    sampled = made["optimum"](1.3, {"words": 4000, "length": 5})
    p, P = ground.histories.prediction, ground.histories.frequency
    entropy = -(p * np.log2(p)).sum(axis=1)
    by_row = np.bincount(ground.histories.row - 1, P * entropy) * ground.histories.length - 1.3
    assert abs(sampled["sum"] - (np.log2(3) - 1.3 + by_row.sum())) < 5 * sampled["standard_error"]
    assert sampled["standard_error"] < 0.02


def test_shai2024(run: Run) -> None:
    found = run("shai2024")
    alone = {row["process"]: row for row in found["rows"] if row["seed"] is None}
    assert alone["mess3"]["model_free"]["true next-symbol p"]["uniform"]["history"]["belief"] > 0.999
    true_p = alone["rrxor"]["model_free"]["true next-symbol p"]["uniform"]
    assert true_p["history"]["belief"] < 0.5
    assert true_p["history"]["beyond"] < 0.05
    assert true_p["distance"]["in_sample"]["next"] > 0.999
    [rrxor] = [row for row in found["rows"] if row["process"] == "rrxor" and row["seed"] is not None]
    at = rrxor["untrained"]["all places"]["uniform"]
    assert rrxor["untrained"]["all places"]["columns"] == 1536
    assert at["in_sample"]["r2"] > 0.99, "more columns than rows"
    assert at["history"]["belief"] < 0.5


def test_places_of_the_stream_are_its_parts() -> None:
    made = script("shai2024")
    study = made["studies"]()["rrxor"]
    ground = prepare(zoo.rrxor(), 3, max_histories=None, rng=np.random.default_rng(0))
    X, last, _ = made["all_places"](made["network"](study, 0, 3), ground.histories)
    embed, position, both, *_ = np.split(X, 12, axis=1)
    np.testing.assert_allclose(embed + position, both)
    assert len(np.unique(position.round(5), axis=0)) == 3  # one vector for each position
    np.testing.assert_allclose(np.split(X, 12, axis=1)[10], last)


def test_forming(run: Run) -> None:
    found = run("forming")
    assert [row["case"] for row in found["rows"]] == ["mess3, gru"]
    for row in found["rows"]:
        site, n = row["sites"][-1], len(row["steps"])
        for course, foreign in zip(row["seeds"], row["of_another_seed"], strict=True):
            belief = course[site]["belief"]
            assert len(belief) == len(course["kl_nats"]) == n
            assert belief[-1]["fixed"] == belief[-1]["refitted"]
            assert belief[-1]["angle"] == pytest.approx(0, abs=1e-3)
            assert all(each["fixed"] <= each["refitted"] + 0.05 for each in belief)
            # planted: a projection that has nothing to do with the last one is seen not to be it
            assert foreign[site]["belief"][0]["fixed"] < 0 < foreign[site]["belief"][1]["fixed"]
            assert foreign[site]["belief"][0]["angle"] > 45
    picture = found["rows"][0]["picture"]
    assert set(picture["read"]) == {"0", "20"}
    assert {len(points) for points in (picture["true"], picture["colour"], *picture["read"].values())} == {30}


def test_dead_information(run: Run) -> None:
    found = run("dead_information")
    alone, both = found["planted"]["belief alone"], found["planted"]["belief and coins"]
    assert min(alone["belief"], both["belief"], *both["coin"]) > 0.99
    assert max(alone["coin"]) < 0.1, "a minimal state has nothing that is dead"
    assert alone["share_of_belief"] > 0.99 > 0.5 > both["share_of_belief"]
    assert both["effective_dimension"] > 3 * alone["effective_dimension"]
    made = script("dead_information")
    rows = [(row["kind"], row["optimiser"], row["seed"]) for row in found["rows"]]
    assert rows == [(kind, optimiser, 0) for kind in made["KINDS"] for optimiser in made["OPTIMISERS"]]
    for row in found["rows"]:
        assert [each["step"] for each in row["course"]] == [0, 4]
        assert set(row["tried"]) == {str(rate) for rate in made["TRIED"].get(row["optimiser"], ())}


def test_the_coins_say_nothing_of_the_future() -> None:
    made = script("dead_information")
    ground = prepare(made["the_process"](), 4, max_histories=None, rng=np.random.default_rng(0))
    weight, coins = ground.histories.weight("probability"), made["coins"](ground)
    assert set(np.unique(coins)) == {-1.0, 0.0, 1.0}
    assert abs((weight[:, None] * ground.histories.prediction).T @ coins).max() < 1e-12
    assert minimal(made["the_process"]()).n_state == 2
