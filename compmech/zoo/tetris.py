"""Which piece comes next in Tetris: the randomisers of several versions of the game, in their stationary state."""

from collections.abc import Collection
from itertools import combinations, product
from math import factorial, log2

from compmech.hmm import HMM
from compmech.zoo.catalogue import listed
from compmech.zoo.edges import Edge, machine
from compmech.zoo.ranges import Range

_PIECES = "IJLOSTZ"
# The numbers that the Game Boy's program has for the pieces.
_NUMBER = {"L": 0, "J": 1, "I": 2, "O": 3, "S": 4, "T": 5, "Z": 6}


@listed(
    "Tetris on the NES: a piece like the last one is thrown again, once.",
    source="tetris.wiki, Tetris (NES, Nintendo); sofic 0.2 (tetris_nes)",
    golden={
        "entropy_rate": -1 / 28 * log2(1 / 28) - 27 / 28 * log2(9 / 56),
        "statistical_complexity": log2(7),
        "single_symbol_entropy": log2(7),
        "markov_order": 1,
        "cryptic_order": 1,
        "period": 1,
        "n_causal_states": 7,
        "n_mixed_states": 8,
    },
)
def tetris_nes() -> HMM:
    """Eight sides are thrown, seven pieces and a dummy; on the dummy or the last piece a second throw of seven counts.

    So the last piece comes again with probability 1/28, any other comes with 9/56. (The console's program has a further
    slight bias by the number of pieces so far, which is left out.)
    """
    edges = [(last, x, x, 1 / 28 if x == last else 9 / 56) for last in _PIECES for x in _PIECES]
    return machine("tetris_nes", _PIECES, _PIECES, edges)


@listed(
    "Tetris by bags: all pieces once, in random order, then all of them again.",
    source="tetris.wiki, Random Generator; sofic 0.2 (tetris_bag)",
    golden={
        "entropy_rate": log2(factorial(4)) / 4,
        "single_symbol_entropy": 2.0,
        "crypticity": 0.0,
        "cryptic_order": 0,
        "markov_order": "inf",
        "period": 4,
        "n_causal_states": 15,
    },
    n=Range("number of different pieces", low=1, high=7, whole=True),
)
def tetris_bag(n: int = 4) -> HMM:
    """The random generator of the Tetris guideline, which has seven pieces. States are the pieces still in the bag.

    Args:
        n: number of different pieces; the game's own 7 has too many ways of not knowing the phase to list.
    """
    pieces = _PIECES[: int(n)]
    states = ["".join(left) for count in range(len(pieces), 0, -1) for left in combinations(pieces, count)]
    edges: list[Edge] = [(bag, x, bag.replace(x, "") or pieces, 1 / len(bag)) for bag in states for x in bag]
    return machine("tetris_bag", states, pieces, edges)


@listed(
    "Tetris with a history: a piece among the last few is thrown again, up to a number of times.",
    source="tetris.wiki, TGM randomizer; sofic 0.2 (tetris_history)",
    golden={
        "single_symbol_entropy": log2(7),
        "markov_order": 2,
        "cryptic_order": 2,
        "n_causal_states": 49,
        "period": 1,
    },
    window=Range("number of last pieces that are avoided", low=1, high=4, whole=True),
    rolls=Range("number of throws, the last of which counts in any case", low=1, high=64, whole=True),
)
def tetris_history(window: int = 2, rolls: int = 4) -> HMM:
    """The randomiser of Tetris The Grand Master: window 4 with 4 rolls in the first game, 6 in the second.

    Args:
        window: number of last pieces that are avoided; 7 ** window states.
        rolls: number of throws at most.
    """
    states = ["".join(word) for word in product(_PIECES, repeat=int(window))]
    edges: list[Edge] = []
    for state in states:
        edges += [(state, x, state[1:] + x, share) for x, share in _thrown(set(state), int(rolls)).items()]
    return machine("tetris_history", states, _PIECES, edges)


@listed(
    "Tetris on the Game Boy: bits of the last two pieces decide whether a piece is thrown again.",
    source="harddrop.com, Tetris (Game Boy); sofic 0.2 (tetris_gameboy)",
    golden={"markov_order": 2, "n_causal_states": 25, "period": 1},
)
def tetris_gameboy() -> HMM:
    """States are the piece that falls and the one shown as next; three throws at most, the last of which counts.

    A throw is refused if falling | next | thrown = falling, bit by bit, in the program's numbers: L, J, I, O, S, T, Z
    are 0 to 6. It is meant to prevent three pieces alike, and makes L the rarest piece.
    """
    edges: list[Edge] = []
    for falling, shown in product(_PIECES, repeat=2):
        number = _NUMBER[falling]
        refused = [x for x in _PIECES if number | _NUMBER[shown] | _NUMBER[x] == number]
        edges += [(falling + shown, x, shown + x, share) for x, share in _thrown(refused, 3).items()]
    return machine("tetris_gameboy", ["".join(two) for two in product(_PIECES, repeat=2)], _PIECES, edges)


def _thrown(refused: Collection[str], rolls: int) -> dict[str, float]:
    """The law of a piece that is thrown again while it is refused, `rolls` times in all."""
    again = len(refused) / len(_PIECES)
    # a refused piece comes by the last throw alone, any other by each throw that is made
    last, made = again ** (rolls - 1), sum(again**n for n in range(rolls))
    return {x: (last if x in refused else made) / len(_PIECES) for x in _PIECES}
