"""Where runs and artifacts are kept: the home of an instance, or a server that speaks W&B's protocol.

A host that is named decides; else WANDB_BASE_URL; else it is the home. An API key alone sends nothing
anywhere.
"""

from __future__ import annotations

import os

from treadle._typing import TYPE_CHECKING
from treadle.wandb._errors import CommError, UsageError

if TYPE_CHECKING:
    from typing import Any

    from treadle import _core
    from treadle._run.instance import DagsterInstance

WANDB_CLOUD_HOST = "https://api.wandb.ai"
# The store in the home: no server, no network.
EMBEDDED_HOST = "embedded"
_INIT_TIMEOUT = 90.0
_FINISH_TIMEOUT = 600.0


class Host:
    """A home, or a server. The keys of a server's runs belong to the object that gave them."""

    def __init__(
        self, instance: DagsterInstance | None, server: _core.Server | None = None, home: str = ""
    ) -> None:
        self._instance = instance
        self._home = home  # of the instance, where it is not open yet; "" = the default one
        self._runs: _core.Tracking | None = None
        self.server = server

    def __repr__(self) -> str:
        return f"<Host {self.url}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travels as a path or URL; the key is found again where it is read."""
        if self.server is not None:
            return on_server, (self.server.url, "", self._home)
        return _in_home, (self.instance._home.path,)

    @property
    def instance(self) -> DagsterInstance:
        if self._instance is None:
            from treadle._run.instance import DagsterInstance

            self._instance = DagsterInstance.from_home(self._home) if self._home else DagsterInstance.get()
        return self._instance

    @property
    def url(self) -> str:
        if self.server is None:
            return "treadle://embedded"
        return "https://wandb.ai" if self.server.url == WANDB_CLOUD_HOST else str(self.server.url)

    @property
    def place(self) -> str:
        """What tells it from others: the home's path, or the URL."""
        return str(self.server.url) if self.server is not None else self.instance._home.path

    @property
    def folder(self) -> str:
        """Below which files of runs at work lie."""
        if self.server is None:
            return self.instance._home.path
        return os.environ.get("WANDB_DIR") or os.getcwd()

    @property
    def entity(self) -> str:
        """What a name without one means."""
        if self.server is None:
            return "local"
        return str(self.server.entity or told(self.server.default_entity))

    @property
    def project(self) -> str:
        return str(self.server.project) if self.server is not None else ""

    @property
    def runs(self) -> _core.Tracking:
        if self._runs is None:
            from treadle import _core

            if self.server is None:
                self._runs = _core.Tracking(self.instance._home)
            else:
                self._runs = _core.Tracking(
                    self.server,
                    os.path.join(self.folder, "wandb"),
                    _seconds("WANDB_INIT_TIMEOUT", _INIT_TIMEOUT),
                    _seconds("TREADLE_WANDB_FINISH_TIMEOUT", _FINISH_TIMEOUT),
                )
        return self._runs

    def artifacts(self, entity: str, project: str, cache_folder: str) -> _core.Artifacts:
        """With what names without entity and project mean, and where downloads are kept."""
        from treadle import _core

        home = self.instance._home
        if self.server is None:
            return _core.Artifacts(home)
        place = {"entity": entity, "project": project, "cache_folder": cache_folder}
        return _core.Artifacts(home, self.server, place)


def find(
    host: str | None = None, api_key: str | None = None, instance: DagsterInstance | None = None
) -> Host:
    """The place that a host, the environment and an instance mean."""
    from treadle._run import tracking_server

    named = host or os.environ.get("WANDB_BASE_URL", "")
    if not host and tracking_server.is_ours(named):
        named = ""  # the home's own server, for the SDK
    if not named or named == EMBEDDED_HOST:
        return Host(instance)
    found = on_server(named, api_key or "", instance._home.path if instance is not None else "")
    if instance is not None:
        found._instance = instance  # whose key signs pickles
    return found


# By URL, key and the home of who asks.
_servers: dict[tuple[str, str, str], Host] = {}


def on_server(url: str, api_key: str = "", home: str = "") -> Host:
    from treadle import _core

    at = (url.rstrip("/"), api_key or os.environ.get("WANDB_API_KEY", ""), home)
    if at not in _servers:
        patience = _seconds("WANDB_INIT_TIMEOUT", _INIT_TIMEOUT)
        _servers[at] = Host(None, told(lambda: _core.Server(url, api_key, patience)), home)
    return _servers[at]


def _in_home(path: str) -> Host:
    from treadle._run.instance import DagsterInstance

    return Host(DagsterInstance.from_home(path))


def told(ask: Any) -> Any:
    """What is asked, with errors of the core as those of this package."""
    from treadle._errors import TreadleError

    try:
        return ask()
    except TreadleError as error:
        kind = UsageError if error.code in ("not_found", "already_exists", "invalid_argument") else CommError
        raise kind(str(error)) from error


def _seconds(variable: str, otherwise: float) -> float:
    try:
        return float(os.environ[variable])
    except (KeyError, ValueError):
        return otherwise


os.register_at_fork(after_in_child=_servers.clear)
