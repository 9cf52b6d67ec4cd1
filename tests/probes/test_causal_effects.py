"""Causal effects where they are known: a predictor that uses a linear image of the belief, and one with a decoy."""

import json
from dataclasses import replace
from math import inf

import numpy as np
import pytest
import torch
from planted_predictors import Planted

from compmech import HMM, zoo
from predictors import ProcessPredictor
from probes import EditEffect, ProbeData, RidgeProbe, causal_effects, causal_share, histories
from probes.history import Histories
from probes.intervention import VERDICTS, BeliefSpace, belief_space, kinds_of
from probes.intervention.component import Through
from probes.report import edit_figure, edit_table

PROCESS = zoo.rrxor()
HISTORIES = histories(PROCESS, 7)
PLANTED = Planted(PROCESS, decoy=True)


def effects(site: str = "used", kind: str = "belief", **more) -> tuple[EditEffect, ...]:
    given = {"edit": "carry", "rng": np.random.default_rng(0), "n_case": 40} | more
    return causal_effects(PLANTED, PROCESS, HISTORIES, site, kind=kind, **given)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def real(rows: tuple[EditEffect, ...]) -> list[EditEffect]:
    return [r for r in rows if not r.control]


def by_control(rows: tuple[EditEffect, ...], horizon: int) -> dict[str, EditEffect]:
    return {r.control: r for r in rows if r.horizon == horizon}


# ------------------------------------------------------------------------------------------------------ what is planted


@pytest.mark.parametrize("through", ["probe", "encoding"])
@pytest.mark.parametrize("kind", ["transplant", "belief", "arbitrary", "mean", "erase"])
def test_an_image_of_the_belief_moves_as_bayes(kind: str, through: Through) -> None:
    rows = effects(kind=kind, through=through)
    for r in real(rows):
        assert r.kl_to_injected == pytest.approx(0, abs=1e-8)
        assert r.effect == pytest.approx(1, abs=1e-8)
        assert r.kl_to_original > 0.01
        assert r.verdict == "as Bayes"
    for r in rows:
        if r.control == "before":
            assert r.moved == pytest.approx(0, abs=1e-12)
            assert r.effect == 0
        elif r.control in ("wrong-belief", "random-direction") and r.horizon == 4:
            assert r.effect < 0.9


@pytest.mark.parametrize("k", [2, 3, 4])
def test_an_invisible_direction_stays_until_it_shows(k: int) -> None:
    rows = effects(kind=f"visible-at-{k}")
    own = "own belief" if k < 4 else "halfway to the mean belief"
    for r in real(rows):
        assert r.start == own
        if r.horizon < k:
            assert (r.verdict, r.effect) == ("stays", None)
            assert r.moved == pytest.approx(0, abs=1e-9)
            assert r.due == pytest.approx(0, abs=1e-9)
        else:
            assert r.verdict == "as Bayes"
            assert r.effect == pytest.approx(1, abs=1e-6)
            assert r.moved > 0.01
    assert {r.verdict for r in rows if r.control} == {""}
    assert by_control(rows, 4)["wrong-belief"].effect < 0


@pytest.mark.parametrize(
    ("kind", "through"),
    [(kind, "encoding") for kind in ("transplant", "belief", "arbitrary", "visible-at-2", "mean", "erase", "zero")]
    + [(kind, "probe") for kind in ("belief", "visible-at-2")],
)
def test_a_decoy_is_read_perfectly_and_has_no_effect(kind: str, through: Through) -> None:
    from probes.readout import read_out

    features = read_out(PLANTED, HISTORIES, ["decoy"]).features["decoy"]
    data = ProbeData(
        features, belief_space(PROCESS).points(HISTORIES.belief), HISTORIES.frequency, np.arange(len(HISTORIES))
    )
    assert abs(RidgeProbe((1e-10,)).fit(data).predict(features) - data.Y).max() < 1e-6
    for r in effects("decoy", kind, through=through):
        assert r.moved == pytest.approx(0, abs=1e-12)
        assert r.verdict == ("" if r.control else "does not use this copy")
        if r.effect is not None:
            assert r.effect == pytest.approx(0, abs=1e-9)


