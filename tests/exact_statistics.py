"""Statistics of a unifilar process in exact rational arithmetic, by the definitions: an oracle that shares no code with
the library. Probabilities are read as the nearest fractions of small denominator; only logarithms are floats.

Beliefs are distributions over the causal states, told apart exactly. A mixed-state set that does not close within a
budget leaves out what would need it.
"""

from fractions import Fraction
from math import inf, log2

Matrix = list[list[list[Fraction]]]  # T[x][i][j]
Belief = tuple[Fraction, ...]

_DENOMINATOR = 10**6
_BUDGET = 400


def exact_statistics(T) -> dict[str, float]:
    """What can be said exactly of the stationary process of an ergodic unifilar machine, by the library's keys."""
    fractions = [[[Fraction(float(p)).limit_denominator(_DENOMINATOR) for p in row] for row in M] for M in T]
    machine = _merged(fractions)
    pi = _stationary(machine)
    reverse = [[[pi[j] * M[j][i] / pi[i] for j in range(len(pi))] for i in range(len(pi))] for M in machine]
    out = [[sum(M[i], Fraction()) for M in machine] for i in range(len(pi))]
    h = sum(float(w) * _H(row) for w, row in zip(pi, out, strict=True))
    one = _H([sum((w * row[x] for w, row in zip(pi, out, strict=True)), Fraction()) for x in range(len(machine))])
    found: dict[str, float] = {
        "entropy_rate": h,
        "statistical_complexity": _H(pi),
        "single_symbol_entropy": one,
        "predicted_information": one - h,
        "n_causal_states": len(pi),
    }
    forward = _mixed_states(machine, pi)
    if forward is not None:
        found |= _synchronisation(forward, out, h)
    backward = _mixed_states(reverse, pi)
    if backward is not None:
        found |= _retrodiction(machine, reverse, pi, backward, found)
    return found


def _synchronisation(graph: "Graph", out: list[list[Fraction]], h: float) -> dict[str, float]:
    """T and S by expected visits to beliefs that leave the causal state open, and the Markov order."""
    beliefs, edges = graph
    transient = [b for b in beliefs if max(b) < 1]
    place = {b: n for n, b in enumerate(transient)}
    W = [[Fraction()] * len(transient) for _ in transient]
    for b in transient:
        for _, p, after in edges[b]:
            if after in place:
                W[place[b]][place[after]] += p
    start = [Fraction(int(n == 0)) for n in range(len(transient))]  # the stationary belief comes first
    visits = _solve_left(W, start)
    later = _solve_left(W, visits)  # sum_L L P(belief at L - 1)
    T = S = 0.0
    for b, n, weight in zip(transient, visits, later, strict=True):
        ahead = [sum((w * row[x] for w, row in zip(b, out, strict=True)), Fraction()) for x in range(len(out[0]))]
        known = sum(float(w) * _H(row) for w, row in zip(b, out, strict=True))
        T += float(weight) * (_H(ahead) - known)
        S += float(n) * _H(b)
    return {
        "transient_information": T,
        "synchronization_information": S,
        "n_mixed_states": len(beliefs),
        "n_transient_mixed_states": len(transient),
        "markov_order": _longest({b: [after for _, _, after in edges[b]] for b in transient}, beliefs[0]),
    }


def _retrodiction(
    machine: Matrix, reverse: Matrix, pi: list[Fraction], graph: "Graph", known: dict[str, float]
) -> dict[str, float]:
    """chi = H[S_0 | future], r = H[X_0 | S_0, future from 1 on], the reverse machine and the cryptic order."""
    edges = graph[1]
    recurrent = _recurrent(graph)
    weight = dict(zip(recurrent, _stationary_of(recurrent, edges), strict=True))
    chi = sum(float(w) * _H(b) for b, w in weight.items())
    groups: dict[tuple, Fraction] = {}  # reverse causal states: recurrent beliefs are distinct, hence so are futures
    for b, w in weight.items():
        groups[b] = groups.get(b, Fraction()) + w
    r = 0.0
    for b, w in weight.items():
        joint: dict[tuple[int, int], Fraction] = {}
        for s1, held in enumerate(b):
            for x, M in enumerate(reverse):
                for s0, p in enumerate(M[s1]):
                    if held * p:
                        joint[s0, x] = joint.get((s0, x), Fraction()) + held * p
        states = {s for s, _ in joint}
        totals = {s: sum((p for (t, _), p in joint.items() if t == s), Fraction()) for s in states}
        r += float(w) * (_H(list(joint.values())) - _H(list(totals.values())))
    C, h, one = known["statistical_complexity"], known["entropy_rate"], known["single_symbol_entropy"]
    back, E = _H(list(groups.values())), C - chi
    return {
        "excess_entropy": E,
        "crypticity": chi,
        "reverse_statistical_complexity": back,
        "bidirectional_complexity": C + back - E,
        "causal_irreversibility": C - back,
        "n_reverse_causal_states": len(groups),
        "ephemeral_information": r,
        "bound_information": h - r,
        "enigmatic_information": one - h - (h - r),
        "elusive_information": E - (one - h),
        "cryptic_order": _cryptic_order(machine, recurrent, edges),
    }


