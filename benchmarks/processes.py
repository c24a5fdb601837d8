"""What a process and those that it started hold, from /proc (Linux): memory, open files, how many they are."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GONE = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True)
class Held:
    """Sums over some processes. rss, pss, own: MiB; files: open descriptors.

    pss: a page counts in parts for those that share it, also for processes that are not looked at. own: the same of
    the pages that are no file's, which no stranger shares. All but rss are None where the system tells them only to root.
    """

    rss: float
    pss: float | None
    own: float | None
    processes: int
    files: int | None


def children(root: int) -> list[int]:
    """The processes that a process has started and that still run."""
    return [pid for pid, parent in _parents().items() if parent == root]


def tree(root: int) -> list[int]:
    """A process and all that it has started, and those that they have."""
    parents = _parents()
    found = [root]
    for pid in found:  # it grows meanwhile
        found.extend(child for child, parent in parents.items() if parent == pid)
    return found


def held(pids: list[int]) -> Held:
    """What these processes hold now; one that has ended meanwhile counts nothing."""
    rss = pss = own = files = processes = 0
    hidden = False
    for pid in pids:
        with suppress(*GONE):
            rss += _kib(Path(f"/proc/{pid}/status"), "VmRSS")
            processes += 1
            try:
                pss += _kib(Path(f"/proc/{pid}/smaps_rollup"), "Pss")
                own += _kib(Path(f"/proc/{pid}/smaps_rollup"), "Pss_Anon", "Pss_Shmem")
                files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
            except PermissionError:
                hidden = True
    if hidden:
        return Held(rss / 1024, None, None, processes, None)
    return Held(rss / 1024, pss / 1024, own / 1024, processes, files)


def _kib(file: Path, *fields: str) -> int:
    lines = (line.partition(":") for line in file.read_text(encoding="ascii").splitlines())
    return sum(int(value.split()[0]) for name, _, value in lines if name in fields)  # none: it only waits to be noticed


def started(pid: int) -> int:
    """When a process was started, in ticks since the machine was; 0: it has ended."""
    return next((int(fields[19]) for number, fields in _stats() if number == pid), 0)


def cpu_seconds(pids: list[int]) -> float:
    """Processor time that these processes and those of their children that have ended have used until now."""
    ticks = sum(sum(map(int, fields[11:15])) for pid, fields in _stats() if pid in pids)
    return ticks / os.sysconf("SC_CLK_TCK")


def _parents() -> dict[int, int]:
    return {pid: int(fields[1]) for pid, fields in _stats()}


def _stats() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(*GONE):
                # "pid (name) state parent ...", where the name may hold anything
                text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
                yield int(folder.name), text.rpartition(")")[2].split()
