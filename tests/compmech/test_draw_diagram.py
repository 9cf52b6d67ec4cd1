"""State diagrams as data: what becomes a node, an arrow, a mark."""

import numpy as np
import pytest
from hypothesis import given
from machines import abc, even, golden_mean, probability_clock, rip, sns, two_coins
from strategies import any_hmms, few

from compmech import HMM, EpsilonMachine, MixedStatePresentation, mixed_states
from compmech.compose import Transducer
from compmech.draw import Arrow, Diagram, Node, diagram, state_figure, to_dot, to_mermaid, to_tikz, transducer_diagram


def test_symbols_between_the_same_states_share_an_arrow_and_keep_their_labels() -> None:
    found = diagram(rip(p=0.25))
    assert [(a.source, a.target, a.labels) for a in found.arrows] == [
        (0, 1, ("0:1/4",)),
        (0, 2, ("1:3/4",)),
        (1, 2, ("0:1/2", "1:1/2")),
        (2, 0, ("1:1",)),
    ]


@few
@given(any_hmms())
def test_arrows_hold_every_transition_once(hmm: HMM) -> None:
    found = diagram(hmm)
    T = np.zeros_like(hmm.T)
    for arrow in found.arrows:
        for symbol, weight in zip(arrow.symbols, arrow.weights, strict=True):
            x = [str(name) for name in hmm.alphabet].index(symbol)
            assert T[x, arrow.source, arrow.target] == 0
            T[x, arrow.source, arrow.target] = weight
    assert (T == hmm.T).all()


def test_a_stationary_start_is_written_below_the_names() -> None:
    found = diagram(golden_mean())
    assert found.nodes == (Node("A", "recurrent", None, "2/3"), Node("B", "recurrent", None, "1/3"))
    assert "stationary" in found.legend


def test_other_starts_have_arrows_from_nowhere() -> None:
    sure = HMM(golden_mean().T, start=[0, 1])
    assert [node.entry for node in diagram(sure).nodes] == [None, ""]
    spread = HMM(golden_mean().T, start=[0.3, 0.7])
    assert [node.entry for node in diagram(spread).nodes] == ["0.3", "0.7"]
    assert [node.note for node in diagram(spread).nodes] == ["", ""]


def test_a_single_state_is_marked_as_the_start() -> None:
    assert diagram(HMM([[[0.5]], [[0.5]]])).nodes == (Node("0", "recurrent", "", ""),)


def test_a_mixture_of_closed_classes_is_stationary_and_recurrent() -> None:
    assert [node.note for node in diagram(two_coins()).nodes] == ["1/2", "1/2"]
    assert {node.kind for node in diagram(two_coins()).nodes} == {"recurrent"}


def test_transient_states_are_told_apart() -> None:
    hmm = HMM([[[0.5, 0.5], [0, 0.4]], [[0, 0], [0, 0.6]]])
    assert [node.kind for node in diagram(hmm).nodes] == ["transient", "recurrent"]


def test_an_epsilon_machine_is_drawn_as_it_is() -> None:
    machine = EpsilonMachine(successor=[[0, 1], [-1, 0]], emit=[[0.5, 0.5], [0, 1]], states="AB", name="even")
    assert diagram(machine).arrows == diagram(even()).arrows
    assert diagram(machine).title == "even"


def test_coordinates_of_a_ghmm_show_both_weights_and_negative_arrows() -> None:
    found = diagram(probability_clock())
    assert {node.kind for node in found.nodes} == {"coordinate"}
    assert found.nodes[1].note == "2/3, 1/2"
    assert "evaluation" in found.legend
    arrow = next(a for a in found.arrows if (a.source, a.target) == (2, 1))
    assert arrow.labels[0].startswith("0:-0.252")
    assert not arrow.is_negative
    assert Arrow(0, 1, ("x",), (-0.5,)).is_negative


def test_mixed_states_are_numbered_and_may_be_named() -> None:
    mixed = mixed_states(golden_mean())
    assert [node.kind for node in diagram(mixed).nodes] == ["transient", "recurrent", "recurrent"]
    assert [node.entry for node in diagram(mixed).nodes] == ["", None, None]
    named = diagram(mixed, alphabet="xy", states=["start", "A", "B"])
    assert named.nodes[0].name == "start"
    assert next((a.source, a.target, a.labels) for a in named.arrows) == (0, 1, ("x:2/3",))


def test_mixed_states_that_were_not_expanded_say_so() -> None:
    found = diagram(mixed_states(sns(), depth=3))
    assert [node.kind for node in found.nodes].count("unexpanded") >= 1


def test_a_diagram_stays_itself() -> None:
    found = Diagram((Node("a", "recurrent"),), ())
    assert diagram(found) is found


@pytest.mark.parametrize("names", [{"alphabet": "01"}, {"states": "AB"}])
def test_processes_have_names_of_their_own(names: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="other processes have names"):
        diagram(golden_mean(), **names)


@pytest.mark.parametrize(
    ("names", "complaint"), [({"alphabet": "012"}, "alphabet .* 2"), ({"states": "A"}, "states .* 3")]
)
def test_names_of_mixed_states_must_be_as_many(names: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        diagram(mixed_states(golden_mean()), **names)


def test_closed_and_open_presentations_agree_on_what_is_recurrent() -> None:
    mixed = mixed_states(abc(), depth=4)
    assert isinstance(mixed, MixedStatePresentation)
    kinds = [node.kind for node in diagram(mixed).nodes]
    assert [kind == "recurrent" for kind in kinds] == mixed.recurrent.tolist()


def remembered_input(start: list[float] | None = None) -> Transducer:
    """Says the last input, with an error in 1 of 4 of the outputs after a 1."""
    T = np.zeros((2, 2, 2, 2))
    for read in (0, 1):
        T[:, read, 0, read] = 1, 0
        T[:, read, 1, read] = 0.25, 0.75
    return Transducer(T, start=start, inputs="ab", states="AB", name="late")


def test_a_transducer_has_arrows_of_outputs_given_inputs() -> None:
    found = diagram(remembered_input())
    assert [(arrow.source, arrow.target, arrow.labels) for arrow in found.arrows] == [
        (0, 0, ("0|a:1",)),
        (0, 1, ("0|b:1",)),
        (1, 0, ("0|a:1/4", "1|a:3/4")),
        (1, 1, ("0|b:1/4", "1|b:3/4")),
    ]
    assert found.nodes == (Node("A", "recurrent"), Node("B", "recurrent"))
    assert (found.title, found.legend) == ("late", "output | input : probability")
    for draw in (state_figure, to_dot, to_mermaid, to_tikz):
        draw(remembered_input())


def test_what_a_channel_never_read_is_left_out_and_its_weight_is_written() -> None:
    found = transducer_diagram(remembered_input([1, 0]), weight=[0.75, 0.25], unread=[("B", "b")])
    assert [(arrow.source, arrow.target) for arrow in found.arrows] == [(0, 0), (0, 1), (1, 0)]
    assert [(node.entry, node.note) for node in found.nodes] == [("", "3/4"), (None, "1/4")]
    with pytest.raises(ValueError, match="weight must hold 2 numbers"):
        transducer_diagram(remembered_input(), weight=[1.0])
