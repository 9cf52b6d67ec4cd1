"""The audit on small random networks: its figures against plain least squares, and twins that read like strangers."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import KFold, cross_val_predict

from compmech import zoo
from predictors import capture
from predictors.adapters import load_transformer_lens
from probes import Histories, histories
from tests.predictors.lens_files import save_lens_file

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "reproductions" / "belief_audit.py"))
LENGTH = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    save_lens_file(folder / "mess3_100_tokens.safetensors", 3, n_position=LENGTH)
    save_lens_file(folder / "rrxor_100_tokens.safetensors", 2, n_position=LENGTH)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict:  # type: ignore[type-arg]
    answer: dict = SCRIPT["main"](folder, length=LENGTH)  # type: ignore[type-arg]
    return answer


def values(path: Path, found: Histories, sites: list[str]) -> dict[str, np.ndarray]:
    model = load_transformer_lens(path)
    held = capture(model, torch.from_numpy(found.words.astype(np.int64)), sites)
    return {site: found.gather(value.detach().numpy()) for site, value in held.items()}


def test_in_sample_scores_are_those_of_least_squares(found: dict, folder: Path) -> None:  # type: ignore[type-arg]
    ground = histories(zoo.mess3(x=0.05, a=0.85), LENGTH)
    X = values(folder / "mess3_100_tokens.safetensors", ground, ["layer.0"])["layer.0"]
    told = found["mess3"]["r2"]["mess3_100_tokens.safetensors"]["layer.0"]
    words = 3.0 ** (LENGTH - ground.row)  # every word is possible
    weights = {"uniform": np.ones(len(ground)), "probability": ground.frequency, "words": words}
    for name, weight in weights.items():
        fit = LinearRegression().fit(X, ground.belief, weight)
        expected = 1 - np.average(((ground.belief - fit.predict(X)) ** 2).sum(axis=1), weights=weight) / np.average(
            ((ground.belief - np.average(ground.belief, axis=0, weights=weight)) ** 2).sum(axis=1), weights=weight
        )
        assert told[name] == pytest.approx(expected, abs=1e-9)


def test_held_out_scores_are_near_those_of_another_ridge(found: dict, folder: Path) -> None:  # type: ignore[type-arg]
    """Other folds and other inner folds, so the same up to what three seeds of folds differ by."""
    ground = histories(zoo.rrxor(), LENGTH)
    X = values(folder / "rrxor_100_tokens.safetensors", ground, ["layer.0"])["layer.0"]
    probe = RidgeCV(alphas=len(X) * X.var(axis=0).mean() * np.array(SCRIPT["PENALTIES"]))
    predicted = cross_val_predict(probe, X, ground.belief, cv=KFold(10, shuffle=True, random_state=0))
    expected = 1 - ((ground.belief - predicted) ** 2).sum() / ((ground.belief - ground.belief.mean(axis=0)) ** 2).sum()
    by_seed = [row["belief"] for row in found["rrxor"]["held_out"]["layer.0"]["by_seed"]]
    assert len(by_seed) == 3
    assert found["rrxor"]["held_out"]["layer.0"]["mean"]["belief"] == pytest.approx(np.mean(by_seed))
    assert abs(np.mean(by_seed) - expected) < 0.1 + 3 * np.std(by_seed)


def test_all_sites_are_the_parts_of_the_stream(found: dict, folder: Path) -> None:  # type: ignore[type-arg]
    assert found["rrxor"]["columns"] == 6 * 6  # embedding, position, sum, amid, after, final
    ground = histories(zoo.rrxor(), LENGTH)
    path = folder / "rrxor_100_tokens.safetensors"
    X = SCRIPT["all_sites"](load_transformer_lens(path), ground)
    held = values(path, ground, ["embed", "layer.0", "final"])
    np.testing.assert_allclose(X[:, :6], held["embed"])
    np.testing.assert_allclose(X[:, 6:12] + X[:, :6], X[:, 12:18], atol=1e-12)
    np.testing.assert_allclose(X[:, 24:30], held["layer.0"])
    np.testing.assert_allclose(X[:, 30:], held["final"])
    assert len({tuple(np.round(row, 9)) for row in X[:, 6:12]}) == LENGTH  # a position each


def test_a_folder_that_lacks_a_process_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no mess3_"):
        SCRIPT["main"](tmp_path)
