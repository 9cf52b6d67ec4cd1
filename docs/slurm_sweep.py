"""A sweep on SLURM: jobs of single-threaded workers, a scheduler here, and `compmech compare` against it.

    python docs/slurm_sweep.py which.toml --jobs 20 --cores 8 --memory 16GB --walltime 04:00:00 [-- OPTIONS]

Needs `pip install -e '.[cluster]' dask-jobqueue`, and a folder for the store that all nodes see. Run it on a
login node under tmux, or as a job of its own; when it is stopped, or its time is over, the same command goes on.
What stands after -- are options of `compmech compare`, as --store /scratch/me/which.store.
"""

import argparse
import subprocess
import sys

JOB = ("export OMP_NUM_THREADS=1", "export OPENBLAS_NUM_THREADS=1", "export MKL_NUM_THREADS=1")


def main() -> int:
    """Start workers, compare, and stop them."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="after --: options of compmech compare"
    )
    parser.add_argument("experiment")
    parser.add_argument("--jobs", type=int, default=4, help="SLURM jobs")
    parser.add_argument("--cores", type=int, default=8, help="workers in each")
    parser.add_argument("--memory", default="16GB", help="of each job")
    parser.add_argument("--walltime", default="04:00:00", help="of each job")
    parser.add_argument("--queue", help="partition")
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    asked, options = parser.parse_args(sys.argv[1:end]), sys.argv[end + 1 :]
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError:
        print("dask-jobqueue is missing: pip install dask-jobqueue", file=sys.stderr)
        return 2

    with SLURMCluster(
        cores=asked.cores,
        processes=asked.cores,  # one thread each
        memory=asked.memory,
        walltime=asked.walltime,
        queue=asked.queue,
        job_script_prologue=list(JOB),
    ) as cluster:
        cluster.scale(jobs=asked.jobs)
        where = ["--executor", "dask", "--scheduler", cluster.scheduler_address]
        return subprocess.run(["compmech", "compare", asked.experiment, *where, *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
