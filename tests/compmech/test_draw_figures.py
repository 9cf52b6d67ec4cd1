"""Figures as files, what they say, and that matplotlib is left as it was."""

import subprocess
import sys
from dataclasses import replace
from math import inf
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from drawn import said, settings_untouched, svg_texts
from machines import golden_mean, mess3, probability_clock, rip, rrxor, sns

from compmech import Bounds, mixed_states, statistics, zoo
from compmech.draw import (
    block_figure,
    candidates_figure,
    cloud_figure,
    information_figure,
    save_figure,
    save_text,
    simplex_figure,
    state_figure,
)
from compmech.draw.information import reverse_crypticity
from compmech.draw.projection import project
from compmech.draw.simplex import first_depth, visits
from compmech.draw.style import CORNERS, mixed_colours, rgb
from compmech.errors import NotStationary
from compmech.hmm import HMM

MAGIC = {".png": b"\x89PNG\r\n\x1a\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}


# ------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_a_figure_is_a_file_of_its_kind_and_the_same_every_time(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"figure{suffix}"
    save_figure(state_figure(golden_mean()), path)
    first = path.read_bytes()
    assert first.startswith(MAGIC[suffix.lower()])
    save_figure(state_figure(golden_mean()), path)
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.dot"])
def test_other_kinds_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"must end in \.png, \.svg or \.pdf"):
        save_figure(state_figure(golden_mean()), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_leaves_nothing_and_keeps_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "figure.svg"
    path.write_text("old")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left") as caught:
        save_figure(state_figure(golden_mean()), path)
    assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="No space left"):
        save_text("new", path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["figure.svg"]
    with pytest.raises(OSError, match="No such file"):
        save_text("new", tmp_path / "absent" / "figure.dot")


def test_settings_are_those_of_the_house_and_then_as_they_were(tmp_path: Path) -> None:
    with matplotlib.rc_context({"text.usetex": True, "font.family": "serif", "axes.grid": True}):
        with settings_untouched():
            figure = block_figure(golden_mean(), title="$x$")
            save_figure(figure, tmp_path / "figure.svg")
        assert "$x$" in svg_texts(tmp_path / "figure.svg")
    with settings_untouched():
        save_figure(simplex_figure(mixed_states(rip())), tmp_path / "figure.png")


def test_pyplot_is_never_loaded_and_matplotlib_only_when_drawing() -> None:
    code = (
        "import sys; import compmech, compmech.draw as draw, compmech.interop; "
        "assert 'matplotlib' not in sys.modules and 'networkx' not in sys.modules; "
        "process = compmech.zoo.golden_mean(); "
        "draw.state_figure(process); draw.information_figure(process); draw.block_figure(process); "
        "draw.simplex_figure(compmech.mixed_states(process)); "
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------------------------------------- state diagrams


def test_a_state_diagram_says_names_labels_and_probabilities(tmp_path: Path) -> None:
    save_figure(state_figure(zoo.rip()), tmp_path / "rip.svg")
    texts = svg_texts(tmp_path / "rip.svg")
    for text in ("A", "B", "C", "2/5", "1/5", "0:1/2", "1:1/2", "1:1", "rip"):
        assert text in texts
    assert "below each state: its stationary probability" in texts


def test_legends_name_what_is_there() -> None:
    assert "dashed: transient" in said(state_figure(mixed_states(golden_mean())))
    assert "dotted: successors not explored" in " ".join(said(state_figure(mixed_states(sns(), depth=3))))
    assert "evaluation weight" in " ".join(said(state_figure(probability_clock())))


def test_too_many_states_are_refused_with_a_hint() -> None:
    with pytest.raises(ValueError, match=r"has 5 states.*max_states=4.*max_states=5 is.*belief simplex.*\.dot"):
        state_figure(rrxor(), max_states=4)


# ------------------------------------------------------------------------------------------------- projections


def test_corners_of_the_simplex_are_one_apart_and_have_colours_of_their_own() -> None:
    for n_state in (2, 3):
        seen = project(np.eye(n_state))
        gaps = np.hypot(*(seen.place[:, None] - seen.place).transpose(2, 0, 1))
        assert gaps[np.triu_indices(n_state, 1)] == pytest.approx(1.0)
        assert seen.place == pytest.approx(seen.corners[:, :2])
    seen = project(np.eye(4))
    assert seen.kind == "tetrahedron"
    gaps = np.sqrt(np.square(seen.corners[:, None] - seen.corners).sum(axis=2))
    assert gaps[np.triu_indices(4, 1)] == pytest.approx(1.0)
    assert abs(seen.depth).max() == pytest.approx(1.0)
    pure = mixed_colours(np.eye(3), CORNERS[3])
    assert pure == pytest.approx(np.array([rgb(colour) for colour in CORNERS[3]]), abs=0.15)  # more vivid


def test_places_are_mixtures_as_beliefs_are() -> None:
    beliefs = np.random.default_rng(0).dirichlet(np.ones(3), size=20)
    assert project(beliefs).place == pytest.approx(beliefs @ project(np.eye(3)).place)


@pytest.mark.parametrize("beliefs", [np.eye(5), np.array([[1.2, -0.2, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])])
def test_more_states_and_signed_beliefs_are_seen_along_principal_components(beliefs: np.ndarray) -> None:
    seen = project(beliefs)
    assert seen.kind == "principal"
    centred = beliefs - beliefs.mean(axis=0)
    spread = np.linalg.eigvalsh(centred.T @ centred)[::-1]
    assert np.square(seen.place).sum(axis=0) == pytest.approx(spread[:2])
    assert seen.share == pytest.approx(spread[:2] / spread.sum())


def test_principal_components_of_one_belief_are_a_point() -> None:
    seen = project(np.full((1, 6), 1 / 6))
    assert (seen.place == 0).all()
    assert seen.share == (0.0, 0.0)


def test_visits_average_over_lengths_and_depth_counts_symbols() -> None:
    mixed = mixed_states(golden_mean())
    assert visits(mixed).sum() == pytest.approx(1.0)
    assert visits(mixed)[0] == pytest.approx(1 / (mixed.depth + 1))  # held before the first symbol only
    assert first_depth(mixed).tolist() == [0, 1, 1]


# ----------------------------------------------------------------------------------------------------- simplex


def test_a_closed_graph_has_its_edges_and_says_that_it_is_closed() -> None:
    figure = simplex_figure(mixed_states(rip()), states="ABC", title="rip")
    assert {"A", "B", "C", "rip", "0", "1", "symbol"} <= set(said(figure))
    assert "9 mixed states, 6 of them transient; closed" in said(figure)
    (axes,) = figure.axes
    mixed = mixed_states(rip())
    edges = int((mixed.successor >= 0).sum())
    assert len(axes.lines) == edges + 3  # and the sides of the triangle


def test_a_tree_says_how_deep_it_is_and_colours_by_depth() -> None:
    mixed = mixed_states(mess3(), depth=3)
    figure = simplex_figure(mixed, colour="depth")
    assert "40 mixed states after up to 3 symbols; longer words are not followed" in said(figure)
    discs = figure.axes[0].collections[0]
    assert len(discs.get_offsets()) == 40
    assert len(np.unique(np.asarray(discs.get_facecolor()).round(6), axis=0)) == 4


def test_two_states_are_rows_by_length() -> None:
    mixed = mixed_states(sns(), depth=5)
    figure = simplex_figure(mixed, states="AB")
    assert {"probability of state B", "symbols read", "symbol 0", "symbol 1"} <= set(said(figure))
    (axes,) = figure.axes
    assert [len(row.get_offsets()) for row in axes.collections] == [len(nodes) for nodes, _ in mixed.levels]
    bottom, top = axes.get_ylim()
    assert bottom > top  # read downwards


@pytest.mark.parametrize(
    ("process", "expected"),
    [(HMM([[[0.5]], [[0.5]]]), "1 mixed state, 0 of them transient; closed"), (rrxor(), "36 mixed states, 31 of")],
)
def test_one_state_and_many_are_drawn(process: HMM, expected: str) -> None:
    texts = said(simplex_figure(mixed_states(process)))
    assert any(text.startswith(expected) for text in texts)


def test_four_states_are_a_tetrahedron_with_one_hidden_edge() -> None:
    beliefs = np.random.default_rng(1).dirichlet(np.ones(4), size=30)
    figure = cloud_figure(beliefs, states="WXYZ")
    assert {"W", "X", "Y", "Z", "30 beliefs"} <= set(said(figure))
    assert [line.get_linestyle() for line in figure.axes[0].lines].count("--") == 1


def test_a_ghmm_is_seen_along_principal_components() -> None:
    texts = said(simplex_figure(mixed_states(probability_clock(), depth=6)))
    assert any(text.startswith("first principal component (") for text in texts)


@pytest.mark.parametrize(("n_point", "kind"), [(300, "discs"), (3_000, "dots"), (30_000, "density")])
def test_clouds_become_dots_and_then_density(n_point: int, kind: str) -> None:
    beliefs = np.random.default_rng(2).dirichlet(np.ones(3), size=n_point)
    (axes,) = cloud_figure(beliefs).axes
    assert len(axes.images) == (kind == "density")
    assert len(axes.collections) == (kind != "density")
    if kind == "density":
        image = np.asarray(axes.images[0].get_array())
        left, right, bottom, top = axes.images[0].get_extent()
        assert (left, bottom) == pytest.approx(project(beliefs).place.min(axis=0))
        filled = np.argwhere(image[..., 3] > 0)
        assert len(filled) > 5_000
        # above the apex of the triangle there is nothing
        assert filled[:, 0].max() <= np.ceil(
            (project(beliefs).place[:, 1].max() - bottom) / (top - bottom) * len(image)
        )
        assert right > left


def test_clouds_over_two_states_are_histograms() -> None:
    beliefs = np.array([[0.5, 0.5], [0.25, 0.75]])
    (axes,) = cloud_figure(beliefs, weight=[3.0, 1.0]).axes
    assert sorted(bar.get_height() for bar in axes.patches if bar.get_height() > 0) == [0.25, 0.75]


def test_the_simplex_refuses_wrong_names_and_clouds_wrong_arrays() -> None:
    mixed = mixed_states(golden_mean())
    with pytest.raises(ValueError, match="states must hold 2 names"):
        simplex_figure(mixed, states="ABC")
    with pytest.raises(ValueError, match="alphabet must hold 2 names"):
        simplex_figure(mixed, alphabet="0")
    with pytest.raises(ValueError, match=r"axes \(row, state\)"):
        cloud_figure([0.5, 0.5])
    with pytest.raises(ValueError, match="nonnegative number for each of the 1 beliefs"):
        cloud_figure([[0.5, 0.5]], weight=[-1.0])


# ------------------------------------------------------------------------------ block entropies and information


def heights(axes: object) -> np.ndarray:
    return np.array([bar.get_height() for bars in axes.containers for bar in bars])  # type: ignore[attr-defined]


def test_shaded_areas_are_the_parts_of_t_and_e_that_the_lengths_have() -> None:
    found = statistics(golden_mean())
    left, right = block_figure(found).axes
    assert heights(left).sum() == pytest.approx(found.transient_information)  # Markov order 1: all of it
    assert heights(right).sum() == pytest.approx(found.excess_entropy)
    H = np.array(statistics(rrxor()).block_entropies)
    left, right = block_figure(rrxor()).axes
    E, h = np.log2(6) - 1 / 3, 2 / 3
    assert heights(left) == pytest.approx(E + h * np.arange(len(H)) - H)
    assert heights(right) == pytest.approx(np.diff(H) - h)


def test_the_block_diagram_says_numbers_and_bounds() -> None:
    texts = " ".join(said(block_figure(golden_mean(), title="golden mean")))
    assert "E = 0.2516 bits" in texts
    assert "h = 0.6667 bits per symbol" in texts
    assert "golden mean" in texts
    texts = " ".join(said(block_figure(zoo.mess3())))
    assert "h in 1.1447 .. 1.1448 bits per symbol" in texts


def test_what_is_not_known_is_not_drawn() -> None:
    found = replace(
        statistics(golden_mean()), excess_entropy=None, transient_information=None, entropy_rate=Bounds(0.5, 1)
    )
    left, right = block_figure(found).axes
    assert len(heights(left)) == 0
    assert "E not known" in " ".join(text.get_text() for text in right.get_legend().get_texts())  # type: ignore[union-attr]
    infinite = replace(statistics(golden_mean()), excess_entropy=inf, transient_information=inf)
    assert len(heights(block_figure(infinite).axes[0])) == 0


def test_information_diagrams_show_every_atom() -> None:
    found = statistics(rip())
    texts = said(information_figure(found, title="rip"))
    for key in ("ephemeral_information", "enigmatic_information", "elusive_information", "crypticity", "excess_entropy",
                "statistical_complexity", "reverse_statistical_complexity", "single_symbol_entropy"):  # fmt: skip
        value = getattr(found, key)
        assert f"{value:.4f}" in texts, key
    assert texts.count(f"{found.bound_information:.4f}") == 2
    assert f"C± together: {found.bidirectional_complexity:.4f}" in texts
    assert {"past", "future", "r", "q", "σ", "χ", "rip"} <= set(texts)


def test_bars_are_to_scale() -> None:
    found = statistics(rip())
    bars = information_figure(found).axes[2:]
    lengths = [sum(bar.get_width() for bar in axes.patches if bar.get_y() < 0.5) for axes in bars]
    assert lengths == pytest.approx([found.single_symbol_entropy, found.statistical_complexity])


def test_bounds_and_infinities_are_shown_as_such() -> None:
    texts = said(information_figure(zoo.mess3()))
    assert "χ: ∞" in texts
    assert "C± together: ∞" in texts
    assert any(".." in text for text in texts)
    unknown = replace(statistics(golden_mean()), reverse_statistical_complexity=None, bidirectional_complexity=None)
    assert "C± together: not known" in said(information_figure(unknown))


def test_reverse_crypticity_is_what_the_past_does_not_say_of_the_reverse_states() -> None:
    found = statistics(rip())
    assert isinstance(found.reverse_statistical_complexity, float)
    assert reverse_crypticity(found) == pytest.approx(found.reverse_statistical_complexity - found.excess_entropy)
    assert reverse_crypticity(statistics(rrxor())) == 0.0
    bounded = replace(found, excess_entropy=Bounds(1.0, 1.1), reverse_statistical_complexity=Bounds(1.05, 2.0))
    assert reverse_crypticity(bounded) == Bounds(0.0, 1.0)


@pytest.mark.parametrize("picture", [block_figure, information_figure])
def test_statistics_need_a_stationary_start(picture: object) -> None:
    assert callable(picture)
    with pytest.raises(NotStationary):
        picture(HMM(golden_mean().T, start=[0, 1]))


def test_candidates_with_more_numbers_than_the_last_tick_get_another() -> None:
    points = [("bayes", 3, 0.6), ("spectral", 16, 0.5)]
    candidates = [{"method": name, "n_free": n, "held_out_bits_per_symbol": bits} for name, n, bits in points]
    found = SimpleNamespace(diagnostics={"candidates": candidates}, held_out_bits_per_symbol=0.6)
    (axes,) = candidates_figure(found).axes  # type: ignore[arg-type]
    assert axes.get_xticks().tolist() == [0, 1, 2, 5, 10, 20]
    assert axes.get_xlim()[1] > 20
