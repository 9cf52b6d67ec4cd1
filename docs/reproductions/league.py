"""Which machine comes back from 20,000 symbols? Nine processes, ten seeds, `compmech.infer` beside sofic and emic.

    python docs/reproductions/league.py -o docs/results/inference.json [--seeds 10] [--peers emic sofic]

Every tool reads the same symbols, with its default settings (emic has none for the longest history: 5, as in its
examples), and knows nothing of the process. Of emic's states those count that recur. What is compared with the truth is
the number of causal states, C and h in bits, and for ours the machine itself, by isomorphism. A peer that is not
installed is left out and that is said; one that takes longer than a minute of processor time on a series is stopped
there, and that is a row.
"""

import argparse
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import fmean
from types import FrameType
from typing import Any

import networkx as nx
import numpy as np

from compmech import HMM, EpsilonMachine, entropy_rate, epsilon_machine, statistical_complexity, zoo
from compmech.inference import Series, infer, isomorphism
from compmech.whole_files import written_aside

COMMAND = "python docs/reproductions/league.py -o docs/results/inference.json"
SYMBOLS = 20_000
CLOSE = 0.02
LIMIT = 60.0

PROCESSES: dict[str, Callable[[], HMM]] = {
    "coin": zoo.fair_coin,
    "period 3": lambda: zoo.periodic_word(word="001"),
    "golden mean": zoo.golden_mean,
    "even": zoo.even,
    "z1r": zoo.z1r,
    "nemo": zoo.nemo,
    "noisy random phase slip": zoo.noisy_random_phase_slip,
    "rrxor": zoo.rrxor,
    "butterfly": zoo.butterfly,
}


class TooLong(Exception):
    """A peer has used up its time."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Stop what is inside after so much processor time."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def ours(codes: np.ndarray, n_symbol: int, truth: EpsilonMachine, seed: int) -> dict[str, Any]:
    """What `infer` finds with its default method."""
    found = infer(Series(codes, tuple(range(n_symbol))), rng=np.random.default_rng(seed))
    if not isinstance(found.machine, EpsilonMachine):
        return {"failed": f"no finite machine: {found.method} of dimension {found.machine.n_state}"}
    assert found.statistical_complexity is not None
    assert found.entropy_rate is not None
    bare = EpsilonMachine(found.machine.successor, found.machine.emit)
    return {
        "n_state": found.machine.n_state,
        "complexity": found.statistical_complexity.value,
        "entropy_rate": found.entropy_rate.value,
        "method": found.method,
        "isomorphic": isomorphism(bare, truth) is not None,
    }


def by_emic(codes: np.ndarray) -> dict[str, Any]:
    """Its CSSR."""
    from emic.analysis import entropy_rate as rate
    from emic.analysis import statistical_complexity as complexity
    from emic.inference import CSSR, CSSRConfig

    machine = CSSR(CSSRConfig(max_history=5)).infer(codes.tolist()).machine
    graph = nx.DiGraph([(state.id, way.target) for state in machine.states for way in state.transitions])
    recurrent = set().union(*nx.attracting_components(graph))
    return {"n_state": len(recurrent), "complexity": complexity(machine), "entropy_rate": rate(machine)}


def by_sofic(codes: np.ndarray) -> dict[str, Any]:
    """Its CSSR."""
    from sofic.generators import cssr

    machine = cssr(codes.tolist())
    return {
        "n_state": len(list(machine.states())),
        "complexity": float(machine.statistical_complexity()),
        "entropy_rate": float(machine.entropy_rate()),
    }


PEERS: dict[str, Callable[[np.ndarray], dict[str, Any]]] = {"emic": by_emic, "sofic": by_sofic}


def row(tool: str, name: str, seed: int) -> dict[str, Any]:
    """One tool on one series."""
    process = PROCESSES[name]()
    machine = epsilon_machine(process)
    truth = EpsilonMachine(machine.successor, machine.emit)
    codes = process.sample(1, SYMBOLS, rng=np.random.default_rng(seed))[0]
    c, h = statistical_complexity(truth), entropy_rate(truth)
    assert isinstance(c, float)
    assert isinstance(h, float)
    start = time.process_time()
    said: dict[str, Any] = {"tool": tool, "process": name, "seed": seed, "n_state_true": truth.n_state}
    if tool == "compmech":
        found = ours(codes, process.n_symbol, truth, seed)
    else:
        try:
            with limited(LIMIT):
                found = PEERS[tool](codes)
        except TooLong:
            return said | {"failed": f"more than {LIMIT:g} s of processor time"}
        except Exception as error:  # whatever a peer dies of is its result
            return said | {"failed": f"{type(error).__name__}: {error}"}
    said |= found
    if "failed" in found:
        return said
    said |= {"complexity_off": abs(found["complexity"] - c), "entropy_rate_off": abs(found["entropy_rate"] - h)}
    said["seconds"] = time.process_time() - start
    said["right"] = bool(
        found["n_state"] == truth.n_state and max(said["complexity_off"], said["entropy_rate_off"]) <= CLOSE
    )
    return said


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By tool and process: how many seeds are right, and by how much C and h are off."""
    found = []
    for tool, name in dict.fromkeys((each["tool"], each["process"]) for each in rows):
        here = [each for each in rows if (each["tool"], each["process"]) == (tool, name)]
        done = [each for each in here if "failed" not in each]
        line: dict[str, Any] = {"tool": tool, "process": name, "seeds": len(here), "failed": len(here) - len(done)}
        line["n_state_true"] = here[0]["n_state_true"]
        line["n_state"] = [each["n_state"] for each in done]
        line["right_states"] = sum(each["n_state"] == each["n_state_true"] for each in done)
        line["right"] = sum(each["right"] for each in done)
        for key in ("complexity_off", "entropy_rate_off", "seconds"):
            line[key] = fmean(each[key] for each in done) if done else None
        found.append(line)
    return found


def main() -> None:
    """Run the league and write its file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    options = parser.parse_args()
    versions, jobs = {"compmech": version("belief-geometry")}, ["compmech"]
    for peer in options.peers:
        try:
            versions[peer] = version(peer)
            jobs.append(peer)
        except PackageNotFoundError:
            print(f"{peer} is not installed: left out")
    rows: list[dict[str, Any]] = []
    for tool in jobs:
        for seed in range(options.seeds):
            for name in PROCESSES:
                rows.append(row(tool, name, seed))
                print({key: value for key, value in rows[-1].items() if key != "method"}, flush=True)
                document = {"command": COMMAND, "symbols": SYMBOLS, "close_bits": CLOSE, "versions": versions}
                document |= {"summary": summary(rows), "rows": rows}
                with written_aside(options.out) as aside:
                    aside.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
