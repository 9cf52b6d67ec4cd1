"""Faulty predictors: each breaks one clause of the contract, and is registered under the check that must find it.

Each is `planting.Small` but for its fault. Importing this plants them all.
"""

import faults_of_runs
import faults_of_sites
import faults_of_use
from planting import FAULTS, Passing, Small

__all__ = ["FAULTS", "Passing", "Small", "faults_of_runs", "faults_of_sites", "faults_of_use"]
