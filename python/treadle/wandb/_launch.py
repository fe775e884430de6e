"""W&B Launch's ops as `dagster_wandb.launch.ops` has them: their configuration is checked, jobs are made of
them; a run of one fails and says that queues and agents are not in Treadle yet.
"""

from __future__ import annotations

from treadle._config.fields import Field
from treadle._config.types import Array, Noneable, Permissive
from treadle._errors import Failure
from treadle._ops.ops import op
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn

_RESOURCES = {"wandb_resource", "wandb_config"}


def _optional(kind: Any, description: str, **more: Any) -> Field:
    return Field(kind, is_required=False, description=description, **more)


def launch_agent_config() -> dict[str, Field]:
    """The configuration of `run_launch_agent`."""
    return {
        "queues": _optional(Array(str), "The names of the queues to take jobs from."),
        "max_jobs": _optional(int, "How many jobs may run at once: 1 unless given, -1 for no limit."),
    }


def launch_config() -> dict[str, Field]:
    """The configuration of `run_launch_job`."""
    return {
        "uri": _optional(str, "Where the code is: a W&B run or a Git repository."),
        "job": _optional(str, "A job to launch instead of a URI: 'entity/project/name:latest'."),
        "queue": _optional(str, "The queue the job is put in; without one it runs on this machine."),
        "entry_point": _optional(Array(str), "The command, when it is not the project's own."),
        "version": _optional(str, "A commit or branch of a Git repository."),
        "parameters": _optional(Noneable(Permissive()), "Arguments of the command, by name."),
        "name": _optional(str, "The name of the run; a random one unless given."),
        "resource": _optional(str, "What executes it; 'local' unless given."),
        "resource_args": _optional(Noneable(Permissive()), "Arguments of what executes it."),
        "docker_image": _optional(str, "The image to run it in: 'name:tag'."),
        "config": _optional(Noneable(Permissive()), "The configuration of the run."),
        "synchronous": _optional(bool, "Whether to wait until the run has ended.", default_value=True),
        "cuda": _optional(bool, "Whether to build an image with CUDA."),
        "run_id": _optional(str, "A run to reproduce."),
    }


def raise_on_invalid_config(context: Any) -> None:
    """Entity and project must not be empty."""
    for name in ("entity", "project"):
        if context.resources.wandb_config[name] == "":
            raise RuntimeError(
                f"(dagster_wandb) An empty string was provided for the '{name}' property of the"
                " 'wandb_config'."
            )


def _not_yet(context: Any) -> NoReturn:
    raise_on_invalid_config(context)
    raise Failure(
        f"{context.op_def.name}: the configuration is right, but W&B Launch's queues and agents are not in"
        " Treadle yet, so nothing was launched. Run the job's code as an op or asset of this project, or"
        " under the W&B SDK's own `wandb launch`; see docs/wandb.md.",
        allow_retries=False,
    )


@op(name="run_launch_agent", required_resource_keys=_RESOURCES, config_schema=launch_agent_config())
def run_launch_agent(context: Any) -> None:
    """Takes jobs from queues and runs them until it is stopped."""
    _not_yet(context)


@op(name="run_launch_job", required_resource_keys=_RESOURCES, config_schema=launch_config())
def run_launch_job(context: Any) -> None:
    """Puts a job in a queue, or runs it here when no queue is named."""
    _not_yet(context)
