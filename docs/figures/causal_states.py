"""Histories of the Even process, and what each says of the next symbols: many histories, two rows."""

from itertools import product
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from compmech import GHMM, HMM, epsilon_machine, filter_beliefs, statistics, word_map, zoo
from compmech.draw import PAGE_WIDTH, publish
from compmech.draw.style import BLUE, INK, VERMILLION, blank_figure, house_style

FUTURE = 3
"""Symbols of the future shown."""


def main(out: Path, *, rng: np.random.Generator, small: bool = False) -> None:
    """One row for each history of one length, in the groups that have the same future."""
    process, length = zoo.even(), 5 if small else 6
    words, futures, probability = futures_of(process, length)
    groups = np.unique(futures.round(9), axis=0, return_inverse=True)[1]
    order = np.lexsort((np.arange(len(words)), groups))
    found = statistics(process)
    publish(
        out,
        "causal_states",
        {
            "length": length,
            "future": FUTURE,
            "n_histories": len(words),
            "n_futures": int(groups.max()) + 1,
            "n_causal_states": epsilon_machine(process).n_state,
            "markov_order": found.markov_order,
            "undecided_probability": float(probability[(words == 1).all(axis=1)].sum()),
        },
        {"futures": picture(words[order], futures[order], groups[order])},
    )


def futures_of(process: HMM | GHMM, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The histories that can occur, P(future | history), and P(history)."""
    words = np.array(list(product(range(process.n_symbol), repeat=length)))
    log_p = process.log_prob(words)
    words, probability = words[np.isfinite(log_p)], np.exp(log_p[np.isfinite(log_p)])
    beliefs = filter_beliefs(process, words)[:, -1]
    return words, beliefs @ word_map(process, FUTURE), probability


def picture(words: np.ndarray, futures: np.ndarray, groups: np.ndarray) -> Figure:
    """Shades are probabilities; a line between groups."""
    with house_style():
        figure = blank_figure(PAGE_WIDTH, 0.135 * len(words) + 0.75)
        axes = figure.add_axes((0.14, 0.11, 0.7, 0.86))
        shown = axes.imshow(futures, cmap="Blues", vmin=0, vmax=0.5, aspect="auto")
        ahead = ["".join(map(str, word)) for word in product(range(2), repeat=FUTURE)]
        axes.set_xticks(range(len(ahead)), ahead)
        axes.set_yticks(
            range(len(words)), ["".join(map(str, word)) for word in words], fontsize=7.5, family="monospace"
        )
        axes.set_xlabel("the next three symbols")
        axes.set_ylabel("what was read")
        axes.tick_params(length=0)
        for place in np.flatnonzero(np.diff(groups)):
            axes.axhline(place + 0.5, color=INK, linewidth=1.4)
        for label, group in zip(axes.get_yticklabels(), groups, strict=True):
            label.set_color((VERMILLION, BLUE, INK)[group % 3])
        figure.colorbar(shown, cax=figure.add_axes((0.87, 0.11, 0.025, 0.86)), label="P(next three | read)")
    return figure