def test_a_predictor_that_uses_nothing_does_not_use() -> None:
    """Everything carried is edited, and the predictions are those of a coin."""

    class Coin(Planted):
        def _at(self, states, row, tap):
            carry = super()._at(states, row, tap)
            return replace(carry, log_probs=carry.log_probs * 0 - np.log(2))

    for kind, told in (("transplant", "does not use"), ("mean", "does not use"), ("belief", "does not use this copy")):
        rows = causal_effects(
            Coin(PROCESS), PROCESS, HISTORIES, edit="carry", kind=kind, rng=np.random.default_rng(0), n_case=20
        )
        # for the mean belief two symbols are two coins, as predicted: only the third and the fourth have to move
        assert [r.verdict for r in real(rows)] == (["", "", told, told] if kind == "mean" else [told] * 4)


def test_the_share_of_the_used_image_is_1_and_of_the_decoy_0() -> None:
    for site, expected in (("used", 1.0), ("decoy", 0.0)):
        shares = causal_share(PLANTED, PROCESS, HISTORIES, site, edit="carry", rng=np.random.default_rng(1), n_case=40)
        assert [s.horizon for s in shares] == [1, 2, 3, 4]
        for s in shares:
            assert s.whole == pytest.approx(1, abs=1e-9)
            assert s.share == pytest.approx(expected, abs=1e-6)
            assert s.low <= s.share <= s.high
            assert s.reason == ""


@pytest.mark.parametrize("edit", ["carry", "rows<=t", "row t"])
def test_the_share_of_exact_bayes_is_1(edit: str) -> None:
    """Beliefs of RRXOR have zeros, where an edit leaves rounding of either sign."""
    exact, found = ProcessPredictor(PROCESS), histories(PROCESS, 6)
    for share in causal_share(exact, PROCESS, found, "belief", edit=edit, rng=rng(), n_case=24):
        assert share.whole == pytest.approx(1, abs=1e-9)
        assert share.share == pytest.approx(1, abs=1e-9)


def test_the_share_of_a_half_used_image_lies_between() -> None:
    """Two images, of which the predictor reads the mean: either alone carries part of the effect."""

    class Both(Planted):
        def _at(self, states, row, tap):
            carry = super()._at(states, row, tap)
            belief = sum(self.belief(name, carry.states[name]) for name in self.names) / 2
            p = torch.einsum("si,xij->sx", belief, self.T)
            return replace(carry, log_probs=p.log())

    process = zoo.mess3()
    both, found = Both(process, decoy=True), histories(process, 5)
    for site in ("used", "decoy"):
        given = {"edit": "carry", "rng": np.random.default_rng(1), "n_case": 40, "horizon": 1}
        (share,) = causal_share(both, process, found, site, **given)
        assert share.whole == pytest.approx(1, abs=1e-9)
        assert 0.5 < share.share < 0.9  # for small differences half of the way leaves a quarter of the KL


@pytest.mark.parametrize("kind", ["belief", "arbitrary"])
def test_a_cleaner_copy_that_nothing_reads_misleads_the_probe_and_not_the_encoding(kind: str) -> None:
    """The predictor uses an inexact belief beside an exact one: the probe reads, and writes, the exact one."""
    found, two = histories(PROCESS, 6), Planted(PROCESS, decoy=True, slip=0.1)
    given = {"edit": "carry", "n_case": 24, "horizon": 3, "controls": kind == "belief"}
    effect = {
        through: real(causal_effects(two, PROCESS, found, kind=kind, through=through, rng=rng(), **given))
        for through in ("encoding", "probe")
    }
    assert [r.verdict for r in effect["encoding"]] == ["as Bayes"] * 3
    assert "as Bayes" not in [r.verdict for r in effect["probe"]]
    for ours, theirs in zip(effect["encoding"], effect["probe"], strict=True):
        assert ours.effect > theirs.effect + 0.1
    by_default = causal_effects(two, PROCESS, found, kind=kind, rng=rng(), **given)
    assert real(by_default) == effect["encoding"]


@pytest.mark.parametrize("through", ["probe", "encoding"])
def test_an_exact_belief_that_nothing_reads_is_no_use_of_it_either_way(through: Through) -> None:
    """What is used hardly tells one symbol from another: no edit of the belief can do more than the whole state."""
    found, two = histories(PROCESS, 6), Planted(PROCESS, decoy=True, slip=0.95)
    given = {"edit": "carry", "n_case": 24, "horizon": 3, "through": through, "controls": False}
    for r in real(causal_effects(two, PROCESS, found, kind="belief", rng=rng(), **given)):
        assert r.verdict != "as Bayes"
        assert abs(r.effect) < 0.3


