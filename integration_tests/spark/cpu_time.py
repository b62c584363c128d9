"""CPU time of the processes below this one, on Linux."""

from __future__ import annotations

import ctypes
import os
from collections import Counter
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


class CpuTime:
    """Divides the CPU time by what a process does: the server, the JVM, and the data source with its commands."""

    def __init__(self, jvm: int) -> None:
        self._jvm = jvm
        # A command whose parent has ended becomes a child of this process, and is counted
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def seconds(self) -> Counter[str]:
        """The CPU-seconds so far, with those of children that have ended."""
        found: Counter[str] = Counter()
        parents, processes = {}, {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                head, _, tail = path.read_text().rpartition(")")
            except OSError:
                continue
            pid, name = int(path.parent.name), head.partition("(")[2]
            parents[pid] = int(tail.split()[1])
            own, ended = (sum(map(int, tail.split()[at : at + 2])) for at in (11, 13))
            processes[pid] = (name, own, ended)
        for pid, (name, own, ended) in processes.items():
            if pid == os.getpid() or not _descends(pid, parents):
                continue
            part = "server" if name == "postgres" else "JVM" if pid == self._jvm else "data source"
            found[part] += own
            found["server" if name == "postgres" else "data source"] += ended
        ticks = os.sysconf("SC_CLK_TCK")
        return Counter({part: count / ticks for part, count in found.items()})

    def since(self, before: Counter[str]) -> dict[str, float]:
        now = self.seconds()
        return {part: now[part] - before[part] for part in ("server", "JVM", "data source")}


def _descends(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == os.getpid():
            return True
    return False
