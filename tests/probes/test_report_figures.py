"""The figures: complete or absent, the same bytes each time, and every mark where its number says."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.lines import Line2D
from numpy.testing import assert_allclose

from probes.headline import headline, repeated
from probes.report import save_figures, save_page
from probes.report.belief_panels import (
    FEW_BELIEFS,
    beliefs_of,
    best_pictures,
    draw_probed,
    draw_true,
    frame_of,
    outside,
)
from probes.report.loss_panels import apart, draw_kl, draw_learning, log_ticks
from probes.report.score_panels import draw_headline, draw_sites, legend_handles, score_limits
from probes.report.style import PALETTE, belief_colours, colour_of, display_name, marker_of
from probes.results import Comparison, ProcessSummary, Run
from probes.scene import Picture, Scene, packed
from tests.probes.sample_comparison import BEYOND, MESS3, RRXOR, sample_comparison

KINDS = ("simplex", "headline", "sites", "suffix-grams", "kl", "learning")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return sample_comparison(n_point=50)


@pytest.fixture(scope="module")
def rrxor(comparison: Comparison) -> ProcessSummary:
    return comparison.processes[1]


def only_rrxor(comparison: Comparison) -> Comparison:
    return replace(comparison, processes=comparison.processes[1:])


def drawn(draw: Callable[[Axes], None]) -> Axes:
    axes = Figure().subplots()
    draw(axes)
    return axes


def marks(axes: Axes, marker: str) -> list[tuple[float, float]]:
    """Places of single marks of one shape."""
    lines = [line for line in axes.lines if line.get_marker() == marker and len(line.get_xdata()) == 1]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_every_figure_is_written_at_page_width(comparison: Comparison, tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    folder = tmp_path / "new" / "figures"
    paths = save_figures(comparison, folder)
    names = [f"{process}-{kind}.{form}" for process in (MESS3, RRXOR) for kind in KINDS for form in ("png", "svg")]
    assert [path.name for path in paths] == names
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    for path in paths[1::2]:
        svg = path.read_text()
        assert svg.count("<svg") == 1
        assert "<text" in svg  # words stay words
    for path in paths[::2]:
        picture = imread(path)
        assert picture.shape[1] == 1600
        assert 300 < picture.shape[0] < 2600
        assert picture[..., :3].std() > 0.05  # something is drawn
    assert dict(matplotlib.rcParams) == before


def test_the_same_comparison_gives_the_same_bytes(comparison: Comparison, tmp_path: Path) -> None:
    one, two = (save_figures(only_rrxor(comparison), tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_all_or_none(comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0

    write = Path.write_bytes

    def full_disk(path: Path, content: bytes) -> int:
        nonlocal written
        written += 1
        if written > 2:
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_figures(only_rrxor(comparison), tmp_path)
    assert written == 3
    assert list(tmp_path.iterdir()) == []


def test_a_process_without_networks_has_no_panels_of_networks(comparison: Comparison, tmp_path: Path) -> None:
    bare = replace(
        only_rrxor(comparison),
        runs=[run for run in comparison.runs if run.predictor not in BEYOND],
        rows=[row for row in comparison.rows if row.predictor not in BEYOND],
        pictures=[],
    )
    names = [path.name for path in save_figures(bare, tmp_path) if path.suffix == ".png"]
    assert names == ["rrxor-suffix-grams.png", "rrxor-kl.png"]


def test_headline_marks_lie_at_their_scores(comparison: Comparison, rrxor: ProcessSummary) -> None:
    limits = score_limits(comparison, rrxor, ["beyond"])
    axes = drawn(lambda axes: draw_headline(axes, comparison, rrxor, "beyond", limits))
    for y, (name, shape) in enumerate(zip(BEYOND, "soD^", strict=True)):
        found = headline(comparison, RRXOR, name, "beyond")
        assert found.best is not None
        assert found.uniform is not None
        assert found.permuted is not None
        here = [x for x, at in marks(axes, shape) if at == y]
        assert {found.best.value, found.uniform.value} <= set(here)
        assert (found.permuted.value, y) in marks(axes, "x")
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [line.get_xdata()[0] for line in dashed] == [0.79]
    assert "suffix-grams 0.790" in texts(axes)
    assert "0.998\n(+0.208)" in texts(axes)
    assert [label.get_text() for label in axes.get_yticklabels()][2:] == ["GRU\nlayer.0.carry", "Mamba\nlayer.1.ssm"]


def test_sites_are_drawn_in_order_with_empty_ones_said(comparison: Comparison, rrxor: ProcessSummary) -> None:
    rows = [
        replace(row, score=None, low=None, high=None)
        if row.site == "layer.0.conv" and row.control == "" and row.target == "beyond"
        else row
        for row in comparison.rows
    ]
    holed = replace(comparison, rows=rows)
    axes = drawn(lambda axes: draw_sites(axes, holed, rrxor, "mamba", "beyond", (-0.05, 1.03)))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[:3] == ["embed", "layer.0.conv", "layer.0.ssm"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the input at the top
    assert texts(axes).count("empty") == 1
    assert (pytest.approx(0.77), labels.index("layer.1.ssm")) in marks(axes, "^")


def test_a_score_far_below_zero_is_an_arrow_at_the_edge(comparison: Comparison, rrxor: ProcessSummary) -> None:
    rows = [
        replace(row, score=-7.0, low=-8.0, high=-6.0) if row.site == "embed" and row.target == "beyond" else row
        for row in comparison.rows
    ]
    failed = replace(comparison, rows=rows)
    limits = score_limits(failed, rrxor, ["beyond"])
    assert limits[0] == pytest.approx(-0.28)
    axes = drawn(lambda axes: draw_sites(axes, failed, rrxor, "mamba", "beyond", limits))
    assert marks(axes, "<")
    assert set(marks(axes, "<")) == {(limits[0], 0.0)}


def test_infinite_divergence_is_a_sign_and_not_a_point(comparison: Comparison, rrxor: ProcessSummary) -> None:
    axes = drawn(lambda axes: draw_kl(axes, comparison, rrxor))
    assert [text.get_position()[0] for text in axes.texts if text.get_text() == "∞"] == [16]
    assert "∞: probability 0 for a possible symbol (k-gram)" in texts(axes)
    assert axes.get_yscale() == "log"
    for line in axes.lines:
        values = np.asarray(line.get_ydata(), dtype=float)
        assert (values[~np.isnan(values)] > 0).all()
        assert not np.isinf(values).any()
    assert "∞" not in texts(drawn(lambda axes: draw_kl(axes, comparison, comparison.processes[0])))


def lines_of(axes: Axes, colour: str) -> list[Line2D]:
    return [line for line in axes.lines if line.get_color() == colour]


def test_every_seed_is_drawn(rrxor: ProcessSummary) -> None:
    several = sample_comparison(n_seed=3, n_point=50)
    colour = colour_of("gru", list(BEYOND))
    for draw in (draw_kl, draw_learning):
        axes = drawn(lambda axes, draw=draw: draw(axes, several, rrxor))
        assert len(lines_of(axes, colour)) == 3
        assert texts(axes).count("GRU") == 1


def test_long_names_are_short_in_pictures(comparison: Comparison, rrxor: ProcessSummary, tmp_path: Path) -> None:
    new = {name: f"gru:width=8,n_layer={i},learning_rate=0.003" for i, name in enumerate(BEYOND)}
    named = replace(
        only_rrxor(comparison),
        runs=[replace(run, predictor=new.get(run.predictor, run.predictor)) for run in comparison.runs],
        rows=[replace(row, predictor=new.get(row.predictor, row.predictor)) for row in comparison.rows],
        pictures=[replace(p, predictor=new.get(p.predictor, p.predictor)) for p in comparison.pictures],
    )
    short = [f"gru:…_layer={i}…" for i in range(len(new))]
    for draw in (draw_kl, draw_learning):
        assert set(short) <= set(texts(drawn(lambda axes, draw=draw: draw(axes, named, rrxor))))
    axes = drawn(lambda axes: draw_headline(axes, named, rrxor, "beyond", (-0.05, 1.03)))
    assert [label.get_text().split("\n")[0] for label in axes.get_yticklabels()] == short
    # a layout that does not fit warns, and warnings are errors
    save_page(named, tmp_path, save_figures(named, tmp_path))


@pytest.mark.parametrize(("n_seed", "which"), [(1, "95 % interval"), (3, "95 % t interval over seeds")])
def test_the_legend_says_which_interval(n_seed: int, which: str) -> None:
    assert legend_handles(n_seed)[0].get_label() == f"by probability, {which}"
    several = sample_comparison(n_seed=n_seed, n_point=50)
    assert repeated(several, RRXOR) == n_seed


def test_few_evaluations_are_marked(comparison: Comparison, rrxor: ProcessSummary) -> None:
    once = [
        replace(run, learning={"symbols": [0.0, 1.4e5], "kl": [0.4, 0.3]}) if run.learning else run
        for run in comparison.runs
    ]
    axes = drawn(lambda axes: draw_learning(axes, replace(comparison, runs=once), rrxor))
    colours = {colour_of(name, list(BEYOND)): marker_of(name, list(BEYOND)) for name in BEYOND}
    assert {line.get_color(): line.get_marker() for line in axes.lines if line.get_color() in colours} == colours
    long = drawn(lambda axes: draw_learning(axes, comparison, rrxor))
    assert {line.get_marker() for line in long.lines} == {"None"}


def test_learning_without_records_says_so(comparison: Comparison, rrxor: ProcessSummary) -> None:
    def forgotten(run: Run) -> Run:
        return replace(run, learning={})

    bare = replace(comparison, runs=[forgotten(run) for run in comparison.runs])
    axes = drawn(lambda axes: draw_learning(axes, bare, rrxor))
    assert texts(axes) == ["no evaluation while training was recorded"]


def pictured(comparison: Comparison, process: int) -> tuple[Scene, list[Picture]]:
    scene, pictures = best_pictures(comparison, comparison.processes[process])
    assert scene is not None
    return scene, pictures


def test_the_frame_holds_true_beliefs_and_counts_what_it_leaves_out(comparison: Comparison) -> None:
    scene, pictures = pictured(comparison, 0)
    places = pictures[0].places(scene)
    places[-3:] = [(9.0, 9.0), (-9.0, 0.0), (0.5, -9.0)]
    far = replace(pictures[0], probed=packed(places))
    frame = frame_of(scene, [far, *pictures[1:]])
    for x, y in [*scene.true, *scene.corner_places]:
        assert frame.left <= x <= frame.right
        assert frame.bottom <= y <= frame.top
    assert outside(scene, far, frame) >= 3
    assert frame.right - frame.left < 1.8
    assert outside(scene, pictures[1], frame_of(scene, pictures)) <= 1


def test_few_beliefs_are_discs_by_weight(comparison: Comparison) -> None:
    scene, pictures = pictured(comparison, 1)
    places, colours, weight = beliefs_of(scene)
    n = len(set(scene.belief))
    assert n <= FEW_BELIEFS
    assert (len(places), len(colours), len(weight)) == (n, n, n)
    assert weight.sum() == pytest.approx(1.0)
    frame = frame_of(scene, pictures)
    true = drawn(lambda axes: draw_true(axes, scene, frame)).collections[0]
    assert len(true.get_offsets()) == n
    heaviest = places[weight.argmax()]
    assert_allclose(true.get_offsets()[true.get_sizes().argmax()], heaviest)
    cloud, rings = drawn(lambda axes: draw_probed(axes, scene, pictures[0], frame)).collections
    assert len(cloud.get_offsets()) == len(scene.belief)
    assert len(rings.get_offsets()) == n


def test_the_same_colours_go_with_the_same_points(comparison: Comparison) -> None:
    scene, (picture, *_) = pictured(comparison, 0)
    axes = drawn(lambda axes: draw_probed(axes, scene, picture, frame_of(scene, [picture])))
    cloud = axes.collections[0]
    colours = belief_colours(scene.colour)
    at = {tuple(np.round(place, 9)): colour for place, colour in zip(picture.places(scene), colours, strict=True)}
    for place, colour in zip(cloud.get_offsets(), cloud.get_facecolors(), strict=True):
        assert_allclose(colour[:3], at[tuple(np.round(place, 9))])


def test_only_the_best_site_after_training_is_drawn(comparison: Comparison) -> None:
    _, pictures = pictured(comparison, 1)
    assert [picture.predictor for picture in pictures] == ["transformer", "lstm", "gru", "mamba"]
    assert {picture.step for picture in pictures} == {None}
    other = replace(pictures[0], probed=pictures[0].probed[:-16])
    assert best_pictures(replace(comparison, pictures=[other]), comparison.processes[1]) == (None, [])
    assert best_pictures(replace(comparison, scenes=[]), comparison.processes[1]) == (None, [])


def test_belief_colours_are_mixtures_within_the_cube() -> None:
    rgb = np.random.default_rng(0).random((500, 3))
    colours = belief_colours(rgb)
    assert ((colours >= 0) & (colours <= 1)).all()
    corners = belief_colours(np.eye(3))
    assert min(np.linalg.norm(corners[i] - corners[j]) for i, j in ((0, 1), (0, 2), (1, 2))) > 0.5
    assert np.isfinite(belief_colours([[0.0, 0.0, 0.0]])).all()


def test_every_predictor_has_a_colour_of_its_own() -> None:
    names = ["transformer", "lstm", "mine", "gru", "other-net"]
    colours = [colour_of(name, names) for name in names]
    assert len(set(colours)) == len(names)
    assert set(colours) <= set(PALETTE)
    assert colour_of("gru", ["gru"]) == colour_of("gru", names)
    many = [f"net{i}" for i in range(7)]  # one more than there are colours: told apart by shape
    assert len({(colour_of(name, many), marker_of(name, many)) for name in many}) == 7
    assert (display_name("mamba2"), display_name("gru-width32"), display_name("k-gram")) == (
        "Mamba-2",
        "GRU-width32",
        "k-gram",
    )


def test_labels_are_moved_apart_as_little_as_needed() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        values = list(rng.random(6))
        moved = apart(values, 0.1)
        order = np.argsort(values)
        assert (np.diff(np.array(moved)[order]) >= 0.1 - 1e-12).all()
        assert np.mean(moved) == pytest.approx(np.mean(values))  # least squares moves no centre of mass
    assert apart([0.0, 0.5, 1.0], 0.1) == [0.0, 0.5, 1.0]
    assert_allclose(apart([1.0, 0.0, 0.0], 0.2), [1.0, -0.1, 0.1])
    assert apart([], 0.1) == []


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (2e-4, 0.3, [1e-3, 1e-2, 1e-1]),
        (0.15, 0.6, [0.2, 0.5]),
        (1.4e5, 3.4e5, [2e5, 3e5]),
        (0.0012, 0.0014, [0.0012, 0.0013, 0.0014]),
        (1.234, 1.238, [1.234, 1.238]),
    ],
)
def test_log_ticks_are_round_and_at_least_two(low: float, high: float, ticks: list[float]) -> None:
    assert_allclose(log_ticks(low, high), ticks)


def test_tick_labels_say_where_they_stand(comparison: Comparison, rrxor: ProcessSummary) -> None:
    short = [
        replace(run, learning={"symbols": [1.4e5, 3.4e5], "kl": [0.3, 0.2]}) if run.learning else run
        for run in comparison.runs
    ]
    axes = drawn(lambda axes: draw_learning(axes, replace(comparison, runs=short), rrxor))
    axes.figure.canvas.draw()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["2×10⁵", "3×10⁵"]
    assert_allclose(axes.get_xticks(), [2e5, 3e5])