def test_a_state_without_effect_has_no_share() -> None:
    class Blind(Planted):
        def _at(self, states, row, tap):
            carry = super()._at(states, row, tap)
            return replace(carry, log_probs=carry.log_probs * 0 - np.log(2))

    (share, *_) = causal_share(
        Blind(PROCESS), PROCESS, HISTORIES, edit="carry", rng=np.random.default_rng(1), n_case=20
    )
    assert share.share is None
    assert "hardly an effect" in share.reason


# ------------------------------------------------------------------------------------------------------------- the rows


def test_strengths_are_swept_and_the_right_one_is_best() -> None:
    rows = real(effects(kind="arbitrary", strengths=[0.0, 0.5, 1.0, 1.5], horizon=2))
    by_strength = {r.strength: r for r in rows if r.horizon == 2}
    assert list(by_strength) == [0.0, 0.5, 1.0, 1.5]
    kl = [r.kl_to_injected for r in by_strength.values()]
    assert kl[0] > kl[1] > kl[2] < kl[3]
    assert by_strength[0.0].moved == pytest.approx(0, abs=1e-12)
    assert by_strength[1.0].verdict == "as Bayes"
    assert by_strength[0.0].verdict == "does not use this copy"


def test_a_control_that_is_the_same_edit_is_told() -> None:
    """Nothing varies at the planted site but the belief: any subspace of four dimensions is all of it."""
    for kind in ("belief", "erase"):
        shuffled = by_control(effects(kind=kind, through="probe"), 4)["shuffled-probe"]
        assert shuffled.effect == pytest.approx(1, abs=1e-6)
        assert "the same edit" in shuffled.reason


