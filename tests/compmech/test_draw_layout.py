"""Where states, curves and labels go: apart, on rings where machines are rings, without labels upon labels."""

from itertools import pairwise

import numpy as np
import pytest
from drawn import text_boxes
from hypothesis import given, settings
from machines import even, golden_mean, mess3, nemo, period, probability_clock, rip, rrxor, z1r
from strategies import any_hmms

from compmech import GHMM, HMM, mixed_states, zoo
from compmech.draw import Diagram, diagram, state_figure
from compmech.draw.crossings import count_crossings, line_crossings, line_distances, segments_cross
from compmech.draw.curves import bent, bezier, clipped, loop
from compmech.draw.labelling import overlaps
from compmech.draw.placement import label_lines, placed
from compmech.draw.routing import edge_bends, edge_curves

# What an estimated width of text may be short of the real one, in pixels of 1/160 inch: less than half a letter.
_SPARE = 4.0

shown = pytest.mark.parametrize(
    "process",
    [golden_mean(), even(), nemo(), rip(), rrxor(), mess3(), z1r(), probability_clock()],
    ids=["golden_mean", "even", "nemo", "rip", "rrxor", "mess3", "z1r", "clock"],
)


def covered(process: object) -> list[tuple[str, str]]:
    """Pairs of texts in the drawing that lie upon one another by more than the spare pixels."""
    boxes = text_boxes(state_figure(process))  # type: ignore[arg-type]
    found = []
    for k, (name, a) in enumerate(boxes):
        for other, b in boxes[:k]:
            wide = min(a.x1, b.x1) - max(a.x0, b.x0)
            high = min(a.y1, b.y1) - max(a.y0, b.y0)
            if wide > _SPARE and high > _SPARE:
                found.append((name, other))
    return found


@shown
def test_no_text_lies_upon_another(process: HMM | GHMM) -> None:
    assert covered(process) == []


def test_no_text_lies_upon_another_in_the_mixed_states_of_rrxor() -> None:
    mixed = mixed_states(rrxor())
    assert mixed.n_mixed == 36
    assert covered(mixed) == []


def test_texts_upon_one_another_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def heap(curves: list[np.ndarray], sizes: list[tuple[float, float]], *rest: object, **more: object) -> object:
        return np.array([[0.5, 0.5, *size] for size in sizes]), 0.0, 0

    monkeypatch.setattr("compmech.draw.placement.label_places", heap)
    assert covered(rrxor()) != []


def test_labels_of_different_arrows_are_not_read_as_two_lines_of_one() -> None:
    boxes = np.array([curve.label for curve in placed(diagram(zoo.get("uniform_renewal")())).curves])
    grown = boxes + np.array([0, 0, 0, 0.15])
    assert np.triu(overlaps(grown, grown), k=1).max() == 0


def test_in_a_thicket_labels_interrupt_their_own_curves() -> None:
    curves = placed(diagram(zoo.get("leaky_rrxor")())).curves
    assert sum(is_upon(curve.label, curve.control) for curve in curves) > len(curves) / 3
    few = placed(diagram(rrxor())).curves
    assert not any(is_upon(curve.label, curve.control) for curve in few)


def is_upon(label: np.ndarray, control: np.ndarray) -> bool:
    """Whether a curve passes through the middle of a label."""
    return bool(np.hypot(*(bezier(control, np.linspace(0, 1, 200)) - label[:2]).T).min() < 0.02)


@settings(max_examples=8)
@given(any_hmms())
def test_labels_keep_clear_of_labels_and_states(hmm: HMM) -> None:
    where = placed(diagram(hmm))
    boxes = np.array([curve.label for curve in where.curves])
    nodes = np.column_stack([where.place, np.full((len(where.place), 2), 1.4 * where.radius)])  # inside the circles
    assert np.triu(overlaps(boxes, boxes), k=1).max(initial=0.0) < 1e-9
    assert overlaps(boxes, nodes).max() < 1e-9
    gaps = np.hypot(*(where.place[:, None] - where.place).transpose(2, 0, 1)) + 10 * np.eye(hmm.n_state)
    assert gaps.min() > 2 * where.radius


@pytest.mark.parametrize("process", [period(12), period(5), zoo.noisy_period(k=12), z1r()])
def test_periodic_machines_stand_on_a_ring_in_their_order(process: HMM) -> None:
    place = placed(diagram(process)).place
    spokes = place - place.mean(axis=0)
    radius = np.hypot(*spokes.T)
    assert radius == pytest.approx(radius.mean(), rel=1e-9)
    turn = np.diff(np.unwrap(np.arctan2(spokes[:, 1], spokes[:, 0])))
    assert abs(turn) == pytest.approx(2 * np.pi / process.n_state, rel=1e-9)
    assert len(set(np.sign(turn))) == 1


@pytest.mark.parametrize("process", [golden_mean(), nemo(), rip(), rrxor(), z1r(), period(12)])
def test_planar_machines_are_drawn_without_crossings(process: HMM) -> None:
    where = placed(diagram(process))
    edges = [bezier(curve.control, np.linspace(0, 1, 30)) for curve in where.curves]
    for k, line in enumerate(edges):
        others = np.array(edges[:k]).reshape(-1, 30, 2)
        assert line_crossings(line[None], others)[0] == 0


def test_transient_mixed_states_lead_from_left_to_right() -> None:
    mixed = mixed_states(rrxor())
    place = placed(diagram(mixed)).place
    assert place[0, 0] == place[:, 0].min()
    assert place[mixed.recurrent, 0].min() > place[~mixed.recurrent, 0].max()


