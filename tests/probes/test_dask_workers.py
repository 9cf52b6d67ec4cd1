"""A real scheduler and workers on loopback: the same results, and a killed worker costs its piece only."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loopback_cluster import Cluster, started, until

from compmech import zoo
from probes.candidates import candidate
from probes.comparison import ComparisonSpec, Subject, compare
from probes.results import Comparison
from probes.store import Store
from probes.sweep.dask_workers import DaskWorkers, SchedulerUnusable
from probes.sweep.engine import Advance

pytest.importorskip("distributed")

SPEC = ComparisonSpec(
    subjects=(Subject("golden_mean", "golden_mean(p=0.5)", zoo.golden_mean(), 5),),
    candidates=(candidate("gru", {"width": 4, "n_layer": 1}), candidate("bayes")),
    seeds=2,
    steps=5,
    batch=4,
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with started(tmp_path_factory.mktemp("dask")) as found:
        found.worker()
        yield found


def slow_square(item: tuple[str, int], advance: Advance) -> tuple[int, int]:
    """Says who is at it, and takes its time where it is the first."""
    folder, number = item
    mark = Path(folder) / f"{number}-{os.getpid()}"
    mark.write_text("begun")
    if number == 0:
        time.sleep(2)
    advance(number)
    return number**2, os.getpid()


def test_a_worker_killed_in_mid_run_costs_its_piece_only_which_is_begun_again(cluster: Cluster, tmp_path: Path) -> None:
    victim = cluster.worker()
    items = [(str(tmp_path), number) for number in range(12)]
    engine = DaskWorkers.of(cluster.address())
    from distributed import Client

    with Client(cluster.address(), set_as_default=False) as client:
        client.wait_for_workers(2, timeout=800)
    import threading

    killed: list[int] = []

    def kill() -> None:
        """The worker that is at the slow piece."""
        until(lambda: any(tmp_path.glob("0-*")))
        (mark,) = tmp_path.glob("0-*")
        killed.append(int(mark.name.partition("-")[2]))
        os.kill(killed[0], 9)

    # the slow piece goes to any of the two: the other goes on, or takes its place
    killer = threading.Thread(target=kill)
    killer.start()
    told: list[int] = []
    found = dict(engine.run(slow_square, items, told.append))
    killer.join()
    if killed[0] != victim.pid:
        cluster.worker()  # for the tests to come
    assert {index: value for index, (value, _) in found.items()} == {n: n**2 for n in range(12)}
    assert found[0][1] != killed[0]
    assert len(list(tmp_path.glob("0-*"))) == 2
    assert sum(told) == sum(range(12))


def timeless(found: Comparison) -> Comparison:
    return replace(
        found,
        rows=[replace(row, seconds=None) for row in found.rows],
        runs=[replace(run, seconds=0.0) for run in found.runs],
    )


def test_a_comparison_is_the_same_on_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    here = compare(SPEC, rng=np.random.default_rng(0))
    store = Store(tmp_path / "store")
    there = compare(SPEC, rng=np.random.default_rng(0), engine=DaskWorkers.of(cluster.address()), store=store)
    assert timeless(there) == timeless(here)
    assert len(store) == 5


def fail_on_three(item: int, advance: Advance) -> int:
    if item == 3:
        raise ZeroDivisionError("three")
    return item


def test_what_a_function_raises_is_raised_here(cluster: Cluster) -> None:
    with pytest.raises(ZeroDivisionError, match="three"):
        list(DaskWorkers.of(cluster.address()).run(fail_on_three, [3, 4], lambda amount: None))


def test_an_address_that_is_none_is_said_at_once() -> None:
    for address, why in (("foo", "missing port number"), ("tcp://127.0.0.1", "missing port"), ("zz://a:1", "unknown")):
        with pytest.raises(SchedulerUnusable, match=f"no scheduler answers at {address}: {why}"):
            DaskWorkers.of(address)


def test_a_scheduler_that_is_not_there_is_said() -> None:
    with pytest.raises(SchedulerUnusable, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        DaskWorkers.of("tcp://127.0.0.1:9")


def test_workers_of_several_threads_are_refused(tmp_path: Path) -> None:
    with started(tmp_path) as cluster:
        cluster.worker("--nthreads", "2")
        with pytest.raises(SchedulerUnusable, match="2 threads: start it with --nthreads 1"):
            DaskWorkers.of(cluster.address())
