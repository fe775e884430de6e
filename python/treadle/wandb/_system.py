"""What a run knows of the machine it runs on, read from the system itself."""

from __future__ import annotations

import os
import sys

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def metadata(started: float) -> dict[str, Any]:
    """The content of wandb-metadata.json."""
    import platform
    import socket
    from datetime import datetime, timezone

    program = program_name()
    found: dict[str, Any] = {
        "os": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "startedAt": datetime.fromtimestamp(started, timezone.utc).isoformat().replace("+00:00", "Z"),
        "args": sys.argv[1:],
        "host": socket.gethostname(),
        "executable": sys.executable,
        "cpu_count": os.cpu_count() or 1,
        "root": os.getcwd(),
    }
    if program:
        found["program"] = program
        found["codePath"] = program
    remote, commit = git()
    if commit:
        found["git"] = {"remote": remote, "commit": commit}
    return found


def program_name() -> str:
    """The script that is run, from the current folder."""
    script = sys.argv[0] if sys.argv else ""
    if not script or script in ("-c", "-m"):
        return ""
    return os.path.relpath(script) if os.path.exists(script) else os.path.basename(script)


def git() -> tuple[str, str]:
    """(remote, commit) of the repository around the current folder; "" where there is none."""
    folder = os.getcwd()
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, before = os.path.dirname(folder), folder
        if folder == before:
            return "", ""
    at = os.path.join(folder, ".git")
    if os.path.isfile(at):  # a worktree or submodule
        at = os.path.join(folder, _read(at).partition("gitdir:")[2].strip())
    shared = _read(os.path.join(at, "commondir")).strip()
    common = os.path.join(at, shared) if shared else at
    head = _read(os.path.join(at, "HEAD")).strip()
    name = head.removeprefix("ref: ")
    if name == head:
        return _remote(common), head
    commit = _read(os.path.join(common, name)).strip()
    if not commit:
        for line in _read(os.path.join(common, "packed-refs")).splitlines():
            if line.endswith(" " + name):
                commit = line.partition(" ")[0]
    return _remote(common), commit


def _remote(folder: str) -> str:
    section = ""
    for line in _read(os.path.join(folder, "config")).splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == '[remote "origin"]' and line.partition("=")[0].strip() == "url":
            return line.partition("=")[2].strip()
    return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Sampler:
    """The machine's load since the sample before."""

    def __init__(self) -> None:
        self._before = _cpu_times()

    def sample(self) -> dict[str, float]:
        found: dict[str, float] = {}
        now = _cpu_times()
        busy, total = now[0] - self._before[0], now[1] - self._before[1]
        self._before = now
        if total > 0:
            found["system.cpu"] = round(100 * busy / total, 2)
        memory = {
            line.partition(":")[0]: int(line.split()[1])
            for line in _read("/proc/meminfo").splitlines()
            if line
        }
        if memory.get("MemTotal"):
            available = memory.get("MemAvailable", 0)
            found["system.memory_percent"] = round(100 * (1 - available / memory["MemTotal"]), 2)
            found["system.proc.memory.availableMB"] = round(available / 1024, 2)
        pages = _read("/proc/self/statm").split()
        if len(pages) > 1:
            found["system.proc.memory.rssMB"] = round(int(pages[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 2)
        return found


def _cpu_times() -> tuple[int, int]:
    """(busy, all) ticks of all processors."""
    ticks = [int(t) for t in _read("/proc/stat").partition("\n")[0].split()[1:9]]
    return (sum(ticks) - sum(ticks[3:5]), sum(ticks)) if ticks else (0, 0)
