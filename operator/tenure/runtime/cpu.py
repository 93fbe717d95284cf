"""How many threads the pod may use: the CPU limit of its control group, not the cores of its node."""

import os
from collections.abc import MutableMapping
from pathlib import Path

CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def read_cpu_limit(cpu_max: Path = CPU_MAX) -> int:
    """Return the whole CPUs this pod may use, at least 1; without a limit the cores it may be scheduled on."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = cpu_max.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return cores
    if quota == "max":
        return cores
    return max(1, min(cores, int(quota) // int(period)))


def limit_threads(environment: MutableMapping[str, str]) -> None:
    """Set the numeric libraries' thread counts to the CPU limit unless the user has set them.

    Their own default is one thread per core of the node: on a large node with a small limit they throttle each other.
    """
    limit = str(read_cpu_limit())
    for variable in THREAD_VARIABLES:
        environment.setdefault(variable, limit)
