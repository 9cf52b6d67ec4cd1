"""Statistics of an epsilon-machine too large for matrices: what its table of successors says by itself."""

from math import lcm

from compmech.epsilon_machine import EpsilonMachine
from compmech.graph import period
from compmech.measures.budget import Budget
from compmech.measures.findings import Findings
from compmech.measures.interval import entropy


def table_statistics(machine: EpsilonMachine, budget: Budget, keys: list[str]) -> Findings:
    """h, C, H[X_0], rho, the period and the number of causal states; of the other keys, why they are missing."""
    found = Findings()
    size = machine.n_symbol * machine.n_state**2
    for key in keys:
        found.leave(
            key, f"not computed: matrices of {size:.2g} numbers are more than max_entries = {budget.max_entries}"
        )
    h, one_symbol = float(machine.start @ entropy(machine.emit)), float(entropy(machine.start @ machine.emit))
    found.put("entropy_rate", h)
    found.put("statistical_complexity", float(entropy(machine.start)))
    found.put("single_symbol_entropy", one_symbol)
    found.put("predicted_information", one_symbol - h)
    state, _, after, _ = machine.edges
    found.put("period", lcm(*(period(state, after, members) for members in machine.closed_classes)))
    found.put("n_causal_states", machine.n_state)
    return found
