"""A W&B server for steps that call the real `wandb` without saying where.

The first import of `wandb` in a step starts one on loopback for the home, or finds the one that runs,
and puts its address and key into the environment. It ends by itself when nobody uses it. What the
environment says already (`WANDB_BASE_URL`, `WANDB_MODE=offline`) is left alone.
"""

from __future__ import annotations

import os
import sys

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

IDLE_SECONDS = 300

_hook: _WandbImport | None = None


class _WandbImport:
    """Notices that `wandb` is about to be imported; finds nothing itself."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "wandb":
            forget()
            connect(_home_of(self.run_id))
        return None


def prepare(run_id: str) -> None:
    """Before a step runs: from now on `wandb` logs to the home."""
    global _hook
    if os.environ.get("WANDB_BASE_URL") or os.environ.get("WANDB_MODE") in {"offline", "disabled", "dryrun"}:
        return
    if "wandb" in sys.modules:
        connect(_home_of(run_id))
    elif _hook is None:
        _hook = _WandbImport(run_id)
        sys.meta_path.insert(0, _hook)
    else:
        _hook.run_id = run_id


def _home_of(run_id: str) -> str:
    from treadle._run.steps import instance_of

    return instance_of(run_id).root_directory


def forget() -> None:
    global _hook
    if _hook is not None and _hook in sys.meta_path:
        sys.meta_path.remove(_hook)
    _hook = None


def connect(home: str) -> None:
    """Puts the address and key of the home's server into the environment."""
    server = _running(home) or _start(home)
    os.environ["WANDB_BASE_URL"] = server["url"]
    os.environ["WANDB_API_KEY"] = server["key"]


def _running(home: str) -> dict[str, str] | None:
    import json
    import urllib.request

    try:
        with open(os.path.join(home, "server.json"), encoding="utf-8") as file:
            server: dict[str, str] = json.load(file)
        with urllib.request.urlopen(server["url"] + "/ready", timeout=2):
            return server
    except (OSError, ValueError, KeyError):
        return None


def _start(home: str) -> dict[str, str]:
    import json
    import subprocess

    command = [sys.executable, "-m", "treadle", "--home", home, "server", "--port", "0"]
    command += ["--on-demand", "--idle-exit", str(IDLE_SECONDS)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    process.stdout.close()
    if not line:
        raise RuntimeError(f"No W&B server could be started for {home!r}: {process.stderr.read().strip()}")
    process.stderr.close()
    server: dict[str, str] = json.loads(line)
    return server