def _cryptic_order(machine: Matrix, recurrent: list[Belief], edges: "Edges") -> float:
    """Follow, forwards in time, the states that one future allows: the longest way on which they are several."""
    before: dict[Belief, list[tuple[int, Belief]]] = {b: [] for b in recurrent}
    for b in recurrent:
        for x, _, earlier in edges[b]:
            before[earlier].append((x, b))  # time runs from the belief of the longer future to that of the shorter
    ways: dict[tuple, list[tuple]] = {}
    stack = [(b, frozenset(s for s, p in enumerate(b) if p)) for b in recurrent]
    starts = list(stack)
    while stack:
        node = stack.pop()
        if node in ways or len(node[1]) == 1:
            continue
        ways[node] = []
        for x, after in before[node[0]]:
            image = frozenset(j for i in node[1] for j, p in enumerate(machine[x][i]) if p)
            ways[node].append((after, image))
            stack.append(ways[node][-1])
    return max(_longest(ways, start) for start in starts)


Edges = dict[Belief, list[tuple[int, Fraction, Belief]]]
Graph = tuple[list[Belief], Edges]


def _mixed_states(T: Matrix, start: list[Fraction]) -> Graph | None:
    beliefs, edges = [tuple(start)], {}
    seen = set(beliefs)
    for b in beliefs:
        if len(beliefs) > _BUDGET:
            return None
        edges[b] = []
        for x, M in enumerate(T):
            joint = [sum((w * M[i][j] for i, w in enumerate(b) if w), Fraction()) for j in range(len(b))]
            p = sum(joint, Fraction())
            if p:
                after = tuple(q / p for q in joint)
                edges[b].append((x, p, after))
                if after not in seen:
                    seen.add(after)
                    beliefs.append(after)
    return beliefs, edges


def _merged(T: Matrix) -> Matrix:
    """States with the same future made one, by refinement."""
    n = len(T[0])
    label = [0] * n
    while True:
        keys = []
        for i in range(n):
            row = []
            for M in T:
                p = sum(M[i], Fraction())
                assert sum(1 for q in M[i] if q) <= 1, "not unifilar"
                row.append((p, label[next(j for j, q in enumerate(M[i]) if q)] if p else -1))
            keys.append((label[i], tuple(row)))
        names = {key: k for k, key in enumerate(dict.fromkeys(keys))}
        fresh = [names[key] for key in keys]
        if len(names) == len(set(label)):
            break
        label = fresh
    first = [label.index(k) for k in range(len(set(label)))]
    return [
        [[sum((M[i][j] for j in range(n) if label[j] == k), Fraction()) for k in range(len(first))] for i in first]
        for M in T
    ]


def _recurrent(graph: Graph) -> list[Belief]:
    """Beliefs from which there is no way to anywhere without a way back."""
    beliefs, edges = graph

    def reached(b: Belief) -> set[Belief]:
        found, stack = {b}, [b]
        while stack:
            for _, _, after in edges[stack.pop()]:
                if after not in found:
                    found.add(after)
                    stack.append(after)
        return found

    closed = min((reached(b) for b in beliefs), key=len)
    return [b for b in beliefs if b in closed]


def _stationary_of(members: list[Belief], edges: Edges) -> list[Fraction]:
    place = {b: n for n, b in enumerate(members)}
    A = [[Fraction()] * len(members) for _ in members]
    for b in members:
        for _, p, after in edges[b]:
            A[place[b]][place[after]] += p
    return _stationary([A])


def _stationary(T: Matrix) -> list[Fraction]:
    n = len(T[0])
    A = [[sum((M[i][j] for M in T), Fraction()) for j in range(n)] for i in range(n)]
    rows = [[A[i][j] - (i == j) for i in range(n)] + [Fraction()] for j in range(n - 1)]
    return _eliminate([*rows, [Fraction(1)] * (n + 1)])


def _solve_left(W: list[list[Fraction]], start: list[Fraction]) -> list[Fraction]:
    """v with v = start + v W."""
    n = len(start)
    return _eliminate([[Fraction(int(i == j)) - W[i][j] for i in range(n)] + [start[j]] for j in range(n)])


def _eliminate(rows: list[list[Fraction]]) -> list[Fraction]:
    n = len(rows)
    rows = [list(row) for row in rows]
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


def _longest(ways: dict, start) -> float:
    """Number of nodes of `ways` on the longest way from a node; inf if there is a loop."""
    depth: dict = {}

    def measure(node) -> float:
        if node not in ways:
            return 0
        if node not in depth:
            depth[node] = inf  # met again before it is known: a loop
            depth[node] = 1 + max((measure(after) for after in ways[node]), default=0)
        return depth[node]

    return measure(start)


def _H(p: list[Fraction] | tuple[Fraction, ...]) -> float:
    return -sum(float(q) * (log2(q.numerator) - log2(q.denominator)) for q in p if q)
