"""Machines from series of symbols, and from a predictor's futures.

From a series (`series`, `infer`): causal-state splitting and merging, Bayesian structural inference, spectral learning
and Baum-Welch make candidates, what was held out decides, and surrogates say whether there is any structure. From what
goes into a channel and what comes out (`infer_transducer`): its causal states. From a predictor: causal states by
merging, the minimal process by spectral learning. NumPy alone: what is taken is a process or an array of predicted
futures, whoever predicted them.
"""

from compmech.inference.beside import Beside
from compmech.inference.bootstrap import ERRORS, StatisticsIntervals, statistics_intervals
from compmech.inference.candidates import NothingToPropose
from compmech.inference.canonical import HankelRank, hankel_rank, rank_growth
from compmech.inference.channel_model import paired
from compmech.inference.channels import InferredTransducer, infer_transducer
from compmech.inference.choosing import Ladder, merging_ladder
from compmech.inference.choosing_again import SelectionFrequencies, selection_frequencies
from compmech.inference.counts import WordCounts, count_words
from compmech.inference.cssr import split_states
from compmech.inference.determinising import HistoryStates
from compmech.inference.euler import markov_shuffled
from compmech.inference.fourier import aaft, iaaft
from compmech.inference.from_futures import machine_from_futures
from compmech.inference.from_predictor import histories_of
from compmech.inference.futures import Futures, predicted_futures
from compmech.inference.growth import Growth
from compmech.inference.hankel_series import SeriesRank, series_rank
from compmech.inference.inferred import Selection, infer, selected
from compmech.inference.interval import Interval
from compmech.inference.isomorphism import Isomorphism, isomorphism
from compmech.inference.kgram import KGram, k_gram
from compmech.inference.maximum_likelihood import BaumWelch, baum_welch
from compmech.inference.merging_histories import merge_states
from compmech.inference.result import InferredMachine
from compmech.inference.series import Series, series
from compmech.inference.series_spectral import SeriesProcess, series_process
from compmech.inference.spectral import SpectralFit, spectral_fit
from compmech.inference.streamed import Parts, infer_streamed
from compmech.inference.structure import PastInformation, StructureTest, structure_test
from compmech.inference.surrogates import (
    SHUFFLES,
    Surrogates,
    block_shuffled,
    block_shuffles,
    markov_shuffles,
    phase_surrogates,
    shuffled,
)
from compmech.inference.topology_evidence import Library, Posterior, library, structural_posterior

__all__ = [
    "BaumWelch",
    "Beside",
    "ERRORS",
    "Futures",
    "Growth",
    "HankelRank",
    "HistoryStates",
    "InferredMachine",
    "InferredTransducer",
    "Interval",
    "Isomorphism",
    "KGram",
    "Ladder",
    "Library",
    "NothingToPropose",
    "Parts",
    "PastInformation",
    "Posterior",
    "SHUFFLES",
    "Selection",
    "SelectionFrequencies",
    "Series",
    "SeriesProcess",
    "SeriesRank",
    "SpectralFit",
    "StatisticsIntervals",
    "StructureTest",
    "Surrogates",
    "WordCounts",
    "aaft",
    "baum_welch",
    "block_shuffled",
    "block_shuffles",
    "count_words",
    "hankel_rank",
    "histories_of",
    "iaaft",
    "infer",
    "infer_streamed",
    "infer_transducer",
    "isomorphism",
    "k_gram",
    "library",
    "machine_from_futures",
    "markov_shuffled",
    "markov_shuffles",
    "merge_states",
    "merging_ladder",
    "paired",
    "phase_surrogates",
    "predicted_futures",
    "rank_growth",
    "selected",
    "selection_frequencies",
    "series",
    "series_process",
    "series_rank",
    "shuffled",
    "spectral_fit",
    "split_states",
    "statistics_intervals",
    "structural_posterior",
    "structure_test",
]
