"""The panels with axes: headline beside its controls, score by site, KL by position, KL while learning.

Each draws into the axes it is given, so that the same panel serves the wide PNG and the page.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from probes.headline import (
    CEILINGS,
    MODEL_FREE,
    Score,
    control_scores,
    headline,
    networks,
    predictors,
    runs_of,
    site_scores,
)
from probes.report.numerals import decimal, nats
from probes.report.style import CONTROL_NAMES, GRID, INK, MUTED, PAGE, colour_of, display_name, marker_of
from probes.results import Comparison, ProcessSummary

__all__ = ["draw_headline", "draw_kl", "draw_learning", "draw_sites", "lowest_score", "smallest_kl"]

SMALLEST_SHOWN = 1e-9
"""KL below this, in nats, is rounding and has no place on a log axis."""
