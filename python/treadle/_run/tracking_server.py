"""A server for the real `wandb` SDK, started when code of a run first needs one.

Where no host is named, that is the one server of the run's home: on loopback, found by all processes of the
home, gone when nobody has asked it for anything for two minutes. No SDK, no process.
"""

from __future__ import annotations

import os
import sys
from _thread import _local

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

IDLE_SECONDS = 120
# Every way into the SDK's back end goes through this module's `_setup`: init, login, Api.
_SETUP = "wandb.sdk.wandb_setup"
# What is asked of `init` is known only there: a run that is offline or disabled needs no server.
_INIT = "wandb.sdk.wandb_init"
_WITHOUT_HOST = ("offline", "dryrun", "disabled")

_run_id = ""
# The address and key that were put into the environment here, by which they are told from the user's own.
_ours: tuple[str, str] | None = None


class _Thread(_local):
    begins_without_host = False


_thread = _Thread()


def arm(run_id: str) -> None:
    """Called before each step: from now on the SDK finds a server, should it be used."""
    global _run_id
    if not _run_id:
        for name in (_SETUP, _INIT):
            if name in sys.modules:
                _watch(sys.modules[name])
        sys.meta_path.insert(0, _Finder())
    _run_id = run_id


class _Finder:
    """Sees the SDK's modules being imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in (_SETUP, _INIT):
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _watch(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _watch(module: Any) -> None:
    name = "_setup" if module.__name__ == _SETUP else "init"
    original = getattr(module, name, None)
    if original is None or hasattr(original, "_treadle"):
        return
    from functools import wraps

    @wraps(original)
    def setup(settings: Any = None, *args: Any, **more: Any) -> Any:
        if _is_wanted(settings):
            _provide(getattr(module, "_singleton", None))
        return original(settings, *args, **more)

    @wraps(original)
    def init(*args: Any, **more: Any) -> Any:
        mode = more.get("mode") or getattr(more.get("settings"), "mode", None)
        before, _thread.begins_without_host = _thread.begins_without_host, mode in _WITHOUT_HOST
        try:
            return original(*args, **more)
        finally:
            _thread.begins_without_host = before

    ours: Any = setup if name == "_setup" else init
    ours._treadle = True
    setattr(module, name, ours)
    package = sys.modules.get("wandb")
    if name == "init" and getattr(package, "init", None) is original:
        package.init = init  # type: ignore[union-attr]


def _is_wanted(settings: Any) -> bool:
    """Whether code of a run is about to talk to a host that nobody has named."""
    from treadle._run import steps

    if _run_id not in steps.states and not steps.home:
        return False
    if _thread.begins_without_host or os.environ.get("WANDB_MODE") in _WITHOUT_HOST:
        return False
    if "base_url" in getattr(settings, "model_fields_set", ()):
        return False
    if getattr(settings, "mode", None) in _WITHOUT_HOST:
        return False
    host = os.environ.get("WANDB_BASE_URL")
    if host:
        return _ours is not None and host == _ours[0]
    return not _login_names_a_host()


def _login_names_a_host() -> bool:
    """`wandb login --host URL` leaves it in the SDK's own settings."""
    folder = os.environ.get("WANDB_CONFIG_DIR") or os.path.expanduser("~/.config/wandb")
    for path in (os.path.join(folder, "settings"), os.path.join("wandb", "settings")):
        try:
            with open(path, encoding="utf-8") as file:
                if any(line.partition("=")[0].strip() == "base_url" for line in file):
                    return True
        except OSError:
            continue
    return False


def _provide(singleton: Any) -> None:
    global _ours
    if _ours is not None and _answers(_ours[0]):
        return
    from treadle._run import steps

    _ours = url, key = address(steps.instance_of(_run_id)._home.path)
    os.environ["WANDB_BASE_URL"], os.environ["WANDB_API_KEY"] = url, key
    settings = getattr(singleton, "_settings", None)
    if settings is not None:  # read before there was a server
        settings.base_url, settings.api_key = url, key


def is_ours(host: str) -> bool:
    """Whether a host was named by this module: the home's own server, not one of the user's."""
    return _ours is not None and host == _ours[0]


def server_environment() -> dict[str, str]:
    """What a program that a step starts needs in its environment for the SDK: the host that is named there
    already, else the server of the step's home, which is started."""
    if os.environ.get("WANDB_BASE_URL") and (_ours is None or os.environ["WANDB_BASE_URL"] != _ours[0]):
        return {k: os.environ[k] for k in ("WANDB_BASE_URL", "WANDB_API_KEY") if k in os.environ}
    from treadle._run import steps
    from treadle._run.current import current

    run_id = current.step.run_id if current.step is not None else _run_id
    url, key = address(steps.instance_of(run_id)._home.path)
    return {"WANDB_BASE_URL": url, "WANDB_API_KEY": key}


def address(home: str) -> tuple[str, str]:
    """The URL and key of the server that programs of this home share; started when there is none."""
    import json
    import subprocess

    try:
        with open(os.path.join(home, "server.json"), encoding="utf-8") as file:
            known = json.load(file)
        if _answers(known["url"]):
            return known["url"], known["key"]
    except (OSError, ValueError, KeyError):
        pass
    words = ["--home", home, "server", "--on-demand", "--port", "0", "--idle-exit", str(IDLE_SECONDS)]
    # It outlives the step that began it, and its run: others use it.
    process = subprocess.Popen(
        [*_program(), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said = process.stdout.readline()
    process.stdout.close()
    if not said:
        why = process.stderr.read().strip()
        raise RuntimeError(f"A server for wandb cannot be started in {home}: {why}")
    process.stderr.close()
    process.returncode = 0  # nobody waits for it
    found = json.loads(said)
    return found["url"], found["key"]


def _answers(url: str) -> bool:
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), timeout=2).close()
    except OSError:
        return False
    return True


def _program() -> list[str]:
    """The native program beside this Python, else the command line in this package."""
    import shutil

    beside = os.path.join(os.path.dirname(sys.executable), "treadle")
    found = beside if os.access(beside, os.X_OK) else shutil.which("treadle")
    return [found] if found else [sys.executable, "-m", "treadle"]
