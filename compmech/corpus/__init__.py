"""A corpus of tokens as a process: one state for each token, beliefs uniform over the positions that match."""

from compmech.corpus.process import Corpus, LongestSuffix
from compmech.corpus.suffix_tree import BeliefCount

__all__ = ["BeliefCount", "Corpus", "LongestSuffix"]
