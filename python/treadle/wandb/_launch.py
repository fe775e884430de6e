"""W&B Launch: the names are there, so that code which imports them loads; they do not run yet."""

from __future__ import annotations

from treadle._errors import DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn


class LaunchOp:
    """An op of `dagster_wandb.launch.ops`; every use of it says that it does not run yet."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _refuse(self) -> NoReturn:
        raise DagsterInvariantViolationError(
            f"{self.name}: W&B Launch is not in Treadle yet, so this op cannot be used in a job. Take the"
            " job that"
            " uses it out of the definitions; see docs/wandb.md."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse()

    def alias(self, name: str) -> Any:
        self._refuse()

    def configured(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse()


run_launch_agent = LaunchOp("run_launch_agent")
run_launch_job = LaunchOp("run_launch_job")
