"""Where edits act, on every architecture: which slots, what a transplant of everything does, what is refused."""

import numpy as np
import pytest
import torch
from architectures_for_edits import NAMES, tiny

from compmech import zoo
from predictors import Predictor, UniformPredictor, UnknownSite
from probes import causal_effects, histories
from probes.intervention import EditName, place
from probes.intervention.futures import joint_log_probs
from probes.intervention.places import Place

WORDS = histories(zoo.rrxor(), 6).words
ROW = 4


def futures(model: Predictor, horizon: int = 3) -> np.ndarray:
    return joint_log_probs(lambda case: model, WORDS[:, :ROW], horizon)[-1]


def put(where: Place, model: Predictor, *, shift: int = 1, horizon: int = 3) -> np.ndarray:
    """What it predicts with the values of the words some places before."""
    values = np.roll(where.values(model, WORDS), shift, axis=0)
    return joint_log_probs(lambda case: where.written(model, values[case]), WORDS[:, :ROW], horizon)[-1]


@pytest.mark.parametrize("name", NAMES)
def test_everything_carried_brings_the_donors_future(name: str) -> None:
    model = tiny(name)
    where = place(model, "carry", None, ROW)
    plain, edited = futures(model), put(where, model)
    assert abs(plain - np.roll(plain, 1, axis=0)).max() > 0.05  # there is something to bring
    np.testing.assert_allclose(edited, np.roll(plain, 1, axis=0), atol=1e-9)
    np.testing.assert_allclose(put(where, model, shift=0), plain, atol=1e-9)
    slots = {(slot.site, slot.row) for slot in where.slots}
    for site, each in model.sites.items():
        rows = {row for at, row in slots if at == site}
        expected = (
            {ROW}
            if (each.recurrent or site in ("layer.0", "layer.1"))
            else set(range(ROW + 1))
            if each.state
            else set()
        )
        assert rows == expected, site


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("edit", ["row t", "rows<=t"])
def test_edits_of_one_site_put_what_they_say_where_they_say(name: str, edit: EditName) -> None:
    model = tiny(name)
    for site in model.sites:
        where = place(model, edit, site, ROW)
        assert [slot.row for slot in where.slots] == ([ROW] if edit == "row t" else list(range(ROW + 1)))
        values = np.roll(where.values(model, WORDS), 1, axis=0)
        np.testing.assert_allclose(where.values(where.written(model, values), WORDS), values, atol=1e-12)
        tokens = torch.from_numpy(WORDS)
        with torch.no_grad():
            before, after = (m.log_probs(tokens)[:, :ROW] for m in (model, where.written(model, values)))
        if edit == "row t":
            torch.testing.assert_close(after, before, rtol=0, atol=1e-12)  # nothing before t moves


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "mingru", "lru", "mamba", "mamba2"])
def test_the_output_of_the_last_recurrent_layer_changes_no_future_and_its_carry_does(name: str) -> None:
    model = tiny(name)
    plain = futures(model, 1), futures(model, 3)
    carry = next(site for site in model.sites if site.startswith("layer.1.") and not site.endswith("conv"))

    def later(where: Place) -> float:
        """How far conditional predictions after row t moved."""
        moved = [put(where, model, horizon=h) - p for h, p in zip((1, 3), plain, strict=True)]
        return float(abs(moved[1] - np.repeat(moved[0], 4, axis=1)).max())

    assert later(place(model, "row t", "layer.1", ROW)) < 1e-12
    assert later(place(model, "carry", carry, ROW)) > 1e-4


@pytest.mark.parametrize("site", [None, "layer.0.key"])
def test_a_transformers_carry_is_its_whole_cache(site: str | None) -> None:
    where = place(tiny("transformer"), "carry", site, ROW)
    assert {slot.row for slot in where.slots if slot.site == "layer.0.key"} == set(range(ROW + 1))
    assert where.joint
    assert where.width == (8 * (ROW + 1) if site else 4 * 8 * (ROW + 1) + 2 * 8)


def test_what_is_no_place_is_refused() -> None:
    gru = tiny("gru")
    with pytest.raises(ValueError, match="there are three edits: carry, rows<=t, row t; got 'rowt'"):
        place(gru, "rowt", "layer.0", ROW)  # type: ignore[arg-type]
    with pytest.raises(UnknownSite, match=r"did you mean 'layer.0.carry'"):
        place(gru, "carry", "layer.0.cary", ROW)
    with pytest.raises(ValueError, match=r"'layer.0' is none: use 'row t'"):
        place(gru, "carry", "layer.0", ROW)
    with pytest.raises(ValueError, match=r"'row t' is of one site: name it, one of embed, layer.0.carry"):
        place(gru, "row t", None, ROW)
    with pytest.raises(ValueError, match="row 1 or later, after a history; got row 0"):
        place(gru, "carry", None, 0)
    with pytest.raises(ValueError, match="nothing that this predictor carries on is a site"):
        place(UniformPredictor(2), "carry", None, ROW)


@pytest.mark.parametrize("name", NAMES)
def test_effects_are_scored_on_every_architecture(name: str) -> None:
    process = zoo.z1r()
    found, model, twin = histories(process, 5), tiny(name, seed=1), tiny(name, seed=2)
    for edit, site, kind, verdicts in (
        ("carry", None, "belief", MOVES),
        ("carry", None, "erase", MOVES),
        ("rows<=t", "layer.0", "visible-at-2", MOVES),
        ("row t", "layer.1", "transplant", {"cannot change the future"}),
        ("row t", "final", "transplant", {"trivial"}),
    ):
        rows = causal_effects(
            model, process, found, site, edit=edit, kind=kind, twin=twin, rng=np.random.default_rng(0),
            row=4, n_case=6, horizon=2,
        )  # fmt: skip
        assert {r.control for r in rows} >= {"", "before", "random-direction", "untrained"}
        assert [r.horizon for r in rows if not r.control] == [1, 2]
        assert all(np.isfinite(r.kl_to_injected) for r in rows)
        assert all(r.moved > 1e-9 for r in rows if not r.control)
        assert {r.verdict for r in rows if not r.control} <= verdicts


MOVES = {
    "as Bayes",
    "part of the way",
    "not as Bayes",
    "moves too early",
    "stays",
    "does not use",
    "does not use this copy",
}
