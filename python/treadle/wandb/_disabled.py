"""The run of `init(mode="disabled")`: takes everything, keeps nothing."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._config import Config, config_values
from treadle.wandb._run import Run

if TYPE_CHECKING:
    from typing import Any


class DisabledRun(Run):
    def __init__(self, config: Any = None) -> None:
        from treadle import _core
        from treadle.wandb._host import Host
        from treadle.wandb._summary import Summary

        self._host = Host(None)
        self._id = self._name = "dummy"
        self._entity = self._project = self._notes = self._group = self._job_type = ""
        self._tags = ()
        self._step = 0
        self._ended = True
        self._resumed = False
        self.config = Config(config_values(config), lambda changed: None)
        self.summary = Summary(_core.Summarizer("{}", "{}"), lambda key, value: str(value), lambda: None)

    @property
    def disabled(self) -> bool:
        return True

    def __getattribute__(self, name: str) -> Any:
        if name in _QUIET:
            return _nothing
        return super().__getattribute__(name)


_QUIET = {
    "log",
    "save",
    "define_metric",
    "log_artifact",
    "use_artifact",
    "log_model",
    "use_model",
    "log_code",
    "alert",
    "mark_preempting",
    "finish",
    "restore",
    "_put",
    "_end",
}


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None