def test_a_drawing_is_the_same_every_time() -> None:
    first, second = placed(diagram(rrxor())), placed(diagram(rrxor()))
    assert (first.place == second.place).all()
    assert all((a.label == b.label).all() for a, b in zip(first.curves, second.curves, strict=True))


def test_states_that_nothing_leads_to_are_placed_too() -> None:
    T = np.zeros((1, 4, 4))
    T[0, [0, 1, 2, 3], [1, 1, 3, 2]] = 1  # 0 leads to 1; 2 and 3 turn round; 0 and 2 are never entered from outside
    T[0, 2], T[0, 3] = [0, 0, 0.5, 0.5], [0, 0.5, 0.5, 0]
    place = placed(diagram(HMM(T, start=[0, 1, 0, 0]))).place
    assert len({tuple(spot) for spot in place.round(6).tolist()}) == 4


def test_curves_of_a_thicket_cross_as_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than so many, they are chosen by coarser polylines, which must not cost many crossings."""
    monkeypatch.setattr("compmech.draw.routing.MANY", 40)
    n_state = 8
    found = diagram(HMM(np.full((1, n_state, n_state), 1 / n_state)))
    angle = 2 * np.pi * np.arange(n_state) / n_state
    place = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    coarse = edge_bends(place, found.arrows, 0.2)
    monkeypatch.setattr("compmech.draw.routing.MANY", n_state**2)
    fine = edge_bends(place, found.arrows, 0.2)
    assert coarse != fine
    assert crossed(place, found, coarse) < 1.25 * crossed(place, found, fine)
    assert crossed(place, found, coarse) < crossed(place, found, [0.0] * len(coarse))


def crossed(place: np.ndarray, found: Diagram, bends: list[float]) -> int:
    """Crossings of the curves, as finely as one can see."""
    lines = np.array([bezier(curve, np.linspace(0, 1, 25)) for curve in edge_curves(place, found.arrows, bends)])
    return int(sum(line_crossings(lines[k, None], lines[:k])[0] for k in range(1, len(lines))))


def test_curves_begin_and_end_at_the_circles() -> None:
    for curve in placed(diagram(rrxor())).curves:
        assert curve.control.shape == (4, 2)
    a, b = np.array([0.0, 0.0]), np.array([3.0, 1.0])
    cut = clipped(bent(a, b, 0.3), a, b, 0.25)
    assert np.hypot(*(cut[0] - a)) == pytest.approx(0.25, abs=1e-6)
    assert np.hypot(*(cut[3] - b)) == pytest.approx(0.25, abs=1e-6)
    whole = bezier(bent(a, b, 0.3), np.linspace(0, 1, 4001))
    assert line_distances(whole[None], bezier(cut, np.linspace(0, 1, 9))).max() < 1e-6  # still the same curve


def test_a_loop_leaves_its_circle_and_comes_back() -> None:
    control = loop(np.array([1.0, 2.0]), 0.7, 0.2)
    assert np.hypot(*(control[[0, 3]] - [1.0, 2.0]).T) == pytest.approx(0.2)
    top = bezier(control, np.array([0.5]))[0] - [1.0, 2.0]
    assert np.arctan2(top[1], top[0]) == pytest.approx(0.7)
    assert np.hypot(*top) > 0.4


def test_crossings_of_segments() -> None:
    square = np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]])
    assert count_crossings(square, np.array([[0, 2], [1, 3]])) == 1
    assert count_crossings(square, np.array([[0, 1], [2, 3]])) == 0
    assert count_crossings(square, np.array([[0, 2], [0, 1]])) == 0
    assert line_distances(square[None, :2], np.array([[0.5, 0.3], [2, 0]])).tolist() == [[0.3, 1.0]]


def test_overlaps_of_boxes() -> None:
    boxes = np.array([[0.0, 0, 2, 2], [5, 5, 1, 1]])
    assert overlaps(boxes, np.array([[1.0, 1, 2, 2], [0, 0, 0.5, 1], [9, 9, 1, 1]])).tolist() == [
        [1, 0.5, 0],
        [0, 0, 0],
    ]


def test_many_labels_become_a_block() -> None:
    assert label_lines(("a", "b", "c")) == ("a", "b", "c")
    assert label_lines(tuple("abcdefg")) == ("a, b", "c, d", "e, f", "g")


def test_crossings_and_distances_of_polylines_are_those_of_their_segments() -> None:
    rng = np.random.default_rng(2)
    lines, others, points = rng.random((5, 6, 2)), 2 * rng.random((9, 4, 2)), rng.random((7, 2))
    lines[2, 3] = lines[2, 4]  # a segment without length
    crossings = np.zeros(len(lines), dtype=int)
    distances = np.full((len(lines), len(points)), np.inf)
    for k, line in enumerate(lines):
        for a, b in pairwise(line):
            crossings[k] += sum(bool(segments_cross(a, b, c, d)) for other in others for c, d in pairwise(other))
            for spot in np.linspace(a, b, 2001):
                distances[k] = np.minimum(distances[k], np.hypot(*(points - spot).T))
    assert crossings.any()
    assert line_crossings(lines, others).tolist() == crossings.tolist()
    assert line_crossings(lines, others[:0]).tolist() == [0] * len(lines)
    assert np.allclose(line_distances(lines, points), distances, atol=2e-3)
