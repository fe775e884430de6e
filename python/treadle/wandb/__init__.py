"""W&B's artifacts on the home's own store: the names of `dagster_wandb`, and of `wandb` what goes with them.

`import treadle.as_dagster` makes `import dagster_wandb` (and, where no SDK is installed, `import wandb`)
mean this.
"""

from treadle.wandb._api import Api
from treadle.wandb._artifact import Artifact
from treadle.wandb._errors import ArtifactNotLoggedError, WandbArtifactsIOManagerError
from treadle.wandb._io_manager import ArtifactsIOManager, wandb_artifacts_io_manager
from treadle.wandb._launch import run_launch_agent, run_launch_job
from treadle.wandb._resources import wandb_resource
from treadle.wandb._types import SerializationModule, WandbArtifactConfiguration
from treadle.wandb._values import Audio, Html, Image, Molecule, Object3D, Plotly, Table, Video, WBValue

__all__ = [
    "Api",
    "Artifact",
    "ArtifactNotLoggedError",
    "ArtifactsIOManager",
    "Audio",
    "Html",
    "Image",
    "Molecule",
    "Object3D",
    "Plotly",
    "SerializationModule",
    "Table",
    "Video",
    "WBValue",
    "WandbArtifactConfiguration",
    "WandbArtifactsIOManagerError",
    "run_launch_agent",
    "run_launch_job",
    "wandb_artifacts_io_manager",
    "wandb_resource",
]


def __getattr__(name: str) -> object:
    raise AttributeError(
        f"treadle.wandb has no {name!r} yet: it holds artifacts, tables and media. See docs/wandb.md."
    )
