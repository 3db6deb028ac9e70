"""Judges for the tests of scale, in a module of their own so that worker processes can import them."""

import os
import signal
from pathlib import Path

import numpy as np


class Tiny:
    """Stances from lengths: quick, the same everywhere, and of no sense."""

    name = "tiny@1"

    def judge(self, pairs):
        rows = [[len(p.passage) % 7 / 7, 0.1, len(p.provision_text) % 5 / 5, 0.2, 0.3] for p in pairs]
        return np.array(rows, dtype=np.float32).reshape(-1, 5)


class Deadly(Tiny):
    """Ends its process at a passage with "STOP" in it: each time, or until ``flag`` exists, which it makes."""

    def __init__(self, flag: Path | None = None) -> None:
        self.flag = flag

    def judge(self, pairs):
        if any("STOP" in p.passage for p in pairs) and not (self.flag and self.flag.exists()):
            if self.flag:
                self.flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(pairs)


class Noting(Tiny):
    """Notes the process that judges as a file in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def judge(self, pairs):
        (self.folder / str(os.getpid())).touch()
        return super().judge(pairs)


class Once(Tiny):
    """Judges until it is ``over``; then it must not be asked any more."""

    over = False

    def judge(self, pairs):
        assert not self.over
        return super().judge(pairs)


class Felled(Tiny):
    """Notes each response that it begins in ``notes``; at the first "STOP" it ends its process, or ``everything``:
    all processes of the run."""

    def __init__(self, notes: Path, *, everything: bool = False) -> None:
        self.notes = notes
        self.everything = everything

    def judge(self, pairs):
        first = pairs[0].passage
        before = self.notes.read_text(encoding="utf-8") if self.notes.exists() else ""
        with self.notes.open("a", encoding="utf-8") as file:
            file.write(first + "\n")
        if "STOP" in first and "STOP" not in before:
            if self.everything:
                os.killpg(0, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(pairs)
