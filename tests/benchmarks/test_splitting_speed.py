"""Causal-state splitting of 1e6 symbols with histories of up to 6: counting and tests, beside sofic and emic."""

from collections.abc import Callable
from typing import Any

import numpy as np
from speed_lines import LINES, Line, timed

from compmech import zoo
from compmech.inference import Series
from compmech.inference.counts import count_words
from compmech.inference.cssr import split_states

N_SYMBOL, HISTORY = 1_000_000, 6
MILLISECONDS = 7.5
PART = 50
"""Peers read one symbol in so many: they take seconds of all of them, in proportion to their number."""


def by_sofic(codes: list[int]) -> Any:
    from sofic.generators import cssr

    return cssr(codes, Lmax=HISTORY)


def by_emic(codes: list[int]) -> Any:
    from emic.inference import CSSR, CSSRConfig

    return CSSR(CSSRConfig(max_history=HISTORY)).infer(codes)


def a_part(peer: Callable[[list[int]], Any], codes: np.ndarray) -> float | None:
    """Seconds for all symbols, from those of a part; None where the peer is not installed."""
    some = codes[: N_SYMBOL // PART].tolist()
    try:
        return PART * timed({"peer": lambda: peer(some)}, rounds=1)["peer"]
    except ImportError:
        return None


def test_splitting() -> None:
    codes = zoo.even().sample(1, N_SYMBOL, rng=np.random.default_rng(0))[0]
    data = Series(codes, (0, 1))
    assert split_states(count_words(data, HISTORY + 1)).n_state == 2
    packed = np.convolve(codes, 2 ** np.arange(HISTORY + 1), "valid")
    sides: dict[str, Callable[[], Any]] = {
        "ours": lambda: split_states(count_words(data, HISTORY + 1)),
        "one bincount of packed windows": lambda: np.bincount(packed, minlength=2 ** (HISTORY + 1)),
    }
    seconds = timed(sides, rounds=15)
    for name, peer in (("sofic", by_sofic), ("emic", by_emic)):
        found = a_part(peer, codes)
        if found is not None:
            seconds[f"{name}, from a part"] = found
    spent = {name: 1e3 * each for name, each in seconds.items()}
    LINES.append(
        Line(f"splitting, {N_SYMBOL:,} symbols, history {HISTORY}", "ms", spent, bar=MILLISECONDS, least=False)
    )
