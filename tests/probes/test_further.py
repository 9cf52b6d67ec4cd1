"""What a comparison can be asked for beside its standing rows, and that these stay what they were."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from compmech import HMM, zoo
from compmech.compose import mixture
from probes import Histories, Target, component_target
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.further import Further, further_targets, transfer_targets
from probes.headline import headline, site_scores
from probes.history import histories
from probes.results import Comparison

SITES = ("layer.0", "layer.1")

# The symbols of Z1R, and every word of them is possible.
COIN = HMM([[[0.3, 0.4], [0.1, 0.2]], [[0.3, 0.0], [0.0, 0.7]]], alphabet="01")


def asked(further: Further | None = None, length: int = 4) -> Comparison:
    gru = candidate("gru", {"width": 4, "n_layer": 2})
    spec = ComparisonSpec(
        (Subject("z1r", "z1r", zoo.z1r(), length),),
        (gru,),
        steps=10,
        batch=8,
        sites=SITES,
        further=further or Further(),
    )
    return compare(spec, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def plain() -> Comparison:
    return asked()


@pytest.fixture(scope="module")
def full() -> Comparison:
    return asked(
        Further(
            probes=("reduced-rank",),
            targets=("beyond-k", "position", "log-odds", "last-2", "order-1"),
            controls=("geometric-shuffle",),
            transfer=(("coin", COIN),),
            twins=2,
            jointly=True,
            permutations=9,
            by_position=True,
        )
    )


def test_the_standing_rows_stay_what_they_were(plain: Comparison, full: Comparison) -> None:
    def key(row):  # type: ignore[no-untyped-def]
        return (row.site, row.target, row.probe, row.split, row.weighting, row.control, row.width, row.setting)

    of_full = {key(row): row for row in full.rows}
    for row in plain.rows:
        other = of_full[key(row)]
        # rounding: other targets beside them are multiplied in other blocks
        free = {"seconds": 0, "score": 0, "low": 0, "high": 0, "whitened": 0, "p_value": None}
        free |= dict.fromkeys(("seeds_mean", "seeds_low", "seeds_high")) if row.control == "untrained" else {}
        assert replace(row, **free) == replace(other, **free)
        assert (row.score is None) == (other.score is None)
        if row.score is not None:
            assert row.score == pytest.approx(other.score, abs=1e-9)
    assert "further" not in plain.spec
    assert not plain.position_curves
    assert all(row.p_value is None for row in plain.rows)


def test_every_probe_target_and_control_has_rows(full: Comparison) -> None:
    real = full.only(control="", site="layer.1", weighting="probability")
    assert {row.probe for row in real} == {"ridge", "reduced-rank"}
    assert {row.target for row in real} == {
        "belief", "next", "beyond", "position", "log-odds", "belief-last-2", "order-1",
    }  # fmt: skip
    assert {row.control for row in full.rows} >= {"geometric-shuffle", "transfer", "untrained", "last-k"}
    for row in full.rows:
        assert (row.score is None) == bool(row.reason), row
    (rank,) = full.only(control="", probe="reduced-rank", site="layer.1", target="beyond", split="history")
    assert rank.setting == "rank=1"
    (transfer,) = full.only(control="transfer", site="layer.1", split="history", weighting="uniform")
    assert transfer.target == "belief of coin"
    assert transfer.score is not None


def test_twins_have_initialisations_of_their_own(full: Comparison) -> None:
    rows = full.only(
        control="untrained", probe="ridge", site="layer.1", target="belief", split="history", weighting="uniform"
    )
    assert [row.setting for row in rows] == ["", "twin=2"]
    assert len({row.score for row in rows}) == 2
    # the interval across them is one across initialisations
    assert rows[0].seeds_mean == pytest.approx(sum(row.score or 0 for row in rows) / 2)


def test_layers_are_read_jointly(full: Comparison) -> None:
    (row,) = full.only(
        control="", probe="ridge", site="layers", target="belief", split="history", weighting="probability"
    )
    assert row.width == 8
    assert {r.width for r in full.only(control="random-features")} == {2, 4, 8}


def test_p_values_are_of_real_targets_by_probability(full: Comparison) -> None:
    tested = [row for row in full.rows if row.p_value is not None]
    assert {(row.control, row.probe, row.weighting) for row in tested} == {("", "ridge", "probability")}
    assert all(round(10 * row.p_value) / 10 == pytest.approx(row.p_value) for row in tested if row.p_value)
    by_history = [row for row in tested if row.split == "history" and row.site == "layer.1"]
    assert {row.target for row in by_history} >= {"belief", "next", "beyond", "position"}
    # where a target is no function of the belief, beliefs cannot be exchanged
    assert "position" not in {row.target for row in tested if row.split == "class"}


def test_scores_by_position_stand_beside_the_synchronisation_curve(full: Comparison) -> None:
    (known,) = full.synchronisation_curves
    assert (known.process, known.of, len(known.bits)) == ("z1r", "causal", 5)
    for curve in full.position_curves:
        (row,) = full.only(
            control="", probe="ridge", site=curve.site, target=curve.target, split="history", weighting="probability"
        )
        total = sum(share * r2 for share, r2 in zip(curve.share, curve.r2, strict=True) if r2 is not None)
        assert row.score == pytest.approx(total, abs=1e-9)
    assert {curve.site for curve in full.position_curves} == {*SITES, "output", "layers"}


def test_the_headline_is_that_of_ridge(full: Comparison) -> None:
    found = headline(full, "z1r", "gru", "belief")
    assert found.best is not None
    assert {row.probe for row in found.best.rows} == {"ridge"}
    assert len(found.best.rows) == 1
    assert all(row.probe == "ridge" for s in site_scores(full, "z1r", "gru", "belief") for row in s.rows)


def test_it_comes_back_from_json(full: Comparison) -> None:
    back = Comparison.from_json(full.to_json())
    assert back.rows == full.rows
    assert back.position_curves == full.position_curves
    assert back.synchronisation_curves == full.synchronisation_curves
    older = json.loads(full.to_json())
    del older["position_curves"], older["synchronisation_curves"]
    for row in older["rows"]:
        del row["p_value"]
    assert Comparison.from_json(json.dumps(older)).position_curves == []
    assert back.spec["further"]["twins"] == 2


def test_description_lengths_are_rows() -> None:
    spec = ComparisonSpec(
        (Subject("z1r", "z1r", zoo.z1r(), 5),), (candidate("bayes", None),), further=Further(("description-length",))
    )
    found = compare(spec, rng=np.random.default_rng(0))
    rows = found.only(probe="description-length", predictor="bayes", target="belief")
    assert {row.site for row in rows} == {"belief", "output"}
    for row in rows:
        assert (row.split, row.weighting) == ("online", "probability")
        assert row.setting.startswith("bits=")
    of_site = {row.site: row.score for row in rows}
    assert of_site["belief"] > of_site["output"]  # what is wanted, plainly written, takes fewer bits
    assert {row.control for row in found.only(probe="description-length", predictor="")} == {
        "last-k", "position", "true-p", "true-log-p",
    }  # fmt: skip


def component(found: Histories) -> list[Target]:
    return [component_target(found, [zoo.golden_mean(), zoo.even()])]


def test_a_process_may_bring_targets_of_its_own() -> None:
    subject = Subject("both", "both", mixture(zoo.golden_mean(), zoo.even()), 4, component)
    spec = ComparisonSpec((subject,), (candidate("bayes", None),), steps=1)
    found = compare(spec, rng=np.random.default_rng(0))
    (row,) = found.only(
        target="component", site="belief", control="", split="history", weighting="probability", predictor="bayes"
    )
    assert row.score == pytest.approx(1, abs=1e-4)
    assert found.only(target="component", control="shuffled")
    assert found.only(target="component", control="suffix-grams")


def test_named_targets_and_transfer() -> None:
    process = zoo.rrxor()
    found = histories(process, 7)
    asked_for = ("beyond-k", "order-2", "state", "constrained", "unidentifiable")
    names = [t.name for t in further_targets(process, found, asked_for, weighting="uniform")]
    assert names == ["beyond-2", "beyond-3", "order-2", "state", "constrained", "unidentifiable"]
    (one,) = transfer_targets(found, [("golden mean", zoo.golden_mean())])
    assert (one.control, one.dimension) == ("transfer", 0)
    assert "impossible" in one.reason


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"probes": ("lasso",)}, "there is no probe 'lasso'; there are reduced-rank, logistic"),
        ({"targets": ("beleif",)}, "there is no target 'beleif'"),
        ({"targets": ("last-K",)}, "write a number for K, as in last-3"),
        ({"controls": ("noise",)}, "there is no control 'noise'"),
        ({"probes": ("kernel", "kernel")}, "each probe once: kernel is given 2 times"),
        ({"twins": 0}, "twins must be an integer of at least 1"),
        ({"permutations": -1}, "permutations must be an integer of at least 0"),
    ],
)
def test_what_is_not_known_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Further(**wrong)  # type: ignore[arg-type]
    assert asdict(Further())["twins"] == 1
