"""The core's own IO managers, as resources of Python definitions."""

from __future__ import annotations

from treadle._errors import DagsterInvariantViolationError
from treadle._io.managers import IOManager
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle import _core
    from treadle._io.managers import InputContext, OutputContext


class NativeManager(IOManager):
    """Stands for one of the core's own: runs never call it, they go there."""

    _is_native = True

    def __init__(self, core: _core.NativeIOManager, name: str) -> None:
        self.core = core
        self._name = name

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        raise DagsterInvariantViolationError(
            f"{self._name} keeps what a run makes; it is not called by hand."
        )

    def load_input(self, context: InputContext) -> Any:
        raise DagsterInvariantViolationError(f"{self._name} loads for a run; it is not called by hand.")
