"""W&B on the home itself: runs and their metrics, artifacts, tables and media, under the names of `wandb`;
and the integration's, those of `dagster_wandb`.

    from treadle import wandb

    with wandb.init(project="iris", config={"lr": 0.1}) as run:
        run.log({"loss": 0.5})

`import treadle.as_dagster` makes `import dagster_wandb` (and, where no SDK is installed, `import wandb`)
mean this.
"""

from treadle._run.tracking_server import server_environment
from treadle._typing import TYPE_CHECKING
from treadle.wandb._api import Api
from treadle.wandb._artifact import Artifact
from treadle.wandb._errors import (
    ArtifactNotLoggedError,
    CommError,
    Error,
    UsageError,
    WandbArtifactsIOManagerError,
)
from treadle.wandb._histogram import Histogram
from treadle.wandb._init import finish, init, log, login, setup, teardown
from treadle.wandb._io_manager import ArtifactsIOManager, wandb_artifacts_io_manager
from treadle.wandb._joined import Classes, JoinedTable, PartitionedTable
from treadle.wandb._launch import run_launch_agent, run_launch_job
from treadle.wandb._registry import ArtifactCollection, Registry
from treadle.wandb._resources import wandb_resource
from treadle.wandb._run import Run
from treadle.wandb._types import SerializationModule, WandbArtifactConfiguration
from treadle.wandb._values import (
    Audio,
    Bokeh,
    Html,
    Image,
    Molecule,
    Object3D,
    Plotly,
    Table,
    Video,
    WBValue,
)
from treadle.wandb._version_edits import ArtifactTTL

if TYPE_CHECKING:
    from typing import Any

    from treadle.wandb._config import Config
    from treadle.wandb._summary import Summary
    from treadle.wandb._typed import WandbArtifactsIOManager, WandbResource

    run: Run | None
    config: Config
    summary: Summary

__all__ = [
    "Api",
    "Artifact",
    "ArtifactCollection",
    "ArtifactNotLoggedError",
    "ArtifactTTL",
    "ArtifactsIOManager",
    "Audio",
    "Bokeh",
    "Classes",
    "CommError",
    "Error",
    "Histogram",
    "Html",
    "Image",
    "JoinedTable",
    "Molecule",
    "Object3D",
    "PartitionedTable",
    "Plotly",
    "Registry",
    "Run",
    "SerializationModule",
    "Table",
    "UsageError",
    "Video",
    "WBValue",
    "WandbArtifactConfiguration",
    "WandbArtifactsIOManager",
    "WandbArtifactsIOManagerError",
    "WandbResource",
    "finish",
    "init",
    "log",
    "login",
    "run_launch_agent",
    "run_launch_job",
    "server_environment",
    "setup",
    "teardown",
    "wandb_artifacts_io_manager",
    "wandb_resource",
]

# Of the run at work, as functions of the package.
_OF_RUN = (
    "alert",
    "define_metric",
    "finish_artifact",
    "link_artifact",
    "link_model",
    "log_artifact",
    "log_code",
    "log_model",
    "mark_preempting",
    "restore",
    "save",
    "upsert_artifact",
    "use_artifact",
    "use_model",
)


def __getattr__(name: str) -> "Any":
    from treadle.wandb import _init

    if name in ("WandbResource", "WandbArtifactsIOManager"):
        from treadle.wandb import _typed

        return getattr(_typed, name)
    if name == "run":
        return _init.current_run()
    if name == "data_types":
        from importlib import import_module

        return import_module("treadle.wandb.data_types")
    if name in ("config", "summary") or name in _OF_RUN:
        return getattr(_init.need_run(f"wandb.{name}"), name)
    raise AttributeError(
        f"treadle.wandb has no {name!r}: it holds runs, artifacts, tables and media. See docs/wandb.md."
    )
