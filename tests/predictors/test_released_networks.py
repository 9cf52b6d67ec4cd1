"""The reproduction on small random weights in the published naming: its figures against a plain regression."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression

from compmech import filter_beliefs, zoo
from predictors import capture
from predictors.adapters import load_transformer_lens
from tests.predictors.lens_files import save_lens_file

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "reproductions" / "released_networks.py"))
LENGTH = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    for name in ("mess3_2000", "mess3_100"):
        save_lens_file(folder / f"{name}_tokens.safetensors", 3, n_position=LENGTH)
    save_lens_file(folder / "rrxor_100_tokens.safetensors", 2, n_position=LENGTH)
    return folder


def test_its_errors_are_those_of_a_regression_over_every_word_and_row(folder: Path) -> None:
    found = SCRIPT["main"](folder, length=LENGTH)
    assert [network["file"] for network in found["mess3"]["networks"]] == [
        f"mess3_{tokens}_tokens.safetensors" for tokens in (100, 2000)
    ]
    for name, n_words in (("mess3", 81), ("rrxor", 16)):
        process = zoo.mess3(x=0.05, a=0.85) if name == "mess3" else zoo.rrxor()
        n = len(process.alphabet)
        words = np.indices((n,) * LENGTH).reshape(LENGTH, -1).T
        words = words[np.isfinite(process.log_prob(words))]
        assert found[name]["words"] == len(words) <= n_words
        model = load_transformer_lens(folder / f"{name}_100_tokens.safetensors")
        beliefs = filter_beliefs(process, words)[:, 1:].reshape(-1, process.T.shape[1])
        network = found[name]["networks"][0]
        for site in ("embed", "layer.0", "final"):
            values = capture(model, torch.from_numpy(words), [site])[site].detach().flatten(0, 1).numpy()
            fit = LinearRegression().fit(values, beliefs)
            error = float(((beliefs - fit.predict(values)) ** 2).mean())
            assert network["mse"][site] == pytest.approx(error, abs=1e-10)
        assert found[name]["mse_of_the_mean"] == pytest.approx(float(beliefs.var(axis=0).mean()), abs=1e-12)
        p = np.exp(process.log_prob(words))
        rows = model.log_probs(torch.from_numpy(words)).detach().numpy()[:, :-1]
        told = np.take_along_axis(rows, words[:, 1:, None], axis=2)[..., 0].mean(axis=1)
        assert network["loss_nats"] == pytest.approx(-float(p @ told), abs=1e-12)


def test_a_folder_without_networks_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no mess3_<tokens>_tokens\.safetensors"):
        SCRIPT["main"](tmp_path)