def test_without_room_there_is_a_reason_and_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where all beliefs of a row, and their mean, lie on one face of what is possible."""
    monkeypatch.setattr(BeliefSpace, "furthest", lambda self, points, *_, **__: np.zeros(points.shape))
    rows = effects(kind="visible-at-2")
    assert [(r.horizon, r.effect, r.kl_to_injected, r.cases, r.verdict) for r in rows] == [
        (k, None, None, 0, "") for k in (1, 2, 3, 4)
    ]
    assert all("is at the edge of what is possible there" in r.reason and r.excluded == 1 for r in rows)
    assert "is at the edge" in edit_table(rows, [])
    with pytest.raises(ValueError, match="there is no edit of strength 1 with a score to draw"):
        edit_figure(rows)


def test_columns_come_in_their_order_and_infinities_as_words() -> None:
    rows = effects(kind="transplant")
    first = ["process", "predictor", "seed", "site", "edit", "kind", "horizon", "kl_to_injected", "kl_to_original"]
    assert EditEffect.columns()[:14] == [*first, "effect", "control", "low", "high", "verdict"]
    infinite = [r for r in rows if r.due == inf]
    assert infinite  # a history excludes words that another allows
    plain = infinite[0].to_dict()
    assert plain["due"] == "inf"
    assert list(plain) == EditEffect.columns()
    json.dumps([r.to_dict() for r in rows], allow_nan=False)
    assert {r.verdict for r in rows} <= set(VERDICTS)


def test_later_is_the_score_without_the_next_symbol() -> None:
    rows = effects(kind="arbitrary", through="probe")
    for control in ("", "wrong-belief", "random-direction"):
        one, *more = [r for r in rows if r.control == control]
        start = {r.horizon: r for r in rows if r.control == "before"}
        assert one.later is None
        for r in more:
            k = r.horizon
            gone = r.kl_to_injected - one.kl_to_injected
            expected = 1 - gone / (start[k].kl_to_injected - start[1].kl_to_injected)
            assert r.later == pytest.approx(expected, abs=1e-9)


def test_names_and_settings_are_in_every_row() -> None:
    rows = effects(names=("rrxor", "planted", 3), row=5, horizon=2, through="encoding")
    assert {(r.process, r.predictor, r.seed) for r in rows} == {("rrxor", "planted", 3)}
    assert {(r.row, r.through, r.site, r.edit, r.kind) for r in rows} == {(5, "encoding", "used", "carry", "belief")}
    assert {r.horizon for r in rows} == {1, 2}
    assert {r.row for r in effects()} == {3}  # half the length


def test_the_same_generator_gives_the_same_rows() -> None:
    assert effects(kind="arbitrary") == effects(kind="arbitrary")
    assert effects(kind="arbitrary") != effects(kind="arbitrary", rng=np.random.default_rng(1))


def test_intervals_hold_the_effect_and_are_none_with_one_class() -> None:
    for r in effects(kind="arbitrary"):
        if r.control == "random-direction":
            assert r.low <= r.effect <= r.high
            assert r.low < r.high
    process = zoo.golden_mean()
    found = histories(process, 6)
    planted = Planted(process)
    rows = causal_effects(
        planted, process, found, edit="carry", kind="transplant", rng=np.random.default_rng(0), n_case=1
    )
    assert {(r.low, r.high) for r in rows} == {(None, None)}
    assert {r.verdict for r in real(rows)} == {"as Bayes"}


def test_exact_bayes_is_edited_exactly_without_controls() -> None:
    exact = ProcessPredictor(PROCESS)
    given = {"edit": "carry", "kind": "transplant", "rng": np.random.default_rng(0)}
    rows = causal_effects(exact, PROCESS, HISTORIES, controls=False, **given)
    assert {r.control for r in rows} == {"", "before"}
    assert all(r.kl_to_injected == pytest.approx(0, abs=1e-9) and r.effect == 1 for r in real(rows))
    with pytest.raises(ValueError, match="an edit must stay where predictions are nonnegative"):
        causal_effects(exact, PROCESS, HISTORIES, **given)


def test_kinds_are_listed_by_process() -> None:
    assert kinds_of(belief_space(zoo.mess3())) == ["transplant", "belief", "arbitrary", "zero", "mean", "erase"]
    assert "visible-at-2" in kinds_of(belief_space(zoo.nemo()))


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"kind": "swap"}, "there is no kind of replacement 'swap'; there are transplant, belief"),
        ({"kind": "visible-at-K"}, "there is no kind of replacement 'visible-at-K'"),
        ({"kind": "visible-at-5"}, "first visible at 5 symbols; there are visible-at-2, visible-at-3, visible-at-4"),
        ({"kind": "visible-at-3", "horizon": 2}, "visible-at-3 shows at horizon 3 and not before"),
        ({"row": 9}, "there is no history of length 9: rows are 1 .. 7"),
        ({"horizon": 0}, "horizon must be at least 1"),
        ({"horizon": 30}, "take a shorter horizon"),
        ({"n_case": 0}, "n_case, the number of edits, must be at least 1"),
        ({"strengths": []}, "strengths must be one or more finite numbers"),
        ({"strengths": [float("nan")]}, "strengths must be one or more finite numbers"),
        ({"through": "decoder"}, 'through must be "probe" or "encoding"'),
    ],
)
def test_slips_are_told(more: dict, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        effects(**more)


def test_next_symbols_that_show_everything_leave_no_invisible_direction() -> None:
    process = zoo.golden_mean()
    with pytest.raises(ValueError, match="the next symbol's distribution shows all of it"):
        causal_effects(
            Planted(process), process, histories(process, 5), edit="carry", kind="visible-at-2",
            rng=np.random.default_rng(0),
        )  # fmt: skip


def test_histories_of_another_process_are_refused() -> None:
    with pytest.raises(ValueError, match="the histories are of another process: 2 symbols and 2 states"):
        causal_effects(
            PLANTED, PROCESS, histories(zoo.even(), 6), "used", edit="carry", kind="belief",
            rng=np.random.default_rng(0),
        )  # fmt: skip


def planted_on(process: HMM, length: int) -> tuple[Planted, HMM, Histories]:
    return Planted(process), process, histories(process, length)


def test_rows_with_one_belief_or_too_few_histories_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="all histories of length 2 leave the same belief"):
        causal_effects(
            *planted_on(HMM(zoo.period(k=2).T, start=[1.0, 0.0]), 4), edit="carry", kind="transplant", rng=rng
        )
    with pytest.raises(ValueError, match="too few to fit and edit apart"):
        causal_effects(*planted_on(zoo.golden_mean(), 1), edit="carry", kind="belief", rng=rng)
