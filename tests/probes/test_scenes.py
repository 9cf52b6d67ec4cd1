"""Scenes and pictures: the simplex of three and four states, components beyond, and what an earlier version kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.distance import pdist

from compmech import HMM, zoo
from probes.ground import prepare
from probes.pictures import pictures, plane, scene
from probes.results import Comparison
from probes.scene import of_schema_1, unpacked

DEMO = Path(__file__).parents[2] / "docs" / "results" / "demo" / "results.json"


def four_states() -> HMM:
    """A minimal process of four states, each of which has a favourite symbol and likes to stay."""
    stay = 0.7 * np.eye(4) + 0.1 * (1 - np.eye(4))
    emit = 0.76 * np.eye(4) + 0.08 * (1 - np.eye(4))
    return HMM(np.einsum("ix,ij->xij", emit, stay))


@pytest.mark.parametrize(
    ("process", "length", "axes", "dimension"),
    [(zoo.mess3(), 4, "simplex", 2), (four_states(), 3, "simplex", 3), (zoo.rrxor(), 8, "principal", 4)],
)
def test_the_belief_follows_from_the_place(process: HMM, length: int, axes: str, dimension: int) -> None:
    ground = prepare(process, length, max_histories=None, rng=np.random.default_rng(0))
    found = scene("p", process, ground)
    assert (found.axes, found.dimension) == (axes, dimension)
    assert found.states == list(map(str, process.states))
    assert found.words == [ground.histories.text(i) for i in range(len(ground.histories))]
    # float16 has three digits
    assert_allclose(found.probabilities(found.true), ground.histories.belief, atol=5e-3)
    if axes == "simplex":
        assert_allclose(found.probabilities(found.corner_places), np.eye(process.n_state), atol=1e-3)
        assert_allclose(pdist(found.corner_places), 1.0, atol=1e-3)


def test_without_hidden_states_there_are_no_probabilities_to_show() -> None:
    process = zoo.bloch_walk()
    found = scene("p", process, prepare(process, 5, max_histories=None, rng=np.random.default_rng(0)))
    assert (found.axes, found.states, found.belief_map) == ("principal", [], [])
    assert found.colour.shape == (len(found.belief), 3)


def test_beliefs_on_a_line_have_one_coordinate() -> None:
    process = zoo.even()
    found = scene("p", process, prepare(process, 8, max_histories=None, rng=np.random.default_rng(0)))
    assert found.dimension == 1
    assert_allclose(found.probabilities(found.true).sum(axis=1), 1.0, atol=5e-3)
    assert_allclose(found.colour[:, 1:], 0.5)


def test_a_perfect_site_is_pictured_where_the_beliefs_are() -> None:
    process = zoo.mess3()
    ground = prepare(process, 5, max_histories=None, rng=np.random.default_rng(0))
    common = scene("mess3", process, ground)
    noise = np.random.default_rng(1).standard_normal((len(ground.histories), 3))
    values = {"good": ground.histories.belief, "bad": noise}
    good, bad = pictures(("mess3", "gru", 0), plane(process, ground), ground, values, best="good", step=7)
    assert (good.best, bad.best, good.step) == (True, False, 7)
    assert good.fits(common)
    assert_allclose(good.places(common), common.true, atol=5e-3)
    assert good.score > 0.999
    assert bad.score < 0.1


def test_pictures_of_an_earlier_version_are_read() -> None:
    text = DEMO.read_text()
    old, new = json.loads(text), Comparison.from_json(text)
    assert old["schema"] == 1
    assert [s.process for s in new.scenes] == ["mess3", "rrxor"]
    triangle = new.scenes[0]
    assert triangle.words == []
    first = old["pictures"][0]
    assert_allclose(triangle.true, first["true"], atol=5e-4)
    assert_allclose(unpacked(new.pictures[0].probed, 2), np.clip(first["probed"], -6e4, 6e4), atol=2e-3)
    # the coordinates of a triangle are the probabilities of its corners, which also gave the colours
    assert_allclose(triangle.probabilities(triangle.true).clip(0, 1), first["colour"], atol=2e-3)
    assert of_schema_1([]) == ([], [])
