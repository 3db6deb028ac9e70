"""What work costs: CPU-seconds here and in other processes, memory, and how time grows."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def cpu_seconds(work: Callable[[], T]) -> tuple[T, float]:
    """What ``work`` gives, and the CPU-seconds of this process meanwhile, all threads together."""
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def run_command(command: Sequence[str]) -> tuple[str, float]:
    """What a command prints, and its CPU-seconds, user and system together.

    Byte code is kept as it is for a user, also where the environment says otherwise: a second run has it.

    Raises:
        CalledProcessError: it failed.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment.setdefault("PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir()) / "policydiff-bytecode"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:  # noqa: S603
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return printed, used.ru_utime + used.ru_stime


def peak_mb() -> float:
    """The most memory that this process held, in MB.

    ``ru_maxrss`` of a new process counts that of the one it was started from, so Linux is asked otherwise.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    unit = 1024 if sys.platform == "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit / 1024


def exponent(counts: Sequence[float], seconds: Sequence[float]) -> float:
    """The power of the count with which time grows: the slope of a line through the logarithms."""
    return float(np.polyfit(np.log(counts), np.log(seconds), 1)[0])
